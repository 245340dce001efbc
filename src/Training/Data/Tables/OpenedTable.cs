namespace OnnxFunctional.Training.Data;

/// <summary>A table whose rows are being read.</summary>
/// <param name="cursor">The rows.</param>
/// <param name="columns">The places of the wanted columns in a row.</param>
internal class OpenedTable(TableCursor cursor, int[] columns) : IDisposable
{
    /// <summary>The rows.</summary>
    public TableCursor Cursor => cursor;

    /// <summary>The places of the wanted columns in a row.</summary>
    public int[] Columns { get; set; } = columns;

    /// <inheritdoc/>
    public virtual void Dispose() => cursor.Dispose();
}
