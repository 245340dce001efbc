using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Importers;

/// <summary>Computes, when a file is opened, what depends on constants only; the engine does it, so there is one definition of each operator.</summary>
internal static class Folding
{
    /// <summary>The elements of values that depend on constants only.</summary>
    /// <exception cref="ModelException">They would be larger than what the file may ask for.</exception>
    public static TensorData[] Evaluate(SymbolicTensors tensors, IFileScope graph)
    {
        Value[] values = [.. tensors.Select(tensor => tensor.Value)];
        foreach (var node in Graph.Between([], values).Nodes.Where(node => node.Op is not SourceOp))
        {
            foreach (var output in node.Outputs) graph.Reserve(output.Spec.Shape, output.Spec.Type);
        }

        using var plan = Planner.Plan(new PlanRequest(PlanOptions.Of([], 0), [], values, []), []);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        return [.. plan.Outputs.Select(output => TensorData.Create(output.Shape, output.Spec.Type, output.Bytes))];
    }
}
