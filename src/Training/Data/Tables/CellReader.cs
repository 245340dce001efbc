namespace OnnxFunctional.Training.Data;

/// <summary>What makes numbers of the cells of a column.</summary>
/// <param name="column">The name of the column.</param>
/// <param name="missing">What becomes of missing values.</param>
internal abstract class CellReader(string column, MissingValues missing)
{
    private double[]? _sums;
    private float[]? _filled;
    private long _count;

    /// <summary>The name of the column.</summary>
    public string Column { get; } = column;

    /// <summary>What becomes of missing values.</summary>
    public MissingValues Missing { get; } = missing;

    /// <summary>The names of the numbers that a cell becomes.</summary>
    public virtual IReadOnlyList<string> Names => [Column];

    /// <summary>Whether a first pass over the files must find something out.</summary>
    public virtual bool MustLearn => Missing.Kind == MissingKind.Mean && _filled is null;

    /// <summary>Makes the numbers of a cell; false if it holds none.</summary>
    public virtual bool TryRead(TableCursor cursor, int column, Span<float> values) => TryRead(cursor[column], values);

    /// <summary>Makes the numbers of the text of a cell; false if it holds none.</summary>
    public abstract bool TryRead(ReadOnlySpan<char> cell, Span<float> values);

    /// <summary>What is wrong with a cell that <see cref="TryRead(TableCursor, int, Span{float})"/> does not take, and what to do.</summary>
    public abstract (string Problem, string Remedy) Complaint(ReadOnlySpan<char> cell);

    /// <summary>Takes note of a cell that is not missing.</summary>
    public virtual void Learn(TableCursor cursor, int column)
    {
        if (Missing.Kind != MissingKind.Mean) return;
        _sums ??= new double[Names.Count];
        Span<float> values = stackalloc float[_sums.Length];
        if (!TryRead(cursor, column, values)) return;
        for (var i = 0; i < values.Length; i++) _sums[i] += values[i];
        _count++;
    }

    /// <summary>Ends the first pass.</summary>
    /// <exception cref="DataException">The column has no value.</exception>
    public virtual void EndLearning()
    {
        if (Missing.Kind != MissingKind.Mean) return;
        if (_count == 0) throw new DataException($"Column '{Column}' has no value, and so no mean. Leave it out, or use MissingValues.Fill.");
        _filled = [.. _sums!.Select(sum => (float)(sum / _count))];
    }

    /// <summary>The numbers in place of a missing value.</summary>
    public void Fill(Span<float> values)
    {
        if (_filled is not null) _filled.CopyTo(values);
        else values.Fill(Missing.Value);
    }
}
