namespace OnnxFunctional.Layers;

/// <summary>Distributes combinations of features over a number of bins by a hash, so that a model can weigh each combination.</summary>
/// <remarks>
/// <para>
/// The hash is TensorFlow's of a cross: FarmHash's Fingerprint64 of words, integers as they are, mixed in the order of the call. The bin is the remainder.
/// </para>
/// <para>
/// Input: two or more tensors of text or integers, (batch) or (batch, 1). Output: integers from 0 to numBins - 1 of the same shape, or with
/// EncodingMode.OneHot (batch, numBins). No weights. ONNX has no hash of text, so a model with this layer is not exported; cross before the model then.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/</para>
/// </remarks>
/// <param name="numBins">The number of bins.</param>
/// <param name="outputMode">Int or OneHot.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">numBins is not positive, or the mode is not supported.</exception>
public sealed class HashedCrossing(int numBins, EncodingMode outputMode = EncodingMode.Int, string? name = null) : MergeLayer(name)
{
    /// <summary>The number of bins.</summary>
    public int NumBins { get; } = Check.Positive(numBins, "HashedCrossing", nameof(numBins));

    /// <summary>Int or OneHot.</summary>
    public EncodingMode OutputMode { get; } = outputMode is EncodingMode.Int or EncodingMode.OneHot
        ? outputMode
        : throw Check.Option("HashedCrossing", nameof(outputMode), outputMode.ToString(), "Int or OneHot");

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.Count < 2) throw new ModelException("crosses two features or more, but got one. Hashing takes one.");
        if (tensors.FirstOrDefault(x => x.Rank > 2 || (x.Rank == 2 && x.Shape[1] != 1)) is { } other)
            throw new ModelException($"takes one value of each feature per sample, (batch) or (batch, 1), but got {other.Shape}. Reshape the features.");
        SymbolicTensor[] features = [.. tensors.Select(x => x.DType == DType.Int32 ? Ops.Cast(x, DType.Int64) : x)];
        return CategoryEncodings.Encode(Ops.Make(new Operators.CrossHash(NumBins), features), OutputMode, NumBins);
    }
}
