namespace OnnxFunctional.Training.Data;

/// <summary>A table, or the part of one that a file holds, whose rows can be read from the beginning as often as wanted.</summary>
internal abstract class TableSource
{
    /// <summary>Its name in messages.</summary>
    public abstract string Name { get; }

    /// <summary>The name of reading it in <see cref="Dataset{T}.Profile"/>.</summary>
    public abstract string Stage { get; }

    /// <summary>Reads which columns it has.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public abstract TableHeader ReadHeader();

    /// <summary>Begins to read rows.</summary>
    /// <param name="columns">The names of the columns that are read; a column may be named more than once.</param>
    /// <exception cref="DataException">It cannot be read, or lacks a column.</exception>
    public OpenedTable Open(IReadOnlyList<string> columns)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var column in columns) places.TryAdd(column, places.Count);
        var table = OpenDistinct([.. places.Keys]);
        table.Columns = [.. columns.Select(column => table.Columns[places[column]])];
        return table;
    }

    /// <summary>Reads something of it, and turns what goes wrong into sentences.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public abstract T Guarded<T>(Func<T> read);

    /// <summary>Begins to read rows of columns that differ.</summary>
    /// <exception cref="DataException">It cannot be read, or lacks a column.</exception>
    protected abstract OpenedTable OpenDistinct(IReadOnlyList<string> columns);
}
