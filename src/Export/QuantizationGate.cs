using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>What quantization may cost: a score on data of yours.</summary>
/// <param name="X">The data of the inputs; other samples than those of calibration.</param>
/// <param name="Score">Computes the score from all outputs for <paramref name="X"/>; larger is better.</param>
/// <param name="MaxDrop">How much smaller the score may be than in float32.</param>
/// <example><code>
/// var before = model.Predict(x);
/// var gate = new QuantizationGate(x, outputs => -outputs[0].ToArray().Zip(before.ToArray(), (a, b) => Math.Abs(a - b)).Average(), MaxDrop: 0.003);
/// </code></example>
public sealed record QuantizationGate(NDArrays X, Func<IReadOnlyList<NDArray>, double> Score, double MaxDrop);
