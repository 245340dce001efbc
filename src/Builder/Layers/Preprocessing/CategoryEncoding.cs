namespace OnnxFunctional.Layers;

/// <summary>How categories are encoded.</summary>
public enum EncodingMode
{
    /// <summary>The index of the category.</summary>
    Int,

    /// <summary>A separate vector for each category, with a 1 at its index.</summary>
    OneHot,

    /// <summary>A 1 for each category that the sample has.</summary>
    MultiHot,

    /// <summary>The number of occurrences of each category in the sample.</summary>
    Count,

    /// <summary>The counts, each times the inverse document frequency of its category.</summary>
    TfIdf,
}

/// <summary>Encodes integers as <see cref="EncodingMode"/> says.</summary>
internal static class CategoryEncodings
{
    /// <param name="indices">Integers: (batch, ...).</param>
    /// <param name="mode">The form.</param>
    /// <param name="depth">The number of categories.</param>
    /// <param name="weights">The weight of each occurrence, in the shape of the indices; 1 by default.</param>
    /// <param name="rarity">The factor of each category in <see cref="EncodingMode.TfIdf"/>.</param>
    /// <param name="strict">Whether integers out of range are refused; otherwise they give zeros.</param>
    public static SymbolicTensor Encode(
        SymbolicTensor indices,
        EncodingMode mode,
        int depth,
        SymbolicTensor? weights = null,
        IReadOnlyList<double>? rarity = null,
        bool strict = false)
    {
        if (mode == EncodingMode.Int) return indices;
        if (mode == EncodingMode.OneHot) return Single(indices.Rank > 1 && indices.Shape[^1] == 1 ? Ops.Squeeze(indices, -1) : indices);
        Check.MinimumRank(indices, 2, "(batch, categories)");
        var single = Single(indices);
        if (mode == EncodingMode.MultiHot) return Ops.Max(single, 1);
        if (weights is not null) single *= Ops.ExpandDims(Ops.Cast(weights, DType.Float32), -1);
        var counts = Ops.Sum(single, 1);
        return rarity is null ? counts : counts * Ops.Constant(Shape.Of(depth), [.. rarity.Select(factor => (float)factor)]);

        SymbolicTensor Single(SymbolicTensor categories) => Ops.Make(new Operators.OneHot(depth, strict), categories);
    }
}

/// <summary>Encodes categories, given as integers, as vectors of zeros and ones or of counts.</summary>
/// <remarks>
/// <para>
/// Input: integers from 0 to numTokens - 1, (batch, categories); the engine refuses others, which give zeros in an ONNX file. Output: (batch, numTokens), or
/// with EncodingMode.OneHot (batch, categories, numTokens). No weights.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/categorical/category_encoding/</para>
/// </remarks>
/// <param name="numTokens">The number of categories.</param>
/// <param name="outputMode">OneHot, MultiHot or Count.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number is not positive, or the mode is not supported.</exception>
public sealed class CategoryEncoding(int numTokens, EncodingMode outputMode = EncodingMode.MultiHot, string? name = null) : Layer(name)
{
    /// <summary>The number of categories.</summary>
    public int NumTokens { get; } = Check.Positive(numTokens, "CategoryEncoding", nameof(numTokens));

    /// <summary>OneHot, MultiHot or Count.</summary>
    public EncodingMode OutputMode { get; } = outputMode is EncodingMode.OneHot or EncodingMode.MultiHot or EncodingMode.Count
        ? outputMode
        : throw Check.Option("CategoryEncoding", nameof(outputMode), outputMode.ToString(), "OneHot, MultiHot or Count");

    /// <summary>Calls the layer with a weight per occurrence, which Count sums instead of ones.</summary>
    /// <param name="x">The categories.</param>
    /// <param name="countWeights">Weights in the shape of the categories.</param>
    /// <exception cref="ModelException">The mode is not Count, or the shapes differ.</exception>
    public SymbolicTensor Call(SymbolicTensor x, SymbolicTensor countWeights) => CallAll([x, countWeights], CallOptions.None)[0];

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => ForwardAll(x, CallOptions.None)[0];

    private protected override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        if (inputs.Count > 2) throw new ModelException($"takes categories and optionally their weights, but got {inputs.Count} tensors.");
        var (x, weights) = (inputs[0], inputs.Count > 1 ? inputs[1] : null);
        if (weights is not null && OutputMode != EncodingMode.Count)
            throw new ModelException($"takes weights with EncodingMode.Count only, but its outputMode is {OutputMode}.");
        if (weights is not null && !weights.Shape.IsCompatibleWith(x.Shape))
            throw new ModelException($"takes a weight for each category, {x.Shape}, but got {weights.Shape}.");
        return CategoryEncodings.Encode(Ops.Cast(x, DType.Int64), OutputMode, NumTokens, weights, strict: true);
    }
}
