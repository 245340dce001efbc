namespace OnnxFunctional.Export;

/// <summary>A convolution, a product or a table of a model, and what becomes of it.</summary>
/// <param name="Layer">The path of the layer.</param>
/// <param name="Operator">Conv, Gemm, MatMul or Gather.</param>
/// <param name="Weights">The number of its weights.</param>
/// <param name="Error">
/// The energy of the outputs' error if this layer alone is quantized, as a share of the outputs' energy, on calibration data.
/// </param>
/// <param name="Form">
/// <c>int8</c> if it computes with integers, <c>int8 weights</c>, <c>int4 weights</c> or <c>int8 rows</c> if integers become floats where they are read,
/// <c>float32</c> if it stays as it is.
/// </param>
public sealed record QuantizedLayer(string Layer, string Operator, long Weights, double Error, string Form)
{
    /// <summary>Whether integers stand for its weights.</summary>
    public bool IsQuantized => Form != "float32";
}
