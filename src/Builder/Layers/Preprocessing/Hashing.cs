namespace OnnxFunctional.Layers;

/// <summary>Distributes words, or integers, over a number of bins by a hash, without a vocabulary.</summary>
/// <remarks>
/// <para>
/// The hash is FarmHash's Fingerprint64 of a word's UTF-8 bytes, or of an integer's decimal digits; with salt, SipHash. The bin is the remainder, so
/// equal words share a bin in every program and on every machine.
/// </para>
/// <para>Input: text or integers, any shape. Output: integers from 0 to numBins - 1 of the same shape, or an encoding as in <see cref="EncodingMode"/>. No
/// weights. ONNX has no hash of text, so a model with this layer is not exported; hash before the model then, or use StringLookup.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/categorical/hashing/</para>
/// </remarks>
/// <param name="numBins">The number of bins, that of the mask included.</param>
/// <param name="maskValue">The word whose bin is 0, and which no other word has then; none by default. For integers, its decimal digits.</param>
/// <param name="salt">One number, or two, that select another hash.</param>
/// <param name="outputMode">Int, OneHot, MultiHot or Count.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">numBins is not positive, salt has more than two numbers, or the mode is not supported.</exception>
public sealed class Hashing(
    int numBins, string? maskValue = null, IntValues? salt = null, EncodingMode outputMode = EncodingMode.Int, string? name = null) : Layer(name)
{
    /// <summary>The number of bins, that of the mask included.</summary>
    public int NumBins { get; } = maskValue is null || numBins > 1
        ? Check.Positive(numBins, "Hashing", nameof(numBins))
        : throw Check.Option("Hashing", nameof(numBins), Check.Text(numBins), "2 or more with a mask, whose bin no other word has");

    /// <summary>The word whose bin is 0, and which no other word has then.</summary>
    public string? MaskValue { get; } = maskValue;

    /// <summary>One number, or two, that select another hash.</summary>
    public IntValues? Salt { get; } = salt is null or { Count: 1 or 2 }
        ? salt
        : throw Check.Option("Hashing", nameof(salt), salt.ToString()!, "one number, or two");

    /// <summary>Int, OneHot, MultiHot or Count.</summary>
    public EncodingMode OutputMode { get; } = outputMode != EncodingMode.TfIdf
        ? outputMode
        : throw Check.Option("Hashing", nameof(outputMode), outputMode.ToString(), "Int, OneHot, MultiHot or Count");

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.DType is not (DType.String or DType.Int32 or DType.Int64))
            throw new ModelException($"takes text or integers, but got {x.DType.KerasName()}. Cast real numbers to integers, or use Discretization.");
        if (x.DType == DType.Int32) x = Ops.Cast(x, DType.Int64);
        (ulong, ulong)? key = Salt is { } numbers ? (unchecked((ulong)(long)numbers[0]), unchecked((ulong)(long)numbers[^1])) : null;
        return CategoryEncodings.Encode(Ops.Make(new Operators.HashText(NumBins, MaskValue, key), x), OutputMode, NumBins);
    }
}
