namespace OnnxFunctional.Layers;

/// <summary>
/// In training, sets each element to zero with probability <c>rate</c> and divides the others by <c>1 - rate</c>; in inference, returns its input (Srivastava
/// et al. 2014).
/// </summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/dropout/</para>
/// </remarks>
/// <param name="rate">The fraction of elements set to zero, from 0 to 1.</param>
/// <param name="noiseShape">The shape of the decisions, with 1 where one decision holds for the whole axis; the input's shape by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
/// <example><code>
/// var x = Model.Input([64]).Apply(new Dense(32, Activation.Relu), new Dropout(0.5), new Dense(1));
/// </code></example>
public sealed class Dropout(double rate, Shape? noiseShape = null, int? seed = null, string? name = null) : Layer(name)
{
    /// <summary>The fraction of elements set to zero.</summary>
    public double Rate { get; } = Check.Rate(rate, "Dropout", nameof(rate));

    /// <summary>The seed of its random numbers; by default the trainer's.</summary>
    public int? Seed { get; } = seed;

    /// <summary>The shape of the dropout decisions, with 1 where one decision holds for the whole axis; the input's shape by default.</summary>
    public Shape? NoiseShape { get; } = noiseShape;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        if (Rate == 0) return Ops.Make(new Operators.Identity(), x);
        return Ops.WhenTraining(Ops.Dropout(x, Rate, NoiseShape, Seed), x);
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => inputs[0].Mask;
}
