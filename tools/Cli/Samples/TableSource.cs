using System.Globalization;
using System.Text;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Samples;

/// <summary>A CSV or TSV table: columns of numbers are one input, each column of text is another.</summary>
internal sealed class TableSource : DataSource
{
    private const int MostWords = 1000;
    private const int FewestWords = 4;

    private readonly CsvTable _table;
    private readonly bool _hasNames;
    private readonly HashSet<string> _names;
    private readonly Lazy<Dictionary<string, TableColumn>> _columns;

    public TableSource(string path, DataOptions options)
        : base(path, options)
    {
        try
        {
            var separator = options.Separator ?? SeparatorOf(path);
            _hasNames = options.HasHeader && !BeginsWithData(path, separator);
            _table = CsvTable.Read(path, _hasNames, separator, options.HasQuotes ? '"' : null);
        }
        catch (DataException wrong)
        {
            // What a program passes is an option here.
            throw new DataException(
                wrong.Message.Replace("Set hasHeader: false", "Pass --no-header", StringComparison.Ordinal)
                    .Replace("set hasHeader: false", "pass --no-header", StringComparison.Ordinal)
                    .Replace("set quote: null", "pass --no-quotes", StringComparison.Ordinal),
                wrong);
        }

        _names = new(_table.Columns, StringComparer.Ordinal);
        _columns = new(() => TableColumn.Load(_table, [.. Free(null)]).ToDictionary(column => column.Name, StringComparer.Ordinal));
        foreach (var name in options.Ignored) Require(name, "--ignore");
        if (options.Target is { } target) Require(target, "--target");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Feature> Features()
    {
        var (numbers, words) = (new List<string>(), new List<TableColumn>());
        foreach (var column in Free(RequiredTarget(null, [])).Select(Column))
        {
            if (column.IsEmpty) throw Misfit($"has nothing in column '{column.Name}'. Leave it out with --ignore {column.Name}.");
            if (column.Slip is { } row)
            {
                throw new DataException(
                    $"'{Path}', row {row + 1}, column '{column.Name}': '{column.TextAt(row)}' is not a number, as most cells of the column are. Correct it, "
                    + $"or leave the column out with --ignore {column.Name}.");
            }

            if (column.IsNumeric) numbers.Add(column.Name);
            else words.Add(column);
        }

        if (numbers.Count + words.Count == 0) throw Misfit($"has only column '{Options.Target}', the target; expected columns to predict it from.");
        HashSet<string> taken = numbers.Count > 0 ? ["numbers"] : [];
        return
        [
            .. numbers.Count > 0 ? [new Feature(new("numbers", false, [numbers.Count]), FeatureKind.Numbers, numbers)] : Array.Empty<Feature>(),
            .. words.Select(column => new Feature(new(LayerNames.Of(column.Name, taken), true, [1]), KindOf(column), [column.Name])),
        ];
    }

    /// <inheritdoc/>
    public override LoadedData Load(DataRequest request)
    {
        var target = request.WithTargets ? RequiredTarget(request.Description, request.Inputs) : Options.Target;
        if (request is { WithTargets: true, Outputs.Count: > 1 })
            throw Misfit($"gives one target, but the model has {request.Outputs.Count} outputs. Use an .npz file with an array for each.");
        InputColumns[] inputs = [.. request.Inputs.Select(input => new InputColumns(input.Name, ColumnsOf(input, request, target)))];
        var kept = Kept(request, inputs, request.WithTargets ? Column(target!) : null);
        var x = new NDArrays();
        foreach (var (input, columns) in request.Inputs.Zip(inputs, (input, columns) => (input, columns.Columns.Select(Column).ToArray())))
        {
            int[] shape = [kept.Length, .. input.Sample.Count == 0 ? [] : input.Sample.Select(dim => dim ?? columns.Length)];
            x[input.Name] = input.IsText
                ? NDArray.Create<string>([.. kept.SelectMany(row => columns.Select(column => column.TextAt(row)))], ShapeOf(shape))
                : NDArray.Create<float>([.. kept.SelectMany(row => columns.Select(column => column.NumberAt(row)))], ShapeOf(shape));
        }

        var targets = request.WithTargets ? [TableTargets.Of(Column(target!), kept, Options.Task, request)] : Array.Empty<Target>();
        return new(x, targets, null) { Columns = inputs };
    }

    private static Shape ShapeOf(int[] dims) => Shape.Create([.. dims.Select(dim => (int?)dim)]);

    /// <summary>A tab if the first line has any, which texts hardly hold; otherwise a comma or a semicolon, what stands there more often.</summary>
    private static char SeparatorOf(string path)
    {
        Span<int> counts = stackalloc int[3];
        ReadOnlySpan<byte> separators = ",;\t"u8;
        var quoted = false;
        foreach (var character in DataKinds.Start(path))
        {
            if (character is (byte)'\n' or (byte)'\r' && !quoted) break;
            if (character == (byte)'"') quoted = !quoted;
            else if (!quoted && separators.IndexOf(character) is >= 0 and var index) counts[index]++;
        }

        return counts[2] > 0 ? '\t' : counts[1] > counts[0] ? ';' : ',';
    }

    /// <summary>Whether the first line is numbers, two of them equal: names of columns differ.</summary>
    private static bool BeginsWithData(string path, char separator)
    {
        var text = Encoding.UTF8.GetString(DataKinds.Start(path));
        var end = text.AsSpan().IndexOfAny('\n', '\r');
        if (end < 0) return false;
        var cells = text[..end].Split(separator, StringSplitOptions.TrimEntries);
        return Array.TrueForAll(cells, cell => float.TryParse(cell, CultureInfo.InvariantCulture, out _)) && cells.Distinct().Count() < cells.Length;
    }

    private TableColumn Column(string name) =>
        _columns.Value.TryGetValue(name, out var column) ? column : _columns.Value[name] = TableColumn.Load(_table, [name])[0];

    /// <summary>The columns that are neither the target nor ignored.</summary>
    private IEnumerable<string> Free(string? target) => _table.Columns.Where(name => name != target && !Options.Ignored.Contains(name));

    private string RequiredTarget(DataDescription? description, IReadOnlyList<TensorInfo> inputs)
    {
        if (Options.Target is { } given) return given;
        if (description is not null && _names.Contains(description.Target)) return description.Target;

        // Without names, the one column more than the model takes is the last, where labels stand.
        string[] free = [.. Free(null)];
        if (!_hasNames && inputs is [{ Size: { } size }] && free.Length == size + 1) return free[^1];
        throw Misfit($"has the columns {Listed(_table.Columns)}. Name the one to predict with --target.");
    }

    private string[] ColumnsOf(TensorInfo input, DataRequest request, string? target)
    {
        if (request.ColumnsOf(input.Name) is { } known)
        {
            foreach (var name in known)
            {
                if (!_names.Contains(name))
                    throw Misfit($"has no column '{name}', which the model takes. It has {Listed(_table.Columns)}.{Nearest.Question(name, _table.Columns)}");
            }

            return [.. known];
        }

        if (request.Inputs.All(each => each.Size is 1 or null && _names.Contains(each.Name))) return [input.Name];
        if (request.Inputs.Count > 1)
        {
            var missing = request.Inputs.First(each => !_names.Contains(each.Name));
            throw Misfit(
                $"has no column for input '{missing.Name}': a model of several inputs takes columns of their names, "
                + $"{Listed([.. request.Inputs.Select(each => each.Name)])}. Rename the columns, or use an .npz file with an array for each input.");
        }

        string[] columns = [.. Free(target)];
        return input.Size is null || input.Size == columns.Length
            ? columns
            : throw Misfit(
                $"has {columns.Length} columns{(target is null ? "" : $" besides '{target}'")} ({Listed(columns)}), but input {input} takes {input.Size} "
                + "numbers. " + (columns.Length > input.Size ? "Leave some out with --ignore." : "Use the table that the model was made for."));
    }

    /// <summary>The rows that have all numbers they need.</summary>
    private int[] Kept(DataRequest request, InputColumns[] inputs, TableColumn? target)
    {
        TableColumn[] needed =
        [
            .. request.Inputs.Zip(inputs).Where(pair => !pair.First.IsText).SelectMany(pair => pair.Second.Columns).Select(Column),
            .. target is null ? Array.Empty<TableColumn>() : [target],
        ];
        var kept = new List<int>();
        for (var row = 0; row < _table.Rows; row++)
        {
            if (Array.Find(needed, column => column.IsMissing(row)) is not { } missing) kept.Add(row);
            else if (!Options.DropsMissing) throw Missing(missing, row);
        }

        return kept.Count > 0 ? [.. kept] : throw Misfit("has no row in which nothing is missing. Leave columns with gaps out with --ignore.");
    }

    private DataException Missing(TableColumn column, int row)
    {
        var sentence = $"'{Path}', row {row + 1}, column '{column.Name}': the value is missing.";
        try
        {
            if (column.IsNumeric) column.NumberAt(row);
        }
        catch (DataException located) when (located.Message.StartsWith('\''))
        {
            sentence = located.Message;
        }
        catch (DataException)
        {
            // It has no line to name.
        }

        return new DataException(sentence + (Options.DropsMissing ? "" : " In train and evaluate, --drop-missing leaves such rows out."));
    }

    /// <summary>Words that occur again and again are categories; longer texts that hardly do are text.</summary>
    private FeatureKind KindOf(TableColumn column)
    {
        string[] texts = [.. Enumerable.Range(0, _table.Rows).Select(column.TextAt)];
        var different = texts.Distinct(StringComparer.Ordinal).Count();
        if (different > texts.Length / 2 && texts.Average(WordsIn) >= FewestWords) return FeatureKind.Text;
        return different <= MostWords
            ? FeatureKind.Word
            : throw Misfit(
                $"has more than {MostWords} different words in column '{column.Name}', too many to be categories. Leave it out with --ignore {column.Name}.");

        static int WordsIn(string text) => text.AsSpan().Count(' ') + 1;
    }

    private void Require(string name, string option)
    {
        if (_names.Contains(name)) return;
        throw Misfit($"has no column '{name}', which {option} names.{Nearest.Question(name, _table.Columns)} It has {Listed(_table.Columns)}.");
    }

    private static string Listed(IReadOnlyList<string> names) => string.Join(", ", names.Take(20)) + (names.Count > 20 ? ", ..." : "");
}
