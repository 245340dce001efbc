namespace OnnxFunctional.Training.Data;

/// <summary>The columns of a table by their names.</summary>
internal sealed class CsvHeader
{
    private const int MostListed = 20;

    private readonly string _file;
    private readonly string[] _names;
    private readonly Dictionary<string, int> _indices;

    /// <exception cref="DataException">Two columns have one name.</exception>
    public CsvHeader(string file, string[] names)
    {
        (_file, _names, _indices) = (file, names, new(names.Length, StringComparer.Ordinal));
        for (var i = 0; i < names.Length; i++)
        {
            if (!_indices.TryAdd(names[i], i))
                throw new DataException($"{file} has two columns called '{names[i]}'. Rename one, or set hasHeader: false if the first line is data.");
        }
    }

    /// <summary>The names in the order of the file.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Finds a column.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public int IndexOf(string column) => TryFind(column, out var index) ? index : throw new ArgumentException(Unknown(column), nameof(column));

    /// <summary>Finds a column of a further file.</summary>
    /// <exception cref="DataException">There is none of that name.</exception>
    public int IndexInNext(string column) => TryFind(column, out var index)
        ? index
        : throw new DataException(Unknown(column) + " All files must have the columns of the first.");

    private bool TryFind(string column, out int index)
    {
        index = -1;
        return column is not null && _indices.TryGetValue(column, out index);
    }

    private string Unknown(string column)
    {
        var known = string.Join(", ", _names.Take(MostListed)) + (_names.Length > MostListed ? ", ..." : "");
        return $"{_file} has no column '{column}'. It has {known}.";
    }
}
