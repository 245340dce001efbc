namespace OnnxFunctional.Export;

/// <summary>A convolution or product of a model, and what becomes of it.</summary>
/// <param name="Layer">The path of the layer.</param>
/// <param name="Operator">Conv, Gemm or MatMul.</param>
/// <param name="Weights">The number of its weights.</param>
/// <param name="Error">
/// The energy of the outputs' error if this layer alone is quantized, as a share of the outputs' energy, on calibration data.
/// </param>
/// <param name="IsQuantized">Whether it computes with 8-bit integers; otherwise it stays float32.</param>
public sealed record QuantizedLayer(string Layer, string Operator, long Weights, double Error, bool IsQuantized);
