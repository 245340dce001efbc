namespace OnnxFunctional.Training.Data;

/// <summary>Which columns go to which place of which array.</summary>
internal sealed class RowPlan
{
    private readonly CsvOptions _options;
    private readonly Dictionary<string, CellReader> _readers = new(StringComparer.Ordinal);
    private readonly List<ArrayPlan> _arrays = [];
    private readonly List<RowStep> _steps = [];

    /// <param name="options">The columns wanted.</param>
    /// <param name="header">The columns of the first file.</param>
    /// <exception cref="ArgumentException">A column is not in the file.</exception>
    /// <exception cref="ModelException">Columns of one array do not go together.</exception>
    public RowPlan(CsvOptions options, CsvHeader header)
    {
        _options = options;
        foreach (var column in options.Columns.Keys.Concat(options.Targets)) header.IndexOf(column);
        var targets = new HashSet<string>(options.Targets, StringComparer.Ordinal);
        foreach (var (name, columns) in options.Inputs) AddInput(name, columns, header);
        if (options.Inputs.Count == 0) AddInput(null, options.Features ?? [.. header.Names.Where(name => !targets.Contains(name))], header);
        InputCount = _arrays.Count;
        if (options.Targets.Count > 0) AddTarget();
    }

    /// <summary>The arrays, inputs first; behind them that of the targets, if there are any.</summary>
    public IReadOnlyList<ArrayPlan> Arrays => _arrays;

    /// <summary>The number of inputs.</summary>
    public int InputCount { get; }

    /// <summary>The cells of a row, in the order in which they are read.</summary>
    public IReadOnlyList<RowStep> Steps => _steps;

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

    private void AddInput(string? name, IReadOnlyList<string> columns, CsvHeader header)
    {
        var place = name is null ? "The features" : $"Input '{name}'";
        if (columns.Count == 0) throw new ModelException($"{place} of CsvOptions: there are no columns. Name at least one that is no target.");
        foreach (var column in columns) header.IndexOf(column);
        var text = columns.FirstOrDefault(column => KindOf(column) == ColumnKind.Text);
        if (text is not null && columns.Any(column => KindOf(column) != ColumnKind.Text))
            throw new ModelException($"{place} of CsvOptions: text ('{text}') stands beside numbers. Give it an input of its own in CsvOptions.Inputs.");
        Add(new(name, text is null ? ArrayKind.Floats : ArrayKind.Texts), columns);
    }

    private void AddTarget()
    {
        var (columns, first) = (_options.Targets, _options.Targets[0]);
        if (columns.FirstOrDefault(column => KindOf(column) == ColumnKind.Text) is { } text)
            throw new ModelException($"Target '{text}' of CsvOptions is text. Use CsvColumn.Category() for class indices.");
        var isLabel = KindOf(first) is ColumnKind.Category or ColumnKind.Integer;
        if (isLabel && columns.Count > 1)
            throw new ModelException($"Target '{first}' of CsvOptions is a class index, which has no targets beside it. Use CsvColumn.OneHot() or Number.");
        if (isLabel && ReaderOf(first, _options).Missing.Kind is MissingKind.Filled or MissingKind.Mean)
            throw new ModelException($"Target '{first}' of CsvOptions is a class index, which no number fills. Use MissingValues.SkipRow.");
        Add(new(null, isLabel ? ArrayKind.Labels : ArrayKind.Floats), columns);
    }

    private void Add(ArrayPlan array, IReadOnlyList<string> columns)
    {
        foreach (var column in columns) _steps.Add(new(ReaderOf(column, _options), _arrays.Count));
        _arrays.Add(array);
    }

    private ColumnKind KindOf(string column) => _options.Columns.TryGetValue(column, out var kind) ? kind.Kind : ColumnKind.Number;

    private CellReader ReaderOf(string column, CsvOptions options)
    {
        if (_readers.TryGetValue(column, out var known)) return known;
        var kind = options.Columns.TryGetValue(column, out var given) ? given : CsvColumn.Number;
        var missing = kind.Missing ?? options.Missing;
        if (missing.Kind == MissingKind.Mean && kind.Kind is ColumnKind.Category or ColumnKind.OneHot)
            throw new ModelException($"Column '{column}' of CsvOptions holds words, which have no mean. Give it another Missing, or numOovIndices: 1.");
        return _readers[column] = kind.Kind switch
        {
            ColumnKind.Number => new NumberCell(column, missing, options.Decimal, options.Thousands),
            ColumnKind.Integer => new IntegerCell(column, missing),
            ColumnKind.Text => new TextCell(column, missing),
            ColumnKind.Date => new DateCell(column, missing, kind.Parts, kind.Format),
            _ => new CategoryCell(column, missing, kind),
        };
    }
}
