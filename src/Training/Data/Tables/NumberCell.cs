namespace OnnxFunctional.Training.Data;

/// <summary>Numbers.</summary>
internal sealed class NumberCell(string column, MissingValues missing, char point, char? thousands) : CellReader(column, missing)
{
    /// <inheritdoc/>
    public override bool TryRead(TableCursor cursor, int column, Span<float> values) =>
        cursor.TryReadNumber(column, out values[0]) || TryRead(cursor[column], values);

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, Span<float> values) =>
        CellNumber.TryParseUsual(cell, point, out values[0]) || CellNumber.Parse(cell, point, thousands, out values[0]) == CellKind.Number;

    /// <inheritdoc/>
    public override (string Problem, string Remedy) Complaint(ReadOnlySpan<char> cell) =>
        CellNumber.Parse(cell, point, thousands, out _) == CellKind.Beyond ? ("beyond the range of float", "Scale the column")
        : ("not a number", $"Write numbers like 1{point}5, leave the column out, or say in TableOptions.Columns what it holds: TableColumn.Category()");
}
