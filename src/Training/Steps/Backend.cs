using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training;

/// <summary>
/// What computes the training steps of a model: the engine of this library, or ONNX Runtime by <c>Backend.OnnxRuntime</c> of OnnxFunctional.Export.
/// </summary>
/// <remarks>
/// Everything else is the same with every backend: Fit, callbacks, validation, resuming, and weights that can be read and set at any time.
/// </remarks>
/// <example><code>
/// var trainer = model.Compile(new Adam(), Loss.MeanSquaredError, backend: Backend.Engine);
/// </code></example>
public abstract class Backend
{
    internal Backend()
    {
    }

    /// <summary>The engine: managed code for the CPU, the same bits for any number of threads. The default.</summary>
    public static Backend Engine { get; } = new EngineBackend();

    /// <summary>What makes the training steps of a trainer.</summary>
    /// <exception cref="ModelException">The backend cannot; all reasons are in the message.</exception>
    internal abstract StepExecutor Training(CompiledTraining compiled, ModelEngine engine, ulong seed);

    /// <summary>What evaluates for a trainer.</summary>
    /// <param name="compiled">Model, losses, metrics.</param>
    /// <param name="engine">The engine of the model.</param>
    /// <param name="seed">The seed of random layers.</param>
    /// <param name="training">What <see cref="Training"/> returned.</param>
    internal virtual StepExecutor Evaluation(CompiledTraining compiled, ModelEngine engine, ulong seed, StepExecutor training) =>
        StepsOf(compiled, engine, seed, training: false);

    private static StepExecutor StepsOf(CompiledTraining compiled, ModelEngine engine, ulong seed, bool training) => compiled.Distribution.IsShared
        ? new ShardedSteps(compiled, engine, seed, training)
        : new PlannedSteps(compiled, engine, seed, training);

    private sealed class EngineBackend : Backend
    {
        internal override StepExecutor Training(CompiledTraining compiled, ModelEngine engine, ulong seed)
        {
            DistributionLimits.Check(compiled);
            return StepsOf(compiled, engine, seed, training: true);
        }
    }
}
