using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Emit;

/// <summary>What the random numbers of an exported training step are a function of.</summary>
/// <param name="Streams">The streams and their numbers.</param>
/// <param name="Step">The count of steps.</param>
/// <param name="Seed">The seed, an integer input of every step; streams with a seed of their own do not read it.</param>
internal sealed record RandomSource(RandomStreams Streams, Value Step, Value Seed);
