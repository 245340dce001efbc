using System.Collections.Concurrent;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Applies a model of augmentation layers to batches, as in training. Several threads may use it, each with a plan of its own.</summary>
/// <param name="model">The layers.</param>
/// <param name="seed">The seed of layers without one of their own.</param>
internal sealed class Augmentation(Model model, ulong seed)
{
    // Batches have one shape, and the last of an epoch another; data of many shapes must not fill memory with plans.
    private const int MostShapes = 8;

    private readonly ConcurrentDictionary<TensorSpec, ConcurrentBag<ExecutionPlan>> _plans = new();
    private readonly Recycled _memory = new();
    private readonly WorkerPool _pool = WorkerPool.Of(1);
    private readonly Lock _gate = new();

    /// <summary>Changes the input of a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="number">What its random numbers are drawn for: the same number gives the same result.</param>
    public (float[] Elements, Shape Shape) Of(Batch batch, ulong number)
    {
        lock (_gate)
        {
            // Building by the first batch, and once.
            DataChecks.Build(model, batch.X);
        }

        var x = DataChecks.Inputs(model, batch.X)[0];
        var spec = new TensorSpec(x.Shape, x.DType);
        var plans = _plans.GetOrAdd(spec, _ => []);
        var plan = plans.TryTake(out var kept) ? kept : PlanFor(spec);
        x.CopyTo(plan.Inputs[0]);
        plan.Run(_pool, number);
        var output = plan.Outputs[0];
        var elements = _memory.Rent(output.Length);
        Prediction.CopyAsFloats(output, elements);
        var shape = output.Shape;
        if (_plans.Count <= MostShapes)
        {
            plans.Add(plan);
        }
        else
        {
            _plans.TryRemove(spec, out _);
            plan.Dispose();
        }

        return (elements, shape);
    }

    /// <summary>Takes elements that nobody uses any more.</summary>
    public void Release(float[] elements) => _memory.Return(elements);

    private ExecutionPlan PlanFor(TensorSpec spec)
    {
        var (inputs, output) = (model.Inputs.Select(tensor => tensor.Value).ToArray(), model.Outputs[0].Value);
        var map = Specialization.Of(inputs, [output], training: true, rule: Preparation.Of);
        return Planner.Plan(new PlanRequest(PlanOptions.Of(model, seed), inputs, [map[output]], []) { Original = model.Graph }, [spec]);
    }
}
