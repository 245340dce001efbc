using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Steps of the engine with noise in every result that is rounded; made where a comparison needs them, since planning takes time.</summary>
/// <param name="request">The step without noise.</param>
/// <param name="specs">Shapes and types of the data.</param>
/// <param name="start">A training by a plan, from a state.</param>
/// <param name="state">The state from which the training of a number starts.</param>
internal sealed class RoundedSteps(
    PlanRequest request, IReadOnlyList<TensorSpec> specs, Func<ExecutionPlan, float[][], StepTwin> start, Func<int, float[][]> state) : IDisposable
{
    private readonly List<NDArray[]> _batches = [];
    private readonly List<(StepTwin Twin, int Made)> _twins = [];

    /// <summary>Notes the data of a step.</summary>
    public void Add(NDArray[] data) => _batches.Add(data);

    /// <summary>Forgets the steps: all trainings start from the states that their numbers now have.</summary>
    public void Restart()
    {
        _batches.Clear();
        for (var twin = 0; twin < _twins.Count; twin++)
        {
            _twins[twin].Twin.Restart(state(twin));
            _twins[twin] = (_twins[twin].Twin, 0);
        }
    }

    /// <summary>Whether one of the trainings differs enough after the last noted step; they are made one by one, until one does.</summary>
    /// <param name="differs">Whether a training does.</param>
    public bool Exists(Func<StepTwin, bool> differs)
    {
        for (var twin = 0; twin < RoundingNoise.Most; twin++)
        {
            if (twin == _twins.Count) _twins.Add((start(Plan(twin), state(twin)), 0));
            var (training, made) = _twins[twin];
            for (; made < _batches.Count; made++) training.Step(_batches[made]);
            _twins[twin] = (training, made);
            if (differs(training)) return true;
        }

        return false;
    }

    /// <summary>Whether differences that no training explains are jumps as rare as those that one training makes alone; all were made before.</summary>
    /// <param name="expected">The engine's tensor.</param>
    /// <param name="found">The tensor in ONNX Runtime.</param>
    /// <param name="open">The elements that differ.</param>
    /// <param name="read">The tensor of a training.</param>
    /// <param name="tolerance">What is more is a jump.</param>
    public bool AreRareJumps(float[] expected, float[] found, IReadOnlyList<int> open, Func<StepTwin, float[]> read, float tolerance)
    {
        var jumps = new RareJumps(expected.Length);
        foreach (var (twin, _) in _twins) jumps.Add(expected, read(twin), _ => tolerance);
        return jumps.Explain(open.Count, open.Max(i => MathF.Abs(found[i] - expected[i])));
    }

    public void Dispose()
    {
        foreach (var (twin, _) in _twins) twin.Dispose();
    }

    private ExecutionPlan Plan(int twin)
    {
        var graph = Graph.Between(request.Inputs, [.. request.Outputs, .. request.Updates.Select(update => update.Value)]);
        var (inputs, noisy) = RoundingNoise.Of(graph, twin + 1, request.Updates, specs);
        return Planner.Plan(
            request with
            {
                Inputs = inputs,
                Outputs = [.. request.Outputs.Select(output => noisy[output])],
                Updates = [.. request.Updates.Select(update => (update.Weight, noisy[update.Value]))],
                Original = graph,
            },
            specs);
    }
}
