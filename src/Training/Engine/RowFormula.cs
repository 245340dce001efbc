using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>The formula of a table's new values, if it can be computed for some rows alone: no row reads another, and rows without a gradient stay.</summary>
internal sealed class RowFormula
{
    // With fewer rows for each index, passes over the whole table cost as much.
    private const int RowsPerIndex = 4;

    // Formulas are followed by recursion; those of optimizers have some twenty values, and one for each lookup of a shared table.
    private const int MostValues = 1000;

    private readonly Weight _table;
    private readonly Value _next;
    private readonly List<Value> _gradients = [];
    private readonly HashSet<Value> _seen = [];
    private readonly List<Value> _read = [];

    private RowFormula(Weight table, Value next) => (_table, _next) = (table, next);

    /// <summary>The gradients that it reads, each of lookups in one place of the model.</summary>
    public IReadOnlyList<Value> Gradients => _gradients;

    /// <summary>What it reads beside rows of tables: indices, rows of gradients, numbers such as the learning rate.</summary>
    public IEnumerable<Value> Read => _read;

    /// <summary>The formula of an update; null if it needs all rows, or if few of them are left alone.</summary>
    public static RowFormula? Of(Weight table, Value next)
    {
        var formula = new RowFormula(table, next);
        if (table.Shape.Rank == 0 || next.Spec != table.Variable.Spec || !formula.IsByRows(next) || formula._gradients.Count == 0) return null;
        var untouched = new UntouchedRows();
        foreach (var gradient in formula._gradients) untouched.Gradient(gradient);
        return untouched.Kept(next) == table && formula.Indices.Sum(list => list.Spec.Shape.ElementCount) * RowsPerIndex <= table.Shape.Dims[0]
            ? formula
            : null;
    }

    /// <summary>The new table, computed for the rows that were looked up.</summary>
    /// <param name="lookups">The rows that were looked up so far, by the first gradient of them.</param>
    public Value OverRows(Dictionary<Value, LookedUpRows> lookups)
    {
        if (!lookups.TryGetValue(_gradients[0], out var rows) || !rows.Gradients.SequenceEqual(_gradients))
            lookups[_gradients[0]] = rows = new LookedUpRows(_table, _gradients);
        return rows.Set(_table, _next);
    }

    private IEnumerable<Value> Indices => _gradients.Select(gradient => gradient.Producer.Inputs[1]);

    private static bool KeepsRowsApart(Node node)
    {
        var rank = node.Outputs[0].Spec.Shape.Rank;
        return node.Op.IsElementwise
            || (node.Inputs.All(input => input.Spec.Shape.Rank == rank) && node.Op.MixedAxes(rank) is { } mixed && !mixed.Contains(0));
    }

    /// <summary>Whether a value can be computed row by row, or has no rows of the table's.</summary>
    private bool IsByRows(Value value)
    {
        if (!_seen.Add(value)) return true;
        if (!LookedUpRows.HasRowsOf(_table, value))
        {
            _read.Add(value);
            return true;
        }

        var node = value.Producer;
        switch (node.Op)
        {
            case Variable:
                return true;
            case GatherGradient gather when value.Spec == _table.Variable.Spec && ShapeRules.Axis(gather.Axis, value.Spec.Shape.Rank, gather.Name) == 0:
                _gradients.Add(value);
                _read.AddRange(node.Inputs.Take(2));
                return true;
            case SourceOp or IRandomOp or SumOverShards:
                return false;
            default:
                return _seen.Count <= MostValues && node.Outputs.Count == 1 && KeepsRowsApart(node) && node.Inputs.All(IsByRows);
        }
    }
}
