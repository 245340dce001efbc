namespace OnnxFunctional.Tests.Parity;

/// <summary>Keras' own layer of its ConvNeXt networks: <c>y = gamma * x</c>.</summary>
internal sealed class LayerScale(double initValues, int projectionDim, string? name = null) : Layer(name)
{
    public double InitValues { get; } = initValues;

    public int ProjectionDim { get; } = projectionDim;

    protected override SymbolicTensor Forward(SymbolicTensor x) => x * Weight("gamma", [ProjectionDim], Initializer.Constant(InitValues));
}

/// <summary>Keras' own layer of its InceptionResNetV2: <c>y = a + scale * b</c>.</summary>
internal sealed class CustomScaleLayer(double scale, string? name = null) : MergeLayer(name)
{
    public double Scale { get; } = scale;

    protected override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors) => tensors[0] + (tensors[1] * (float)Scale);
}
