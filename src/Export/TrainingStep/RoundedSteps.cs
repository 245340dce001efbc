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
    // With so many it is unlikely that all are close to the engine's value by chance, or on its side of a jump.
    private const int Count = 6;

    private readonly List<NDArray[]> _batches = [];
    private StepTwin[] _twins = [];
    private int _made;

    /// <summary>Notes the data of a step.</summary>
    public void Add(NDArray[] data) => _batches.Add(data);

    /// <summary>The trainings after the last noted step.</summary>
    public StepTwin[] Twins()
    {
        if (_made == 0) _twins = [.. Enumerable.Range(0, Count).Select(twin => start(Plan(twin), twin))];
        for (; _made < _batches.Count; _made++)
        {
            foreach (var twin in _twins) twin.Step(_batches[_made]);
        }

        return _twins;
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
