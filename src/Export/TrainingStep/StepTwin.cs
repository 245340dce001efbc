using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A training in the engine beside the trainer's own: the weights hold its state only while it makes a step.</summary>
/// <param name="trainer">The trainer whose weights the plan reads and writes.</param>
/// <param name="weights">All tensors of the state, and the learning rate.</param>
/// <param name="plan">The step.</param>
/// <param name="state">The elements of each tensor at the start; they are changed by steps.</param>
internal sealed class StepTwin(Trainer trainer, Weight[] weights, ExecutionPlan plan, float[][] state)
{
    /// <summary>The elements of each tensor after the last step.</summary>
    public float[][] State => state;

    /// <summary>The loss of the last step.</summary>
    public float Loss { get; private set; }

    /// <summary>Whether the loss and the state are numbers.</summary>
    public bool IsFinite => float.IsFinite(Loss) && state.All(tensor => Array.TrueForAll(tensor, float.IsFinite));

    public void Step(NDArray[] data)
    {
        for (var i = 0; i < weights.Length; i++) state[i].CopyTo(weights[i].Storage, 0);
        for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
        plan.Run(trainer.Engine.Pool, (ulong)trainer.Iterations);
        Loss = plan.Outputs[0].Floats[0];
        for (var i = 0; i < weights.Length; i++) weights[i].Storage.CopyTo(state[i], 0);
    }
}
