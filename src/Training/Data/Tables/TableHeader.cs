namespace OnnxFunctional.Training.Data;

/// <summary>The columns of a table by their names.</summary>
internal sealed class TableHeader
{
    private const int MostListed = 20;

    private readonly string _file;
    private readonly string[] _names;
    private readonly Dictionary<string, int> _indices;
    private readonly IReadOnlyDictionary<string, string[]>? _groups;

    /// <param name="file">The name of the table in messages.</param>
    /// <param name="names">The columns.</param>
    /// <param name="groups">Columns that have a name together, as the numbers of a vector do.</param>
    /// <exception cref="DataException">Two columns have one name.</exception>
    public TableHeader(string file, string[] names, IReadOnlyDictionary<string, string[]>? groups = null)
    {
        (_file, _names, _indices, _groups) = (file, names, new(names.Length, StringComparer.Ordinal), groups);
        for (var i = 0; i < names.Length; i++)
        {
            if (!_indices.TryAdd(names[i], i))
                throw new DataException($"{file} has two columns called '{names[i]}'. Rename one, or set hasHeader: false if the first line is data.");
        }
    }

    /// <summary>The names in the order of the file.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The columns of a name, which are several for a vector.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public IReadOnlyList<string> ColumnsOf(string name) => _groups?.GetValueOrDefault(name) ?? [_names[IndexOf(name)]];

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
