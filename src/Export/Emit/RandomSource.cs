using OnnxFunctional.Training.Execution;



namespace OnnxFunctional.Export.Emit;

/// <summary>What the random numbers of a training step follow from.</summary>
/// <param name="Plan">Streams as the engine counts them.</param>
/// <param name="Step">The value that counts steps.</param>
/// <param name="Seed">The seed, a whole number that is given with each step; streams with a seed of their own do not read it.</param>
internal sealed record RandomSource(RandomPlan Plan, Value Step, Value Seed);
