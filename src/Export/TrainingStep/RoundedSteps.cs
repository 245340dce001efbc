using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Steps of the engine with noise in every result that is rounded; made where a comparison needs them, since planning takes time.</summary>
/// <param name="request">The step without noise.</param>
/// <param name="specs">Shapes and types of the data.</param>
/// <param name="start">A training from its first state: the plan of its steps, and its number.</param>
internal sealed class RoundedSteps(PlanRequest request, IReadOnlyList<TensorSpec> specs, Func<ExecutionPlan, int, StepTwin> start)
{
    // Where rounding alone decides the side of a jump, as in an optimizer's first step by a gradient's sign, six trainings are all on the engine's side for one
    // in 64 elements, and 24 for one in 16 million.
    private const int Most = 24;

    private readonly List<NDArray[]> _batches = [];
    private readonly List<(StepTwin Twin, int Made)> _twins = [];

    /// <summary>Notes the data of a step.</summary>
    public void Add(NDArray[] data) => _batches.Add(data);

    /// <summary>Whether one of the trainings differs enough after the last noted step; they are made one by one, until one does.</summary>
    /// <param name="differs">Whether a training does.</param>
    public bool Exists(Func<StepTwin, bool> differs)
    {
        for (var twin = 0; twin < Most; twin++)
        {
            if (twin == _twins.Count) _twins.Add((start(Plan(twin), twin), 0));
            var (training, made) = _twins[twin];
            for (; made < _batches.Count; made++) training.Step(_batches[made]);
            _twins[twin] = (training, made);
            if (differs(training)) return true;
        }

        return false;
    }

    private ExecutionPlan Plan(int twin)
    {
        var graph = Graph.Between(request.Inputs, [.. request.Outputs, .. request.Updates.Select(update => update.Value)]);
        var noisy = RoundingNoise.Of(graph, twin + 1, request.Updates);
        return Planner.Plan(
            request with
            {
                Outputs = [.. request.Outputs.Select(output => noisy[output])],
                Updates = [.. request.Updates.Select(update => (update.Weight, noisy[update.Value]))],
                Original = graph,
            },
            specs);
    }
}
