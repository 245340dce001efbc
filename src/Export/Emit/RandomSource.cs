using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export.Emit;

/// <summary>What the random numbers of a training step follow from: seeds and streams as the engine has them, and the value that counts steps.</summary>
internal sealed record RandomSource(RandomPlan Plan, Value Step);
