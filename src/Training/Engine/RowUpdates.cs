using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>
/// Updates of tables by the rows that a batch looks up: where the new value of every other row is its old one, only the rows that were looked up are gathered,
/// computed by the same formula, and set. The gradient is kept as indices and rows, so no value of the update has the size of the table.
/// </summary>
/// <remarks>
/// The numbers are those of the whole formula: rows of one index are added in the same order, starting from zero, and elements are computed by the same
/// operators. <see cref="UntouchedRows"/> tells whether other rows stay.
/// </remarks>
internal static class RowUpdates
{
    /// <summary>The updates, some of them by rows.</summary>
    /// <param name="inputs">The inputs of the plan.</param>
    /// <param name="outputs">What is read after a run.</param>
    /// <param name="updates">The updates, with concrete shapes.</param>
    /// <param name="all">All values of the plan.</param>
    public static (Weight Weight, Value Value)[] Of(
        IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs, (Weight Weight, Value Value)[] updates, IEnumerable<Value> all)
    {
        var tables = all.Where(value => value.Producer.Op is GatherGradient).Select(value => value.Spec).ToHashSet();
        var formulas = new Dictionary<Value, RowFormula>();
        foreach (var (weight, value) in updates.Where(update => tables.Contains(update.Value.Spec)))
        {
            if (RowFormula.Of(weight, value) is { } formula) formulas[value] = formula;
        }

        // A gradient of the whole table that something else reads, its norm say, is there anyway.
        for (var before = -1; before != formulas.Count && formulas.Count > 0;)
        {
            before = formulas.Count;
            var others = updates.Select(update => update.Value).Where(value => !formulas.ContainsKey(value));
            var read = Graph.Between(inputs, [.. outputs, .. others, .. formulas.Values.SelectMany(formula => formula.Read)]).Nodes
                .SelectMany(node => node.Outputs).ToHashSet();
            foreach (var (value, formula) in formulas.ToArray())
            {
                if (formula.Gradients.Any(read.Contains)) formulas.Remove(value);
            }
        }

        var lookups = new Dictionary<Value, LookedUpRows>();
        return Array.ConvertAll(
            updates, update => formulas.TryGetValue(update.Value, out var formula) ? (update.Weight, formula.OverRows(lookups)) : update);
    }
}
