namespace OnnxFunctional.Layers;

/// <summary>Divides by the root of the mean square along some axes: <c>y = scale x / sqrt(mean(x^2) + epsilon)</c> (Zhang and Sennrich 2019).</summary>
/// <remarks>
/// <para>Input and output: any shape. Weights: scale, of the shape of the normalized axes.</para>
/// <para>Integers are converted to float32, and the result stays so; see <see cref="LayerNormalization"/>.</para>
/// <para>Keras: https://keras.io/api/layers/normalization_layers/rms_normalization/</para>
/// </remarks>
/// <param name="axis">The axes; the last by default.</param>
/// <param name="epsilon">Added to the mean square.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class RmsNormalization(Axes axis = default, double epsilon = 1e-6, string? name = null) : Layer(name)
{
    /// <summary>The axes.</summary>
    public Axes Axis { get; } = axis.List.Count == 0 ? -1 : axis;

    /// <summary>Added to the mean square.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(RmsNormalization), nameof(epsilon));

    internal override string ClassName => "RMSNormalization";

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var axes = Operators.ShapeRules.Axes(Axis.List, x.Rank, "RMSNormalization");
        var scale = Weight("scale", Shape.Of([.. axes.Select(axis => Check.Known(x, axis, "the size of a normalized axis"))]), Initializer.Ones);
        var normal = x / Ops.Sqrt(Ops.Mean(Ops.Square(x), Axis, keepdims: true) + Epsilon);
        return normal * Broadcasting.Along(scale, axes, x.Rank);
    }
}
