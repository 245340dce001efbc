namespace OnnxFunctional.Training.Execution;

/// <summary>An activation applied while results are stored.</summary>
internal enum EpilogueActivation
{
    None,
    Relu,
}

/// <summary>Operations that the planner fused into a product or convolution.</summary>
/// <param name="Bias">Added to every row.</param>
/// <param name="Addend">A residual of the output's shape, added to a convolution.</param>
/// <param name="Activation">Applied to the sum.</param>
/// <param name="BiasGradient">Where the kernel of a convolution's weight gradient also writes the output gradient's sum per channel.</param>
internal sealed record Epilogue(ValueBuffer? Bias, ValueBuffer? Addend, EpilogueActivation Activation, ValueBuffer? BiasGradient)
{
    public static Epilogue None { get; } = new(null, null, EpilogueActivation.None, null);
}
