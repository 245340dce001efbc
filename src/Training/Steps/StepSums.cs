namespace OnnxFunctional.Training;

/// <summary>The sums a <see cref="StepRunner"/> adds up over an epoch.</summary>
internal sealed record StepSums(double Samples, double[] Losses, double[][] Metrics);
