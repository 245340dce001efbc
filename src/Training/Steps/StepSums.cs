namespace OnnxFunctional.Training;

/// <summary>The sums that a <see cref="StepRunner"/> accumulates over an epoch.</summary>
internal sealed record StepSums(double Samples, double[] Losses, double[][] Metrics);
