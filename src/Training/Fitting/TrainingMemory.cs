using System.Globalization;

namespace OnnxFunctional.Training;

/// <summary>The memory of a training step beside weights and optimizer state: activations, gradients and working space, which share one arena.</summary>
public sealed class TrainingMemory
{
    internal TrainingMemory(int batchSize, MixedPrecision precision, long bytes, long float32Bytes) =>
        (BatchSize, Precision, Bytes, Float32Bytes) = (batchSize, precision, bytes, float32Bytes);

    /// <summary>The number of samples of the step.</summary>
    public int BatchSize { get; }

    /// <summary>The policy the trainer was compiled with.</summary>
    public MixedPrecision Precision { get; }

    /// <summary>Bytes under that policy.</summary>
    public long Bytes { get; }

    /// <summary>Bytes the same step takes in float32.</summary>
    public long Float32Bytes { get; }

    /// <summary>The share of float32's bytes that the policy saves, at most 1; negative if working space outweighs the savings.</summary>
    public double SavedShare => Float32Bytes == 0 ? 0 : 1 - ((double)Bytes / Float32Bytes);

    /// <summary>One line of text.</summary>
    public override string ToString()
    {
        var own = string.Create(
            CultureInfo.InvariantCulture,
            $"A step of {BatchSize} samples keeps {Bytes / 1e6:0.00} MB of activations and gradients in {Precision.PolicyName()}");
        if (Precision == MixedPrecision.Float32) return own + ".";
        var comparison = SavedShare < 0 ? "more" : "less";
        return own + string.Create(
            CultureInfo.InvariantCulture, $", {Math.Abs(SavedShare) * 100:0.0} % {comparison} than the {Float32Bytes / 1e6:0.00} MB of float32.");
    }
}
