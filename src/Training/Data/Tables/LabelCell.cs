namespace OnnxFunctional.Training.Data;

/// <summary>What can be class indices.</summary>
internal abstract class LabelCell(string column, MissingValues missing) : CellReader(column, missing)
{
    /// <summary>Makes the integer of a cell; false if it holds none.</summary>
    public virtual bool TryRead(TableCursor cursor, int column, out long label) => TryRead(cursor[column], out label);

    /// <summary>Makes the integer of the text of a cell; false if it holds none.</summary>
    public abstract bool TryRead(ReadOnlySpan<char> cell, out long label);

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, Span<float> values)
    {
        var isRead = TryRead(cell, out var label);
        values[0] = label;
        return isRead;
    }
}
