namespace OnnxFunctional.Export;

/// <summary>What of a model becomes integers.</summary>
public enum QuantizationKind
{
    /// <summary>Weights are int8, and activations uint8 with ranges that calibration data gives: for convolutional networks, and the fastest for all.</summary>
    StaticInt8,

    /// <summary>
    /// Weights of matrices are int8, and what they are multiplied with becomes uint8 by its own range in each run; convolutions stay float32. For networks of
    /// products, such as transformers, whose activations have no fixed range.
    /// </summary>
    DynamicInt8,

    /// <summary>Weights are int8 and become floats when the file is loaded; all computes in float32, as fast as before.</summary>
    WeightOnlyInt8,

    /// <summary>
    /// Weights of matrices are int4, with a scale for each block of a column, those of convolutions int8; all computes in float32. The file needs opset 21.
    /// </summary>
    WeightOnlyInt4,
}
