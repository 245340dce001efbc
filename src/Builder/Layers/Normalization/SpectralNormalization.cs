namespace OnnxFunctional.Layers;

/// <summary>A layer whose kernel is divided by its largest singular value before each training step: <c>W = W / (v W u)</c> (Miyato et al. 2018).</summary>
/// <remarks>
/// <para>
/// The singular vectors come from power iteration, <c>v = normalize(u W^T)</c>, <c>u = normalize(v W)</c>, and one of the vectors is kept from step to step.
/// The normalized kernel is stored back, as in Keras.
/// </para>
/// <para>Input and output: those of the layer. Weights: those of the layer, and vector_u (1, last dimension of the kernel).</para>
/// <para>Keras: https://keras.io/api/layers/normalization_layers/spectral_normalization/</para>
/// </remarks>
/// <param name="layer">A layer with a weight named kernel or embeddings.</param>
/// <param name="powerIterations">Iterations in each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of iterations is not positive.</exception>
public sealed class SpectralNormalization(Layer layer, int powerIterations = 1, string? name = null) : Layer(name)
{
    /// <summary>The layer.</summary>
    public Layer Layer { get; } = layer ?? throw new ArgumentNullException(nameof(layer));

    /// <summary>Iterations in each step.</summary>
    public int PowerIterations { get; } = Check.Positive(powerIterations, "SpectralNormalization", nameof(powerIterations));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var found = false;
        Layer.OnWeight = (weight, values) =>
        {
            if (found || weight.Name is not ("kernel" or "embeddings")) return values;
            found = true;
            return Normalized(values);
        };
        try
        {
            var y = Layer.Call(x);
            return found
                ? y
                : throw new ModelException($"the layer {Layer.ClassName} has no weight named kernel or embeddings to normalize. "
                    + "Wrap a Dense, a convolution or an Embedding.");
        }
        finally
        {
            Layer.OnWeight = null;
        }
    }

    /// <summary>
    /// In training, the normalized kernel. Its gradient goes to the kernel unchanged: the kernel is set to the normalized value first, then the optimizer takes
    /// its step.
    /// </summary>
    private SymbolicTensor Normalized(SymbolicTensor kernel)
    {
        var columns = kernel.Shape.Dim(-1);
        var vector = Weight("vector_u", Shape.Of(1, columns), new Initializers.TruncatedNormal(0, 0.02f), trainable: false);
        var matrix = Ops.Reshape(kernel, -1, columns);
        var (u, v) = (vector, vector);
        for (var i = 0; i < PowerIterations; i++)
        {
            v = Ops.UnitLength(Ops.Make(new Operators.MatMul(TransposeRight: true), u, matrix), default, 1e-7f);
            u = Ops.UnitLength(Ops.MatMul(v, matrix), default, 1e-7f);
        }

        // A kernel of zeros has no singular vectors; it and its stored vector stay as they are.
        var empty = Ops.Equal(Ops.Max(Ops.Abs(matrix)), 0);
        var largest = Ops.Reshape(Ops.Make(new Operators.MatMul(TransposeRight: true), Ops.MatMul(v, matrix), u), []);
        var normal = kernel / Ops.Where(empty, 1, largest);
        Update(vector, Ops.Where(empty, vector, u));
        Update(kernel, normal);
        return Ops.WhenTraining(kernel + Ops.StopGradient(normal - kernel), kernel);
    }
}
