using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Engine;

/// <summary>The rows that a batch looks up in a table, and values computed for them alone: the rows of weights, sums of gradients, formulas of these.</summary>
internal sealed class LookedUpRows
{
    private readonly Node _distinct;
    private readonly Dictionary<Value, Value> _values = [];

    /// <param name="table">The table.</param>
    /// <param name="gradients">Its gradients, as indices and rows.</param>
    public LookedUpRows(Weight table, IReadOnlyList<Value> gradients)
    {
        Gradients = gradients;
        _distinct = Node.Create(new DistinctRows(table.Shape.Dims[0]), [.. gradients.Select(gradient => gradient.Producer.Inputs[1])], null);
        for (var i = 0; i < gradients.Count; i++)
        {
            // Sums over the places of rows instead of the rows: the same additions in the same order.
            var sums = Node.Create(
                new GatherGradient(0), [gradients[i].Producer.Inputs[0], _distinct.Outputs[2 + i], Of(table.Variable, table)], gradients[i].Producer.Scope);
            _values[gradients[i]] = sums.Outputs[0];
        }
    }

    /// <summary>The gradients of the table.</summary>
    public IReadOnlyList<Value> Gradients { get; }

    /// <summary>Whether a value has a row for each of a table's.</summary>
    public static bool HasRowsOf(Weight table, Value value) =>
        value.Spec.Shape.Rank == table.Shape.Rank && value.Spec.Shape.Dims[0] == table.Shape.Dims[0];

    /// <summary>The table with new rows.</summary>
    public Value Set(Weight table, Value next) =>
        Node.Create(new SetRows(), [table.Variable, _distinct.Outputs[0], _distinct.Outputs[1], Of(next, table)], next.Producer.Scope).Outputs[0];

    private Value Of(Value value, Weight table)
    {
        if (!HasRowsOf(table, value)) return value;
        if (_values.TryGetValue(value, out var known)) return known;
        var node = value.Producer;
        var made = node.Op is Variable
            ? Node.Create(new Gather(0), [value, _distinct.Outputs[0]], node.Scope)
            : Node.Create(node.Op, [.. node.Inputs.Select(input => Of(input, table))], node.Scope);
        return _values[value] = made.Outputs[0];
    }
}
