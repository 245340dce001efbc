namespace OnnxFunctional.Training;

/// <summary>What a kernel of a step costs: one or several operators that the engine runs as one.</summary>
/// <param name="Name">The operators and the shapes they work on.</param>
/// <param name="Layer">The layer that takes most of it; <c>loss</c>, <c>metrics</c> or <c>optimizer</c> if no layer does.</param>
/// <param name="Phase">The part of the step.</param>
/// <param name="Milliseconds">The median time.</param>
/// <param name="Operations">Floating-point operations: 2 per multiply-add of products, otherwise 1 per element; 0 for what only moves data.</param>
/// <param name="Bytes">The sizes of all values that it reads and writes, each once.</param>
/// <param name="LeastMilliseconds">The roofline: the time that the operations or the bytes take at the speeds that were measured.</param>
public sealed record KernelProfile(
    string Name, string Layer, ProfilePhase Phase, double Milliseconds, double Operations, double Bytes, double LeastMilliseconds)
{
    /// <summary>The share of the machine's speed that it reaches: the roofline's time over its own.</summary>
    public double RooflineShare => Milliseconds > 0 ? LeastMilliseconds / Milliseconds : 0;
}
