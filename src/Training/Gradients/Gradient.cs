using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Symbolic gradients: tensors of the same graph, which can be model outputs, part of a loss, or differentiated again.</summary>
public static class Gradient
{
    /// <summary>The gradient of the sum of <paramref name="y"/> with respect to <paramref name="x"/>: <c>d sum(y) / dx</c>.</summary>
    /// <param name="y">The tensor to differentiate; its elements are summed.</param>
    /// <param name="x">A tensor that y depends on.</param>
    /// <returns>A tensor of the shape of x; zeros if y does not depend on x.</returns>
    /// <example><c>var saliency = new Model(model.Inputs, [model.Output, Gradient.Of(Ops.Max(model.Output, axis: -1), model.Input)]);</c></example>
    /// <exception cref="ModelException">An operator between x and y has no gradient.</exception>
    public static SymbolicTensor Of(SymbolicTensor y, SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(x);
        return Of(y, [x])[0];
    }

    /// <summary>The gradients of the sum of <paramref name="y"/> with respect to several tensors, in one pass.</summary>
    /// <param name="y">The tensor to differentiate; its elements are summed.</param>
    /// <param name="xs">Tensors that y depends on.</param>
    /// <returns>One gradient per tensor, of its shape.</returns>
    /// <exception cref="ModelException">An operator between x and y has no gradient.</exception>
    public static SymbolicTensors Of(SymbolicTensor y, SymbolicTensors xs)
    {
        ArgumentNullException.ThrowIfNull(y);
        var targets = xs.Select(x => x.Value).ToArray();
        var graph = Graph.Between(targets, [y.Value]);
        if (!graph.Nodes.Any(node => node.Op is Phase))
            return Backpropagate(y.Value, Ops.OnesLike(y), targets).Select((gradient, i) => gradient ?? Ops.ZerosLike(xs[i])).ToArray();

        // Training and inference are different functions with different gradients; the one that is not used is never computed.
        var sides = new SymbolicTensor[2][];
        for (var side = 0; side < 2; side++)
        {
            var map = Specialization.Of(targets, [y.Value], training: side == 0);
            var root = new SymbolicTensor(map[y.Value], y.Scope);
            sides[side] = [.. Backpropagate(root.Value, Ops.OnesLike(root), targets).Select((gradient, i) => gradient ?? Ops.ZerosLike(xs[i]))];
        }

        return xs.Select((_, i) => Ops.WhenTraining(sides[0][i], sides[1][i])).ToArray();
    }

    /// <summary>Propagates a gradient of <paramref name="root"/> back to the targets; null where there is no path.</summary>
    internal static SymbolicTensor?[] Backpropagate(Value root, SymbolicTensor upstream, IReadOnlyList<Value> targets) =>
        Backpropagate([(root, upstream)], targets);

    /// <summary>Propagates the gradients of several values back to the targets in one pass; null where there is no path.</summary>
    /// <param name="roots">Values with their gradients.</param>
    /// <param name="targets">The values whose gradients are wanted.</param>
    /// <param name="origins">Receives, for each node that is made, the node whose gradient it belongs to.</param>
    internal static SymbolicTensor?[] Backpropagate(
        IReadOnlyList<(Value Root, SymbolicTensor Upstream)> roots, IReadOnlyList<Value> targets, GradientOrigins? origins = null)
    {
        var graph = Graph.Between(targets, [.. roots.Select(each => each.Root)]);
        var ends = new HashSet<Value>(targets);
        var reaches = new HashSet<Value>(targets);
        var path = new List<Node>();
        foreach (var node in graph.Nodes)
        {
            // A variable is a source itself: two nodes may read one weight.
            if (!node.Inputs.Any(reaches.Contains)) continue;
            path.Add(node);
            foreach (var output in node.Outputs)
            {
                if (output.Spec.Type.IsFloating()) reaches.Add(output);
            }
        }

        origins?.Differentiate(graph);
        var gradients = new Dictionary<Value, SymbolicTensor>();
        foreach (var (root, upstream) in roots) gradients[root] = gradients.TryGetValue(root, out var other) ? other + upstream : upstream;
        var scope = roots[0].Upstream.Scope;
        for (var i = path.Count - 1; i >= 0; i--)
        {
            var node = path[i];
            var incoming = new SymbolicTensor?[node.Outputs.Count];
            var any = false;
            for (var j = 0; j < incoming.Length; j++)
            {
                if (ends.Contains(node.Outputs[j])) continue;
                any |= gradients.TryGetValue(node.Outputs[j], out incoming[j]);
            }

            if (!any) continue;
            var results = GradientRules.Of(new GradientContext(node, incoming, reaches, scope));
            for (var j = 0; j < results.Length; j++)
            {
                var input = node.Inputs[j];
                if (results[j] is not { } gradient || !reaches.Contains(input)) continue;

                // A gradient has the type of its value, even if a rule combined it with a literal or sum of another type.
                gradient = Ops.Cast(gradient, input.Spec.Type);
                gradients[input] = gradients.TryGetValue(input, out var sum) ? sum + gradient : gradient;
                origins?.Add(gradients[input].Value, node);
            }
        }

        return [.. targets.Select(target => gradients.GetValueOrDefault(target))];
    }
}
