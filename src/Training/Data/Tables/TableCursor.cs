namespace OnnxFunctional.Training.Data;

/// <summary>The rows of a table from its beginning to its end, one at a time.</summary>
internal abstract class TableCursor : IDisposable
{
    /// <summary>A cell as text; valid until the next one is read.</summary>
    public abstract ReadOnlySpan<char> this[int column] { get; }

    /// <summary>Moves to the next row; false at the end.</summary>
    /// <exception cref="DataException">The table is damaged.</exception>
    public abstract bool MoveNext();

    /// <summary>Whether a cell holds nothing.</summary>
    public abstract bool IsMissing(int column);

    /// <summary>Reads a cell that is a number without its text, where that is faster; false says nothing about the cell.</summary>
    public abstract bool TryReadNumber(int column, out float number);

    /// <summary>Reads a cell that is a whole number without its text; false says nothing about the cell.</summary>
    public virtual bool TryReadInteger(int column, out long number)
    {
        number = 0;
        return false;
    }

    /// <summary>What is wrong with a cell.</summary>
    public abstract DataException Bad(int column, string problem, string remedy);

    /// <inheritdoc/>
    public abstract void Dispose();
}
