namespace OnnxFunctional;

/// <summary>A model that is a plain stack of layers.</summary>
/// <example><code>var model = new Sequential([10], new Dense(32, Activation.Relu), new Dense(64));</code></example>
public sealed class Sequential : Model
{
    /// <summary>Creates a model that applies the layers one after the other.</summary>
    /// <param name="inputShape">The input's dimensions without the batch.</param>
    /// <param name="layers">Layers with one input and one output.</param>
    public Sequential(Shape inputShape, params ReadOnlySpan<Layer> layers)
        : this(ModelInput.Input(inputShape), layers)
    {
    }

    internal Sequential(SymbolicTensor input, ReadOnlySpan<Layer> layers, string? name = null, ulong seed = 0)
        : base(input, input.Apply(layers), name, seed)
    {
    }

    internal override string ClassName => "Sequential";
}
