using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers;

/// <summary>Graphs inside nodes that stand in the graph around them, once or for each step, when what decides is known.</summary>
internal static class ControlFlow
{
    /// <summary>The operator that joins what the steps of a loop give, along a new axis.</summary>
    public const string Stack = "ConcatFromSequence";

    private const int MostSteps = 1000;

    private static readonly FrozenDictionary<string, FileValue> s_nothing = FrozenDictionary<string, FileValue>.Empty;

    /// <summary>The outputs of the node; null if it has no graphs inside.</summary>
    /// <exception cref="ModelException">What decides is computed from the model's inputs.</exception>
    public static IReadOnlyList<FileValue>? Inline(FileNode node, GraphImport graph) => node.OpType switch
    {
        "If" => graph.Inline(node.Graph(DataMoves.Longs(node.Known(0, "the condition of If"))[0] != 0 ? "then_branch" : "else_branch"), s_nothing),
        "Loop" => Loop(node, graph),
        "Scan" => Scan(node, graph),
        _ => null,
    };

    /// <summary>Joins tensors along a new axis.</summary>
    public static FileResult[] Stacked(FileNode node) =>
        [Ops.Stack(Enumerable.Range(0, node.InputCount).Select(node.In).ToArray(), ShapeRules.Axis(node.Int("axis", 0), node.RankOf(0) + 1, node.OpType))];

    /// <summary>Steps until a number of them is reached or a condition is false.</summary>
    private static FileValue[] Loop(FileNode node, GraphImport graph)
    {
        var body = node.Graph("body");
        var carried = node.InputCount - 2;
        if (carried < 0 || body.Input.Count != carried + 2 || body.Output.Count <= carried)
            throw Refuse(node, $"its body takes {body.Input.Count} values and gives {body.Output.Count}, it carries {carried}; expected two more and one more");
        var trips = node.Has(0) ? One(node, node.Known(0, "the number of steps of Loop"), "number of steps") : long.MaxValue;
        var goesOn = !node.Has(1) || One(node, node.Known(1, "the condition of Loop"), "condition") != 0;
        FileValue[] state = [.. Enumerable.Range(2, carried).Select(node.Value)];
        var given = new Dictionary<string, FileValue>(StringComparer.Ordinal);
        var steps = new List<FileValue>[body.Output.Count - 1 - carried];
        foreach (ref var list in steps.AsSpan()) list = [];
        for (var step = 0L; step < trips && goesOn; step++)
        {
            if (step == MostSteps) throw Refuse(node, $"it takes more than {MostSteps} steps; expected at most that many, as each becomes a part of the model");
            given[body.Input[0].Name] = Constant(body.Input[0].Name, TensorData.Of(Shape.Of(), [step]));
            given[body.Input[1].Name] = Constant(body.Input[1].Name, TensorData.Of(Shape.Of(), [true]));
            for (var i = 0; i < carried; i++) given[body.Input[i + 2].Name] = state[i];
            var results = graph.Inline(body, given);
            goesOn = One(node, results[0].Data ?? throw Remedies.Undecided(results[0], "the condition of Loop after a step"), "condition") != 0;
            for (var i = 0; i < carried; i++) state[i] = results[i + 1];
            for (var i = 0; i < steps.Length; i++) steps[i].Add(results[1 + carried + i]);
        }

        return [.. state, .. steps.Select((list, i) => Joined(node, graph, list, carried + i, 0))];
    }

    /// <summary>One step for each slice of sequences.</summary>
    private static FileValue[] Scan(FileNode node, GraphImport graph)
    {
        var (body, sequences) = (node.Graph("body"), node.Int("num_scan_inputs", 0));
        var (carried, gives) = (node.InputCount - sequences, body.Output.Count);
        if (node.Version < 9) throw Refuse(node, "it is of a version before 9; expected a file of opset 9 or later");
        if (sequences < 1 || carried < 0 || body.Input.Count != node.InputCount || gives < carried)
            throw Refuse(node, $"its body takes {body.Input.Count} of {node.InputCount} values and gives {gives}, {sequences} sequences; expected as many");
        var (axes, turned) = (List("scan_input_axes", sequences), List("scan_input_directions", sequences));
        var (outAxes, outTurned) = (List("scan_output_axes", gives - carried), List("scan_output_directions", gives - carried));
        for (var i = 0; i < sequences; i++) axes[i] = ShapeRules.Axis(axes[i], node.RankOf(carried + i), "Scan");
        var count = node.ShapeOf(carried).Dims[axes[0]];
        if (count is < 1 or > MostSteps || Enumerable.Range(0, sequences).Any(i => node.ShapeOf(carried + i).Dims[axes[i]] != count))
        {
            var shapes = string.Join(", ", Enumerable.Range(carried, sequences).Select(node.ShapeOf));
            throw Refuse(node, $"its sequences are {shapes}; expected 1 to {MostSteps} known steps in each");
        }

        FileValue[] state = [.. Enumerable.Range(0, carried).Select(node.Value)];
        var given = new Dictionary<string, FileValue>(StringComparer.Ordinal);
        var steps = new List<FileValue>[gives - carried];
        foreach (ref var list in steps.AsSpan()) list = [];
        for (var step = 0; step < count; step++)
        {
            for (var i = 0; i < carried; i++) given[body.Input[i].Name] = state[i];
            for (var i = 0; i < sequences; i++)
            {
                var at = Constant("step", TensorData.Of(Shape.Of(), [(long)(turned[i] == 1 ? count - 1 - step : step)]));
                var name = body.Input[carried + i].Name;
                given[name] = graph.Make("Gather", $"{name}/{step}", [node.Value(carried + i), at], Attributes.Int("axis", axes[i]));
            }

            var results = graph.Inline(body, given);
            for (var i = 0; i < carried; i++) state[i] = results[i];
            for (var i = 0; i < steps.Length; i++) steps[i].Insert(outTurned[i] == 1 ? 0 : step, results[carried + i]);
        }

        return [.. state, .. steps.Select((list, i) => Joined(node, graph, list, carried + i, outAxes[i]))];

        int[] List(string name, int size)
        {
            var list = node.Ints(name) ?? new int[size];
            return list.Length == size ? list : throw Refuse(node, $"its {name} holds {list.Length} numbers; expected {size}");
        }
    }

    private static FileValue Joined(FileNode node, GraphImport graph, List<FileValue> steps, int output, int axis)
    {
        if (steps.Count == 0) throw Refuse(node, "it takes no steps, so that what they would give has no shape; expected at least one step");
        return graph.Make(Stack, node.Name + "/" + output, steps, Attributes.Int("axis", axis), Attributes.Int("new_axis", 1));
    }

    private static FileValue Constant(string name, TensorData data) => new(name) { Data = data };

    private static long One(FileNode node, TensorData data, string what) =>
        data.Shape.ElementCount == 1 ? DataMoves.Longs(data)[0] : throw Refuse(node, $"its {what} is {data.Shape}; expected one value");

    private static ModelException Refuse(FileNode node, string problem) => new ModelException($"Node '{node.Name}' ({node.OpType}): {problem}.");
}
