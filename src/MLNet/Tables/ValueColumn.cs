namespace OnnxFunctional.MLNet.Tables;

/// <summary>The value of a row; false if there is none.</summary>
internal delegate bool ValueGetter<T>(out T value);

/// <summary>The cell of a row in a column of typed values.</summary>
internal abstract class ValueColumn
{
    /// <summary>Whether the cell holds nothing.</summary>
    public abstract bool IsMissing { get; }

    /// <summary>The cell as text, as a table of text would write it; valid until the next one is read.</summary>
    public abstract ReadOnlySpan<char> Text { get; }

    /// <summary>Reads a number that float32 holds.</summary>
    public virtual bool TryReadNumber(out float number)
    {
        number = 0;
        return false;
    }

    /// <summary>Reads a whole number.</summary>
    public virtual bool TryReadInteger(out long number)
    {
        number = 0;
        return false;
    }
}
