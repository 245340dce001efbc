namespace OnnxFunctional.Visualization.Live;

/// <summary>What the training thread hands over.</summary>
internal abstract record LiveNews;

/// <summary>A step was made.</summary>
/// <param name="Epoch">The epoch, counted from 0.</param>
/// <param name="Batch">The step in it, counted from 0.</param>
/// <param name="Steps">The steps of all epochs.</param>
/// <param name="Loss">Its loss.</param>
internal sealed record LiveStep(int Epoch, int Batch, long Steps, float Loss) : LiveNews;

/// <summary>An epoch ended.</summary>
/// <param name="Epoch">The epoch, counted from 0.</param>
/// <param name="Logs">Its losses and metrics.</param>
internal sealed record LiveEpoch(int Epoch, IReadOnlyList<(string Name, double Value)> Logs) : LiveNews;

/// <summary>Training ended.</summary>
/// <param name="Failure">Why it failed; null if it did not.</param>
internal sealed record LiveEnd(string? Failure) : LiveNews;
