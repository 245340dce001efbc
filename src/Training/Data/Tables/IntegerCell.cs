using System.Globalization;

namespace OnnxFunctional.Training.Data;

/// <summary>Whole numbers.</summary>
internal sealed class IntegerCell(string column, MissingValues missing) : LabelCell(column, missing)
{
    /// <inheritdoc/>
    public override bool TryRead(TableCursor cursor, int column, out long label) =>
        cursor.TryReadInteger(column, out label) || TryRead(cursor[column], out label);

    /// <inheritdoc/>
    public override bool TryRead(TableCursor cursor, int column, Span<float> values)
    {
        var isRead = TryRead(cursor, column, out var label);
        values[0] = label;
        return isRead;
    }

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, out long label) =>
        long.TryParse(cell.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out label);

    /// <inheritdoc/>
    public override (string Problem, string Remedy) Complaint(ReadOnlySpan<char> cell) =>
        ("not an integer", "Use TableColumn.Category() for a column of names, TableColumn.Number for other numbers");
}
