using System.Globalization;

namespace OnnxFunctional.Training.Data;

/// <summary>Whole numbers.</summary>
internal sealed class IntegerCell(string column, MissingValues missing) : LabelCell(column, missing)
{
    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, out long label) =>
        long.TryParse(cell.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out label);

    /// <inheritdoc/>
    public override (string Problem, string Remedy) Complaint(ReadOnlySpan<char> cell) =>
        ("not an integer", "Use CsvColumn.Category() for a column of names, CsvColumn.Number for other numbers");
}
