namespace OnnxFunctional.Export;

/// <summary>A layer of a model, and what becomes of it.</summary>
/// <param name="Layer">The path of the layer.</param>
/// <param name="Weights">The number of its weights.</param>
/// <param name="Largest">The largest magnitude of its weights, and, on calibration data, of what it reads and of its results.</param>
/// <param name="Error">
/// The error of its results if they are computed in 16 bits from exact inputs, as a share of their energy, on calibration data; null without.
/// </param>
/// <param name="IsHalf">Whether its weights have 16 bits and, for <see cref="HalfKind.Float16"/>, its results too; otherwise it is float32.</param>
/// <param name="Reason">
/// Why it stays float32: "overflow", "error", "score" or "asked for"; null if it does not, or only because it moves numbers of a layer that does.
/// </param>
public sealed record HalfLayer(string Layer, long Weights, float Largest, double? Error, bool IsHalf, string? Reason);
