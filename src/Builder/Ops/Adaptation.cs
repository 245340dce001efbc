using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>
/// Computes with adapted weights. A product with one goes through the small matrices beside the frozen weight, <c>x W + scale (x A) B</c>, so that neither the
/// adapted weight nor the gradient of its size is computed; other operators read the adapted weight.
/// </summary>
internal static class Adaptation
{
    /// <summary>The weights of a graph that can have adapters, also those of layers outside a model that was cut out of a larger graph.</summary>
    public static Weight[] Adaptable(Graph graph) =>
        [.. graph.Nodes.Select(node => node.Op).OfType<Variable>().Select(variable => variable.Weight).Where(weight => weight.TakesAdapter)];

    /// <summary>How many of some weights have adapters.</summary>
    public static int Count(Weight[] weights)
    {
        var count = 0;
        foreach (var weight in weights) count += weight.Adapter is null ? 0 : 1;
        return count;
    }

    /// <summary>The values that replace a node's outputs; null if it reads no adapted weight.</summary>
    /// <param name="node">The node.</param>
    /// <param name="given">Its inputs as far as they are replaced.</param>
    public static IReadOnlyList<Value>? Of(Node node, IReadOnlyList<Value> given) => node.Op switch
    {
        Variable { Weight.Adapter: { } adapter } => [Whole(node.Outputs[0], adapter)],
        MatMul product when AdapterOf(node, 1) is { } adapter => [Sum(node, [given[0], node.Inputs[1]], Product(product, given[0], adapter, node))],
        Gemm when AdapterOf(node, 1) is { } adapter => [Sum(node, [given[0], node.Inputs[1], given[2]], Product(new(), given[0], adapter, node))],
        Gather { Axis: 0 } gather when AdapterOf(node, 0) is { } adapter =>
            [Sum(node, [node.Inputs[0], given[1]], Scaled(Made(node, gather, adapter.A.Variable, given[1]), adapter, node, adapter.B.Variable))],
        _ => null,
    };

    private static Value Whole(Value weight, Adapter adapter)
    {
        var product = new SymbolicTensor(Node.Create(new MatMul(), [adapter.A.Variable, adapter.B.Variable], null).Outputs[0]);
        return (new SymbolicTensor(weight) + (adapter.Scale == 1 ? product : product * adapter.Scale)).Value;
    }

    private static Value Sum(Node node, IReadOnlyList<Value> inputs, Value added) =>
        Made(node, new Add(), node.WithInputs(inputs).Outputs[0], added);

    private static Value Product(MatMul product, Value x, Adapter adapter, Node node)
    {
        var (first, second) = product.TransposeRight ? (adapter.B, adapter.A) : (adapter.A, adapter.B);
        return Scaled(Made(node, product, x, first.Variable), adapter, node, second.Variable, product.TransposeRight);
    }

    private static Value Scaled(Value narrow, Adapter adapter, Node node, Value matrix, bool transposed = false)
    {
        var scaled = adapter.Scale == 1 ? narrow : (new SymbolicTensor(narrow, node.Scope) * adapter.Scale).Value;
        return Made(node, new MatMul(TransposeRight: transposed), scaled, matrix);
    }

    private static Value Made(Node node, Op op, Value left, Value right) => Node.Create(op, [left, right], node.Scope).Outputs[0];

    /// <summary>The adapter of an input that is a matrix of weights.</summary>
    private static Adapter? AdapterOf(Node node, int input) =>
        node.Inputs[input].Producer.Op is Variable { Weight: { Adapter: { } adapter, Shape.Rank: 2 } } ? adapter : null;
}
