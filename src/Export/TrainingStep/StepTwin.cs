using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A training in the engine: the weights hold its state while it makes a step, and then what they held before.</summary>
/// <param name="trainer">The trainer whose weights the plan reads and writes.</param>
/// <param name="weights">All tensors of the state, and the learning rate.</param>
/// <param name="plan">The step.</param>
/// <param name="state">The elements of each tensor at the start; they are changed by steps. May be those of the weights.</param>
internal sealed class StepTwin(Trainer trainer, Weight[] weights, ExecutionPlan plan, float[][] state) : IDisposable
{
    private float[][] _state = state;

    /// <summary>The elements of each tensor after the last step.</summary>
    public float[][] State => _state;

    /// <summary>The loss of the last step.</summary>
    public float Loss { get; private set; }

    /// <summary>Whether the loss and the state are numbers.</summary>
    public bool IsFinite => float.IsFinite(Loss) && _state.All(tensor => Array.TrueForAll(tensor, float.IsFinite));

    /// <summary>Goes on from another state, whose elements are changed by steps.</summary>
    public void Restart(float[][] from) => _state = from;

    public void Step(NDArray[] data)
    {
        Exchange();
        for (var i = 0; i < data.Length; i++) data[i].CopyTo(plan.Inputs[i]);
        plan.Run(trainer.Engine.Pool, (ulong)trainer.Iterations);
        Loss = plan.Outputs[0].Floats[0];
        Exchange();
    }

    public void Dispose() => plan.Dispose();

    /// <summary>Without a copy of all, because a state may be as large as the memory that is left.</summary>
    private void Exchange()
    {
        for (var i = 0; i < weights.Length; i++)
        {
            var (own, other) = (_state[i], weights[i].Storage);
            for (var j = 0; j < own.Length && own != other; j++) (own[j], other[j]) = (other[j], own[j]);
        }
    }
}
