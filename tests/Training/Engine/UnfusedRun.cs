using System.Runtime.InteropServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Engine;

/// <summary>A graph run one node at a time, each in a plan of its own: what fusion, memory sharing and updates in place must not change.</summary>
internal sealed class UnfusedRun(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs, IReadOnlyList<(Weight Weight, Value Value)> updates)
{
    private readonly Graph _graph = Graph.Between(inputs, [.. outputs, .. updates.Select(update => update.Value)]);

    /// <summary>The outputs, then the new values of the weights; all from the weights as they are now.</summary>
    public float[][] Run(WorkerPool pool, float[][] given)
    {
        var values = new Dictionary<Value, byte[]>();
        for (var i = 0; i < inputs.Count; i++) values[inputs[i]] = MemoryMarshal.AsBytes<float>(given[i]).ToArray();
        foreach (var node in _graph.Nodes)
        {
            switch (node.Op)
            {
                case Variable variable:
                    values[node.Outputs[0]] = MemoryMarshal.AsBytes<float>(variable.Weight.Storage).ToArray();
                    break;
                case Constant constant:
                    values[node.Outputs[0]] = constant.Data.Bytes.ToArray();
                    break;
                default:
                    Compute(node, pool, values);
                    break;
            }
        }

        return [.. outputs.Concat(updates.Select(update => update.Value)).Select(value => MemoryMarshal.Cast<byte, float>(values[value]).ToArray())];
    }

    private static void Compute(Node node, WorkerPool pool, Dictionary<Value, byte[]> values)
    {
        Value[] read = [.. node.Inputs.Distinct()];
        var request = new PlanRequest(PlanOptions.WithoutModel(), read, node.Outputs, []) { FoldConstants = false };
        var plan = Planner.Plan(request, [.. read.Select(value => value.Spec)]);
        for (var i = 0; i < read.Length; i++) values[read[i]].CopyTo(plan.Inputs[i].Bytes);
        plan.Run(pool);
        for (var i = 0; i < node.Outputs.Count; i++) values[node.Outputs[i]] = plan.Outputs[i].Bytes.ToArray();
    }
}
