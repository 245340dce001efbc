using System.Globalization;
using System.Text;

namespace OnnxFunctional;

/// <summary>Draws the summary table of a model as Keras does.</summary>
internal static class Summaries
{
    public static string Table(Model model)
    {
        var rows = new List<string[]>();
        rows.Add(["Layer (type)", "Output Shape", "Param #", "Connected to"]);
        if (!model.IsBuilt)
        {
            rows.AddRange(model.LayersToCome.Select(layer => new[] { $"{layer.Name} ({layer.ClassName})", "?", "0 (unbuilt)", "?" }));
            if (rows.Count == 1) rows.Add([$"{model.Name} ({model.ClassName})", "?", "0 (unbuilt)", "?"]);
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

        var trainable = model.TrainableWeights.Distinct().Sum(weight => (long)weight.Length);
        var total = model.CountParams();
        var text = new StringBuilder();
        text.Append("Model: \"").Append(model.Name).AppendLine("\"");
        Draw(rows, text);
        text.AppendLine(CultureInfo.InvariantCulture, $" Total params: {Count(total)}");
        text.AppendLine(CultureInfo.InvariantCulture, $" Trainable params: {Count(trainable)}");
        text.Append(CultureInfo.InvariantCulture, $" Non-trainable params: {Count(total - trainable)}");
        return text.ToString();
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
