using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional;

/// <summary>The summary table of a model, as Keras draws it and as HTML.</summary>
internal static class Summaries
{
    private static readonly ImmutableArray<string> s_header = ["Layer (type)", "Output Shape", "Param #", "Connected to"];

    public static string Table(Model model)
    {
        var text = new StringBuilder();
        text.AppendLine(Title(model));
        Draw([[.. s_header], .. Rows(model)], text);
        return text.AppendJoin(Environment.NewLine, Totals(model).Select(line => " " + line)).ToString();
    }

    public static void WriteHtml(Model model, HtmlWriter html)
    {
        html.Paragraph(Title(model));
        html.Table(s_header, Rows(model), numbers: [2]);
        html.Lines(string.Join('\n', Totals(model)));
    }

    private static string Title(Model model) => $"Model: \"{model.Name}\"";

    private static List<string[]> Rows(Model model)
    {
        var rows = new List<string[]>();
        if (!model.IsBuilt)
        {
            rows.AddRange(model.LayersToCome.Select(layer => new[] { $"{layer.Name} ({layer.ClassName})", "?", "0 (unbuilt)", "?" }));
            if (rows.Count == 0) rows.Add([$"{model.Name} ({model.ClassName})", "?", "0 (unbuilt)", "?"]);
        }

        var names = model.Steps
            .SelectMany(step => step.Outputs.Select((value, i) => (value, step, i)))
            .DistinctBy(entry => entry.value)
            .ToDictionary(entry => entry.value, entry => (entry.step, entry.i));
        foreach (var layer in model.Steps.GroupBy(step => (object?)step.Layer ?? step))
        {
            var steps = layer.ToList();
            var first = steps[0];
            var sources = steps.SelectMany(step => step.Inputs).Where(names.ContainsKey).Select(input => Connection(names[input], model));
            rows.Add([
                first.Name + " (" + (first.Layer?.ClassName ?? first.Node!.Op.Name) + ")",
                string.Join(", ", first.Outputs.Select(output => output.Spec.Shape.ToString())),
                Number(first.Layer?.Weights.Sum(weight => (long)weight.Length) ?? 0),
                string.Join(", ", sources) is { Length: > 0 } connections ? connections : "-",
            ]);
        }

        return rows;
    }

    private static string[] Totals(Model model)
    {
        var trainable = model.TrainableWeights.Distinct().Sum(weight => (long)weight.Length);
        var total = model.CountParams();
        return
        [
            $"Total params: {Count(total)}",
            $"Trainable params: {Count(trainable)}",
            $"Non-trainable params: {Count(total - trainable)}",
        ];
    }

    private static string Connection((ModelStep Step, int Output) source, Model model)
    {
        var call = source.Step.Layer is null ? 0 : model.Steps.Where(step => step.Layer == source.Step.Layer).ToList().IndexOf(source.Step);
        return string.Create(CultureInfo.InvariantCulture, $"{source.Step.Name}[{call}][{source.Output}]");
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number of parameters and the memory they take as float32.</summary>
    private static string Count(long parameters)
    {
        var bytes = parameters * 4.0;
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var unit = 0;
        for (; bytes >= 1024 && unit < units.Length - 1; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{Number(parameters)} ({bytes:F2} {units[unit]})");
    }

    private static void Draw(List<string[]> rows, StringBuilder text)
    {
        var columns = rows[0].Length;
        var widths = Enumerable.Range(0, columns).Select(column => rows.Max(row => row[column].Length)).ToArray();
        Line('┏', '━', '┳', '┓');
        Row(rows[0], '┃');
        Line('┡', '━', '╇', '┩');
        for (var i = 1; i < rows.Count; i++)
        {
            Row(rows[i], '│');
            if (i < rows.Count - 1) Line('├', '─', '┼', '┤');
        }

        Line('└', '─', '┴', '┘');

        void Line(char left, char middle, char cross, char right)
        {
            text.Append(left);
            for (var column = 0; column < columns; column++)
                text.Append(middle, widths[column] + 2).Append(column < columns - 1 ? cross : right);
            text.AppendLine();
        }

        void Row(string[] cells, char bar)
        {
            for (var column = 0; column < columns; column++)
            {
                var cell = column == 2 ? cells[column].PadLeft(widths[column]) : cells[column].PadRight(widths[column]);
                text.Append(bar).Append(' ').Append(cell).Append(' ');
            }

            text.Append(bar).AppendLine();
        }
    }
}
