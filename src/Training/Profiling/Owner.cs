namespace OnnxFunctional.Training.Profiling;

/// <summary>Whose work a node is.</summary>
/// <param name="Layer">The path of a layer call, or loss, metrics, optimizer.</param>
/// <param name="ClassName">The class of the layer; empty if it is none.</param>
/// <param name="Phase">The part of the step.</param>
internal sealed record Owner(string Layer, string ClassName, ProfilePhase Phase)
{
    public static Owner Loss { get; } = new("loss", "", ProfilePhase.Forward);

    public static Owner Metrics { get; } = new("metrics", "", ProfilePhase.Forward);

    public static Owner Optimizer { get; } = new("optimizer", "", ProfilePhase.Update);
}
