using System.Globalization;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>The picture's graph of a model: one box for each layer, however often it is called, and one for each bare operator.</summary>
internal sealed class ModelGraph
{
    /// <summary>Layers whose inputs can be exchanged, so that their ports need no numbers.</summary>
    private static readonly HashSet<string> s_symmetric = ["Add", "Average", "Maximum", "Minimum", "Multiply", "Mul", "Sum", "Max", "Min", "Mean"];

    private static readonly HashSet<string> s_activations =
    [
        "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Sigmoid", "HardSigmoid", "HardSwish", "Swish",
        "Mish", "Tanh", "Softplus", "Softsign", "LogSoftmax", "ThresholdedRelu", "Clip", "Erf",
    ];

    private static readonly PlotOptions s_everything = new(ShowShapes: true, ShowDtype: true, ShowLayerActivations: true, ShowTrainable: true);

    private readonly Model _model;
    private readonly PlotOptions _options;
    private readonly PlotGraph _graph = new();

    /// <summary>Which port gives a tensor of the model.</summary>
    private readonly Dictionary<Value, PlotPort> _sources = [];

    private ModelGraph(Model model, PlotOptions options) => (_model, _options) = (model, options);

    /// <summary>The graph of a model.</summary>
    /// <exception cref="ModelException">The model is not built.</exception>
    public static PlotGraph Of(Model model, PlotOptions options)
    {
        if (!model.IsBuilt) throw model.NotBuilt();
        return new ModelGraph(model, options).Build(calls: 1);
    }

    private PlotGraph Build(int calls)
    {
        foreach (var steps in _model.StepsByLayer) AddBox(steps);
        foreach (var steps in _model.StepsByLayer) AddEdges(steps);
        foreach (var output in _model.Outputs)
        {
            if (_sources.TryGetValue(output.Value, out var source)) source.Box.IsOutput = true;
        }

        for (var call = 0; call < calls; call++)
        {
            foreach (var input in _model.Inputs) _graph.Entries.Add([new PlotPort(_sources[input.Value].Box, 0)]);
            foreach (var output in _model.Outputs) _graph.Exits.Add([_sources[output.Value]]);
        }

        return _graph;
    }

    private void AddBox(IReadOnlyList<ModelStep> calls)
    {
        var first = calls[0];
        var inner = _options.ExpandNested && first.Layer is Model { IsBuilt: true } nested ? new ModelGraph(nested, _options).Build(calls.Count) : null;
        var className = first.Layer?.ClassName ?? first.Node!.Op.Name;
        int inputs = calls.Sum(step => step.Inputs.Count), outputs = calls.Sum(step => step.Outputs.Count);
        var isOrdered = first.Inputs.Count > 1 && !s_symmetric.Contains(className);
        var box = new PlotBox
        {
            Name = first.Name,
            Kind = KindOf(first, className),
            Lines = [Heading(first.Name, className), .. Lines(calls, _options)],
            Signature = string.Join('\n', [className, .. Lines(calls, s_everything), (first.Layer?.CountParams() ?? 0).ToString(CultureInfo.InvariantCulture)]),
            // An input of a frame's inner model has a port that the frame's edge leads to.
            Inputs = first.IsInput ? 1 : inputs,
            Outputs = outputs,
            InputLabels = PortLabels(calls, step => step.Inputs.Count, isOrdered),
            OutputLabels = PortLabels(calls, step => step.Outputs.Count, first.Outputs.Count > 1),
            Inner = inner,
        };
        _graph.Boxes.Add(box);
        var port = 0;
        foreach (var output in calls.SelectMany(step => step.Outputs)) _sources.TryAdd(output, new PlotPort(box, port++));
    }

    private void AddEdges(IReadOnlyList<ModelStep> calls)
    {
        if (!_sources.TryGetValue(calls[0].Outputs[0], out var own)) return;
        var box = own.Box;
        var port = 0;
        foreach (var input in calls.SelectMany(step => step.Inputs))
        {
            if (_sources.TryGetValue(input, out var source)) _graph.Edges.Add(new PlotEdge(source.Box, source.Port, box, port));
            port++;
        }
    }

    /// <summary>Numbers of calls, of tensors, or of both.</summary>
    private static List<string> PortLabels(IReadOnlyList<ModelStep> calls, Func<ModelStep, int> count, bool isOrdered)
    {
        if (calls.Count == 1 && !isOrdered) return [];
        var labels = new List<string>();
        for (var call = 0; call < calls.Count; call++)
        {
            for (var i = 0; i < count(calls[call]); i++)
            {
                labels.Add(calls.Count == 1
                    ? i.ToString(CultureInfo.InvariantCulture)
                    : isOrdered ? string.Create(CultureInfo.InvariantCulture, $"{call}.{i}") : call.ToString(CultureInfo.InvariantCulture));
            }
        }

        return labels;
    }

    private string Heading(string name, string className) => _options.ShowLayerNames ? $"{name} ({className})" : className;

    private static List<string> Lines(IReadOnlyList<ModelStep> calls, PlotOptions options)
    {
        var lines = new List<string>();
        var layer = calls[0].Layer;
        if (options.ShowLayerActivations && ActivationOf(layer) is { } activation) lines.Add("Activation: " + activation);
        if (options.ShowShapes)
        {
            if (!calls[0].IsInput) lines.Add("Input shape: " + Shapes(calls, step => step.Inputs));
            lines.Add("Output shape: " + Shapes(calls, step => step.Outputs));
        }

        if (options.ShowDtype) lines.Add("Output dtype: " + Distinct(calls.SelectMany(step => step.Outputs), value => value.Spec.Type.KerasName()));
        if (options.ShowTrainable && layer is not null) lines.Add(layer.Trainable ? "Trainable" : "Non-trainable");
        return lines;
    }

    /// <summary>The shapes of one call; of all calls where they differ.</summary>
    private static string Shapes(IReadOnlyList<ModelStep> calls, Func<ModelStep, IReadOnlyList<Value>> values) =>
        string.Join("; ", calls.Select(step => string.Join(", ", values(step).Select(value => value.Spec.Shape.ToString()))).Distinct());

    private static string Distinct(IEnumerable<Value> values, Func<Value, string> text) => string.Join(", ", values.Select(text).Distinct());

    private static string? ActivationOf(LayerBase? layer) => layer?.GetType().GetProperty("Activation")?.GetValue(layer) switch
    {
        Activation activation => activation.Name,
        _ => null,
    };

    private static BoxKind KindOf(ModelStep step, string className) => step switch
    {
        { IsInput: true } => BoxKind.Input,
        { Layer: Model } => BoxKind.Model,
        _ => KindOf(className, step.Inputs.Count, step.Layer is { Weights.Count: > 0 }),
    };

    /// <summary>What a layer or an operator is.</summary>
    /// <param name="className">Its class in Keras' words, or its type in ONNX's.</param>
    /// <param name="inputs">How many tensors it reads.</param>
    /// <param name="hasWeights">Whether it has weights.</param>
    public static BoxKind KindOf(string className, int inputs, bool hasWeights) =>
        className.Contains("Normalization", StringComparison.Ordinal) ? BoxKind.Normalization
        : s_activations.Contains(className) ? BoxKind.Activation
        : hasWeights ? BoxKind.Weights
        : inputs > 1 ? BoxKind.Merge
        : BoxKind.Other;
}
