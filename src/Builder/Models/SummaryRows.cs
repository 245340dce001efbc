using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxFunctional;

/// <summary>A column of a summary.</summary>
internal sealed record SummaryColumn(string Header, ColumnSide Side, int Color);

/// <summary>Where a cell's text stands.</summary>
internal enum ColumnSide
{
    Left,
    Right,
    Middle,
}

/// <summary>The cells of a summary: a row for each layer and each bare operator.</summary>
internal sealed class SummaryRows
{
    private readonly Model _model;
    private readonly SummaryOptions _options;
    private readonly bool _hasConnections;

    private SummaryRows(Model model, SummaryOptions options) => (_model, _options, _hasConnections) = (model, options, !IsStraight(model));

    /// <summary>The columns and rows of a model.</summary>
    /// <exception cref="ModelException">No layer has a name that a pattern of the range asks for, or a pattern is none.</exception>
    public static (IReadOnlyList<SummaryColumn> Columns, IReadOnlyList<string[]> Rows) Of(Model model, SummaryOptions options)
    {
        var summary = new SummaryRows(model, options);
        return (summary.Columns(), summary.Rows());
    }

    /// <summary>A number with separators.</summary>
    public static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Bytes in the unit that suits them, as Keras writes them.</summary>
    public static string Bytes(double bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var unit = 0;
        for (; bytes >= 1024 && unit < units.Length - 1; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:F2} {units[unit]}");
    }

    /// <summary>The multiply-adds of a whole model for one sample.</summary>
    public static string MacsOf(Model model) => Text(LayerCosts.MultiplyAddsOf(model), Number);

    /// <summary>The bytes of all outputs of layers for one sample.</summary>
    public static string ActivationsOf(Model model) => Text(LayerCosts.ActivationBytesOf(model), Bytes);

    /// <summary>Whether every layer reads the one before, and no other: Keras then leaves out the connections.</summary>
    private static bool IsStraight(Model model)
    {
        if (!model.IsBuilt) return true;
        if (model.Inputs.Count > 1 || model.Outputs.Count > 1) return false;
        var steps = model.Steps;
        for (var i = 1; i < steps.Count; i++)
        {
            if (steps[i].Inputs.Count != 1 || !steps[i - 1].Produces(steps[i].Inputs[0])) return false;
        }

        return steps.Where(step => step.Layer is not null).DistinctBy(step => step.Layer).Count() == steps.Count(step => step.Layer is not null);
    }

    private List<SummaryColumn> Columns()
    {
        List<SummaryColumn> columns =
            [new("Layer (type)", ColumnSide.Left, 33), new("Output Shape", ColumnSide.Left, 45), new("Param #", ColumnSide.Right, 34)];
        if (_options.ShowMacs) columns.Add(new("MACs", ColumnSide.Right, 34));
        if (_options.ShowActivationMemory) columns.Add(new("Activations", ColumnSide.Right, 34));
        if (_hasConnections) columns.Add(new("Connected to", ColumnSide.Left, 39));
        if (_options.ShowTrainable) columns.Add(new("Trainable", ColumnSide.Middle, 39));
        return columns;
    }

    private List<string[]> Rows()
    {
        if (!_model.IsBuilt)
        {
            IEnumerable<(string Name, LayerBase Layer)> layers = _model.LayersToCome.Select(layer => (layer.Name, layer)).DefaultIfEmpty((_model.Name, _model));
            return [.. InRange([.. layers]).Select(layer => Row("", layer.Name, layer.Layer.ClassName, "?", "0 (unbuilt)", "?", "?", "?", layer.Layer))];
        }

        var rows = new List<string[]>();
        Add(_model, nesting: 0, InRange([.. _model.StepsByLayer.Select(steps => (steps[0].Name, steps))]), rows);
        return rows;
    }

    private void Add(Model model, int nesting, IEnumerable<(string Name, IReadOnlyList<ModelStep> Steps)> layers, List<string[]> rows)
    {
        var names = model.Steps
            .SelectMany(step => step.Outputs.Select((value, i) => (value, step, i)))
            .DistinctBy(entry => entry.value)
            .ToDictionary(entry => entry.value, entry => (entry.step, entry.i));
        var numbers = model.StepsByLayer.SelectMany(steps => steps.Select((step, i) => (step, i))).ToDictionary(entry => entry.step, entry => entry.i);
        var costs = LayerCosts.Of(model);
        foreach (var (name, steps) in layers)
        {
            var layer = steps[0].Layer;
            var sources = steps.SelectMany(step => step.Inputs).Where(names.ContainsKey).Select(input => Connection(names[input]));
            rows.Add(Row(
                nesting == 0 ? "" : new string(' ', 3 * nesting) + "\u2514 ",
                name,
                layer?.ClassName ?? steps[0].Node!.Op.Name,
                string.Join(", ", steps[0].Outputs.Select(output => output.Spec.Shape.ToString())),
                Number(layer?.Weights.Sum(weight => (long)weight.Length) ?? 0),
                Text(costs.MultiplyAdds(steps), Number),
                Text(LayerCosts.ActivationBytes(steps), Bytes),
                string.Join(", ", sources) is { Length: > 0 } connections ? connections : "-",
                layer));
            if (_options.ExpandNested && layer is Model { IsBuilt: true } nested)
                Add(nested, nesting + 1, nested.StepsByLayer.Select(inner => (inner[0].Name, inner)), rows);
        }

        // Keras' form: which call of the layer, and which of its outputs.
        string Connection((ModelStep Step, int Output) source) =>
            string.Create(CultureInfo.InvariantCulture, $"{source.Step.Name}[{numbers[source.Step]}][{source.Output}]");
    }

    private string[] Row(
        string prefix,
        string name,
        string className,
        string shape,
        string parameters,
        string macs,
        string activations,
        string connections,
        LayerBase? layer)
    {
        List<string> cells = [$"{prefix}{name} ({className})", shape, parameters];
        if (_options.ShowMacs) cells.Add(macs);
        if (_options.ShowActivationMemory) cells.Add(activations);
        if (_hasConnections) cells.Add(connections);
        if (_options.ShowTrainable) cells.Add(layer is not { Weights.Count: > 0 } ? "-" : layer.Trainable ? "Y" : "N");
        return [.. cells];
    }

    /// <summary>A number as text; a question mark if it is not known.</summary>
    public static string Text(double value, Func<double, string> write) => double.IsNaN(value) ? "?" : write(value);

    /// <summary>The rows from the first layer whose name begins with a pattern to the last that does so with the other.</summary>
    private IEnumerable<(string Name, T Layer)> InRange<T>(List<(string Name, T Layer)> layers)
    {
        if (_options.LayerRange is not { } range) return layers;
        var first = layers.FindIndex(layer => Begins(layer.Name, range.First));
        var last = layers.FindLastIndex(layer => Begins(layer.Name, range.Last));
        return first >= 0 && last >= first ? layers.Take(last + 1).Skip(first) : throw new ModelException(
            $"Summary: layerRange is ({range.First}, {range.Last}), and the model '{_model.Name}' has no such layers in that order. "
            + $"It has {string.Join(", ", layers.Take(5).Select(layer => layer.Name))}{(layers.Count > 5 ? ", ..." : "")}.");

        static bool Begins(string name, string pattern)
        {
            try
            {
                return Regex.Match(name, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)) is { Success: true, Index: 0 };
            }
            catch (ArgumentException unreadable)
            {
                throw new ModelException($"Summary: layerRange has '{pattern}', which is no regular expression: {unreadable.Message}", unreadable);
            }
        }
    }
}
