namespace OnnxFunctional.Training.Data;

/// <summary>Which columns go to which place of which array.</summary>
internal sealed class RowPlan
{
    private readonly TableOptions _options;
    private readonly TableHeader _header;
    private readonly Dictionary<string, TableColumn> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CellReader> _readers = new(StringComparer.Ordinal);
    private readonly List<ArrayPlan> _arrays = [];
    private readonly List<RowStep> _steps = [];

    /// <param name="options">The columns wanted.</param>
    /// <param name="header">The columns of the first file.</param>
    /// <exception cref="ArgumentException">A column is not in the file.</exception>
    /// <exception cref="ModelException">Columns of one array do not go together.</exception>
    public RowPlan(TableOptions options, TableHeader header)
    {
        (_options, _header) = (options, header);
        foreach (var (name, kind) in options.Columns)
        {
            foreach (var column in header.ColumnsOf(name)) _kinds[column] = kind;
        }

        string[] targets = [.. options.Targets.SelectMany(header.ColumnsOf)];
        foreach (var (name, columns) in options.Inputs) AddInput(name, columns);
        if (options.Inputs.Count == 0) AddInput(null, options.Features ?? [.. header.Names.Except(targets, StringComparer.Ordinal)]);
        InputCount = _arrays.Count;
        if (targets.Length > 0) AddTarget(targets);
    }

    /// <summary>The arrays, inputs first; behind them that of the targets, if there are any.</summary>
    public IReadOnlyList<ArrayPlan> Arrays => _arrays;

    /// <summary>The number of inputs.</summary>
    public int InputCount { get; }

    /// <summary>The cells of a row, in the order in which they are read.</summary>
    public IReadOnlyList<RowStep> Steps => _steps;

    /// <summary>The names of the columns of <see cref="Steps"/>.</summary>
    public IReadOnlyList<string> Columns => [.. _steps.Select(step => step.Reader.Column)];

    /// <summary>The readers of all columns that are read.</summary>
    public IEnumerable<CellReader> Readers => _readers.Values;

    /// <summary>The names of the features, input after input; known when nothing is left to learn.</summary>
    public IReadOnlyList<string> FeatureNames => [.. _steps.Where(step => step.Array < InputCount).SelectMany(step => step.Reader.Names)];

    /// <summary>The reader of a column.</summary>
    public CellReader? ReaderOf(string column) => _readers.GetValueOrDefault(column);

    /// <summary>Gives each cell its place, when nothing is left to learn.</summary>
    public void Place()
    {
        foreach (var step in _steps) step.Place(_arrays[step.Array]);
    }

    private void AddInput(string? name, IReadOnlyList<string> names)
    {
        var place = name is null ? "The features" : $"Input '{name}'";
        string[] columns = [.. names.SelectMany(_header.ColumnsOf)];
        if (columns.Length == 0) throw new ModelException($"{place} of TableOptions: there are no columns. Name at least one that is no target.");
        var text = columns.FirstOrDefault(column => KindOf(column) == ColumnKind.Text);
        if (text is not null && columns.Any(column => KindOf(column) != ColumnKind.Text))
            throw new ModelException($"{place} of TableOptions: text ('{text}') stands beside numbers. Give it an input of its own in TableOptions.Inputs.");
        Add(new(name, text is null ? ArrayKind.Floats : ArrayKind.Texts), columns);
    }

    private void AddTarget(string[] columns)
    {
        var first = columns[0];
        if (columns.FirstOrDefault(column => KindOf(column) == ColumnKind.Text) is { } text)
            throw new ModelException($"Target '{text}' of TableOptions is text. Use TableColumn.Category() for class indices.");
        var isLabel = KindOf(first) is ColumnKind.Category or ColumnKind.Integer;
        if (isLabel && columns.Length > 1)
            throw new ModelException($"Target '{first}' of TableOptions is a class index, which has no targets beside it. Use TableColumn.OneHot() or Number.");
        if (isLabel && ReaderFor(first).Missing.Kind is MissingKind.Filled or MissingKind.Mean)
            throw new ModelException($"Target '{first}' of TableOptions is a class index, which no number fills. Use MissingValues.SkipRow.");
        Add(new(null, isLabel ? ArrayKind.Labels : ArrayKind.Floats), columns);
    }

    private void Add(ArrayPlan array, IReadOnlyList<string> columns)
    {
        foreach (var column in columns) _steps.Add(new(ReaderFor(column), _arrays.Count));
        _arrays.Add(array);
    }

    private ColumnKind KindOf(string column) => _kinds.TryGetValue(column, out var kind) ? kind.Kind : ColumnKind.Number;

    private CellReader ReaderFor(string column)
    {
        if (_readers.TryGetValue(column, out var known)) return known;
        var kind = _kinds.TryGetValue(column, out var given) ? given : TableColumn.Number;
        var missing = kind.Missing ?? _options.Missing;
        if (missing.Kind == MissingKind.Mean && kind.Kind is ColumnKind.Category or ColumnKind.OneHot)
            throw new ModelException($"Column '{column}' of TableOptions holds words, which have no mean. Give it another Missing, or numOovIndices: 1.");
        return _readers[column] = kind.Kind switch
        {
            ColumnKind.Number => new NumberCell(column, missing, _options.Point, _options.GroupSeparator),
            ColumnKind.Integer => new IntegerCell(column, missing),
            ColumnKind.Text => new TextCell(column, missing),
            ColumnKind.Date => new DateCell(column, missing, kind.Parts, kind.Format),
            _ => new CategoryCell(column, missing, kind),
        };
    }
}
