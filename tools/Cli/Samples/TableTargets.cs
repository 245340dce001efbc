using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Samples;

/// <summary>The targets in a column of a table.</summary>
internal static class TableTargets
{
    // Whole numbers with more different values are quantities rather than classes.
    private const int MostNumberedClasses = 50;
    private const int MostClasses = 1000;

    /// <summary>Text is classes; whole numbers are, if few of them occur again and again; other numbers are quantities.</summary>
    /// <exception cref="DataException">The column cannot be what was asked for.</exception>
    public static Target Of(TableColumn column, int[] rows, TaskKind? wanted, DataRequest request)
    {
        if (request.Description?.Classes is { } known) return Known(column, rows, known);
        if (wanted == TaskKind.Regression || request.Description is not null) return Numbers(column, rows);
        var units = request.Outputs is [var output] ? output.Size : null;
        if (units > 1 && column.IsWhole && wanted is null or TaskKind.Classification && AreIndices(column, rows, units))
            return new(column.Name, Indices([.. rows.Select(row => (long)column.NumberAt(row))]), TaskKind.Classification, Target.Numbered(units!.Value));
        if (!IsClasses(column, rows, wanted, units)) return Numbers(column, rows);
        var classes = Classes(column, rows);
        if (classes.Length < 2)
            throw new DataException($"Column '{column.Name}' has one class only, '{classes[0]}'; expected at least two. Use data with others as well.");
        if (classes.Length > MostClasses)
        {
            throw new DataException(
                $"Column '{column.Name}' has {classes.Length} different values in {rows.Length} rows, too many to be classes. Name another column with --target"
                + (column.IsNumeric ? ", or pass --task regression." : "."));
        }

        return Known(column, rows, classes);
    }

    private static bool IsClasses(TableColumn column, int[] rows, TaskKind? wanted, int? units)
    {
        if (!column.IsNumeric || wanted == TaskKind.Classification || units > 1) return true;
        if (units == 1 || !column.IsWhole) return false;
        var different = Classes(column, rows).Length;
        return different <= MostNumberedClasses && rows.Length >= 2 * different;
    }

    private static Target Numbers(TableColumn column, int[] rows)
    {
        if (!column.IsNumeric)
        {
            // Names the first line that is no number.
            foreach (var row in rows) column.NumberAt(row);
        }

        return new(column.Name, NDArray.Create<float>([.. rows.Select(column.NumberAt)], [rows.Length, 1]), TaskKind.Regression, null);
    }

    private static Target Known(TableColumn column, int[] rows, IReadOnlyList<string> classes)
    {
        var numbers = classes.Select((name, index) => (name, index)).ToDictionary(entry => entry.name, entry => (long)entry.index, StringComparer.Ordinal);
        var indices = new long[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            var label = column.LabelAt(rows[i]);
            if (!numbers.TryGetValue(label, out indices[i]))
            {
                throw new DataException(
                    $"Row {rows[i] + 1} has '{label}' in column '{column.Name}', which is none of the model's classes: "
                    + $"{string.Join(", ", classes.Take(20))}{(classes.Count > 20 ? ", ..." : "")}. Leave the row out, or train with it.");
            }
        }

        return new(column.Name, Indices(indices), TaskKind.Classification, classes);
    }

    private static NDArray Indices(long[] indices) => NDArray.Create(indices, [indices.Length]);

    private static bool AreIndices(TableColumn column, int[] rows, int? units) =>
        Array.TrueForAll(rows, row => column.NumberAt(row) is >= 0 and var value && value < units);

    /// <summary>The names of the classes: numbers by value, texts in ordinal order.</summary>
    private static string[] Classes(TableColumn column, int[] rows) => column.IsNumeric
        ? [.. rows.DistinctBy(column.NumberAt).OrderBy(column.NumberAt).Select(column.LabelAt)]
        : [.. rows.Select(column.LabelAt).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
