using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional;

/// <summary>The summary table of a model, as Keras draws it and as HTML.</summary>
internal static class Summaries
{
    /// <summary>In a narrower window a table is not broken to fit: its columns would be of a few letters.</summary>
    private const int LeastWindow = 40;

    public static string Table(Model model, SummaryOptions options)
    {
        var (columns, rows) = SummaryRows.Of(model, options);
        var text = new StringBuilder();
        text.AppendLine(Title(model));
        Draw(columns, rows, options, text);
        return text.AppendJoin(Environment.NewLine, Totals(model, options).Select(line => " " + line)).ToString();
    }

    /// <summary>The table for the console: on a terminal in color, and not wider than its window.</summary>
    public static string ForConsole(Model model, SummaryOptions options)
    {
        if (Console.IsOutputRedirected) return Table(model, options);
        var colors = options with { HasColors = Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 } };
        if (options.LineLength is not null || TerminalWindow.Columns is not { } window) return Table(model, colors);
        var (columns, rows) = SummaryRows.Of(model, options);
        var isTooWide = Contents(columns, rows).Sum() + SummaryOptions.Borders(columns.Count) > window && window >= LeastWindow;
        return Table(model, isTooWide ? colors with { LineLength = window } : colors);
    }

    private static int[] Contents(IReadOnlyList<SummaryColumn> columns, IReadOnlyList<string[]> rows) =>
        [.. columns.Select((column, i) => Math.Max(column.Header.Length, rows.Select(row => row[i].Length).DefaultIfEmpty(0).Max()))];

    public static void WriteHtml(Model model, HtmlWriter html)
    {
        var options = new SummaryOptions();
        var (columns, rows) = SummaryRows.Of(model, options);
        html.Paragraph(Title(model));
        html.Table([.. columns.Select(column => column.Header)], rows, numbers: [2]);
        html.Lines(string.Join('\n', Totals(model, options)));
    }

    private static string Title(Model model) => $"Model: \"{model.Name}\"";

    private static IEnumerable<string> Totals(Model model, SummaryOptions options)
    {
        var trainable = model.TrainableWeights.Distinct().Sum(weight => (long)weight.Length);
        var total = model.CountParams();
        yield return $"Total params: {Count(total + (model.OptimizerParams ?? 0))}";
        yield return $"Trainable params: {Count(trainable)}";
        yield return $"Non-trainable params: {Count(total - trainable)}";
        if (model.OptimizerParams is { } optimizer) yield return $"Optimizer params: {Count(optimizer)}";
        if (options.ShowMacs && model.IsBuilt) yield return $"Multiply-adds for one sample: {SummaryRows.MacsOf(model)}";
        if (options.ShowActivationMemory && model.IsBuilt) yield return $"Outputs of layers for one sample: {SummaryRows.ActivationsOf(model)}";
    }

    /// <summary>A number of parameters and the memory they take as float32.</summary>
    private static string Count(long parameters) => $"{SummaryRows.Number(parameters)} ({SummaryRows.Bytes(4.0 * parameters)})";

    private static void Draw(IReadOnlyList<SummaryColumn> columns, IReadOnlyList<string[]> rows, SummaryOptions options, StringBuilder text)
    {
        var widths = options.Widths(Contents(columns, rows));
        Border('┏', '━', '┳', '┓');
        Row([.. columns.Select(column => column.Header)], '┃', isHeader: true);
        Border('┡', '━', '╇', '┩');
        for (var i = 0; i < rows.Count; i++)
        {
            Row(rows[i], '│', isHeader: false);
            if (i < rows.Count - 1) Border('├', '─', '┼', '┤');
        }

        Border('└', '─', '┴', '┘');

        void Border(char left, char middle, char cross, char right)
        {
            text.Append(left);
            for (var column = 0; column < columns.Count; column++)
                text.Append(middle, widths[column] + 2).Append(column < columns.Count - 1 ? cross : right);
            text.AppendLine();
        }

        void Row(string[] cells, char bar, bool isHeader)
        {
            var lines = cells.Select((cell, column) => Broken(cell, widths[column])).ToArray();
            for (var line = 0; line < lines.Max(cell => cell.Count); line++)
            {
                for (var column = 0; column < columns.Count; column++)
                {
                    var cell = Aligned(line < lines[column].Count ? lines[column][line] : "", widths[column], columns[column].Side);
                    text.Append(bar).Append(' ').Append(options.HasColors ? Colored(cell, columns[column].Color, isHeader) : cell).Append(' ');
                }

                text.Append(bar).AppendLine();
            }
        }
    }

    private static string Colored(string cell, int color, bool isHeader) => isHeader
        ? $"\u001b[1m{cell}\u001b[0m"
        : string.Create(CultureInfo.InvariantCulture, $"\u001b[38;5;{color}m{cell}\u001b[0m");

    private static string Aligned(string cell, int width, ColumnSide side) => side switch
    {
        ColumnSide.Left => cell.PadRight(width),
        ColumnSide.Right => cell.PadLeft(width),
        _ => cell.PadLeft((width + cell.Length) / 2).PadRight(width),
    };

    /// <summary>A cell's lines: broken at spaces if there are any, otherwise anywhere. Nothing is cut.</summary>
    private static List<string> Broken(string cell, int width)
    {
        var lines = new List<string>();
        var rest = cell;
        while (rest.Length > width)
        {
            var space = rest.LastIndexOf(' ', width);
            var length = space > 0 && rest[..space].Trim().Length > 0 ? space : width;
            lines.Add(rest[..length]);
            rest = rest[length..].TrimStart();
        }

        lines.Add(rest);
        return lines;
    }
}
