using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>Rows of typed values.</summary>
/// <param name="table">The name of the table in messages.</param>
/// <param name="names">The names of the columns.</param>
internal abstract class ValueCursor(string table, IReadOnlyList<string> names) : TableCursor
{
    /// <inheritdoc/>
    public override ReadOnlySpan<char> this[int column] => Columns[column].Text;

    /// <summary>The columns.</summary>
    protected ValueColumn[] Columns { get; } = new ValueColumn[names.Count];

    /// <summary>The number of the row, from 0.</summary>
    protected long Row { get; set; } = -1;

    /// <inheritdoc/>
    public override bool IsMissing(int column) => Columns[column].IsMissing;

    /// <inheritdoc/>
    public override bool TryReadNumber(int column, out float number) => Columns[column].TryReadNumber(out number);

    /// <inheritdoc/>
    public override bool TryReadInteger(int column, out long number) => Columns[column].TryReadInteger(out number);

    /// <inheritdoc/>
    public override DataException Bad(int column, string problem, string remedy)
    {
        const int Longest = 40;
        var cell = this[column];
        var shown = cell.Length <= Longest ? cell.ToString() : cell[..Longest].ToString() + "...";
        return new DataException($"{table}, row {Row}, column '{names[column]}': '{shown}' is {problem}. {remedy}.");
    }
}
