using OnnxFunctional.Export.Emit;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Serving;

/// <summary>The outputs of a file: the model's, maybe without what makes probabilities of them, then those that are asked for in addition.</summary>
internal sealed class ServedOutputs
{
    private readonly Model _model;
    private readonly List<string> _problems;
    private readonly List<(string Name, Value Value)> _outputs = [];

    /// <param name="model">The model.</param>
    /// <param name="map">For values of the model, those that stand for them.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="problems">Receives what does not fit, a sentence each.</param>
    public ServedOutputs(Model model, IReadOnlyDictionary<Value, Value> map, ExportOptions options, List<string> problems)
    {
        (_model, _problems) = (model, problems);
        Value[] own = [.. model.Outputs.Select(output => map[output.Value])];
        var shown = options.Logits ? [.. own.Select(Logits)] : own;
        if (options.Logits && shown.SequenceEqual(own)) problems.Add("ExportOptions.Logits: no output ends in softmax or sigmoid; leave it out.");
        _outputs.AddRange(OnnxEmitter.OutputNames(model).Zip(shown));
        if (options.ExtraOutputs.Count > 0) AddLayers(map, options.ExtraOutputs);
        if (options.Classes is { } classes) AddClass(classes, own, options);
    }

    /// <summary>The outputs of the file.</summary>
    public IReadOnlyList<(string Name, Value Value)> OfFile => _outputs;

    /// <summary>What the probabilities of an output are computed from.</summary>
    private static Value Logits(Value output)
    {
        while (output.Producer.Op is Softmax or Sigmoid or Identity) output = output.Producer.Inputs[0];
        return output;
    }

    private void AddLayers(IReadOnlyDictionary<Value, Value> map, IReadOnlyList<string> paths)
    {
        var names = OnnxEmitter.ValueNames(_model, map).DistinctBy(named => named.Name).ToDictionary(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (!names.TryGetValue(path, out var value))
                _problems.Add($"ExportOptions.ExtraOutputs: there is no layer '{path}'; the model has {string.Join(", ", names.Keys)}.");
            else if (_outputs.All(output => output.Name != path))
                Add(path, value, "ExportOptions.ExtraOutputs");
        }
    }

    private void AddClass(ClassOutput classes, Value[] own, ExportOptions options)
    {
        var at = classes.Output is null ? (own.Length == 1 ? 0 : -1) : _model.OutputNames.ToList().IndexOf(classes.Output);
        if (at < 0 || own[at].Spec is not { Type: DType.Float32, Shape: { Rank: >= 2 } shape } || shape[^1] is not { } count)
        {
            var listed = string.Join(", ", _model.OutputNames.Select((name, i) => $"'{name}' {_model.Outputs[i].Shape}"));
            _problems.Add($"ExportOptions.Classes: expected an output of float32 with a known number of classes; the model gives {listed}. "
                + "Name one in ClassOutput.Output.");
            return;
        }

        var expected = Math.Max(count, 2);
        if (classes.Labels.Count != expected && (classes.Labels.Count > 0 || classes.AsText))
            _problems.Add($"ClassOutput.Labels has {classes.Labels.Count} names for {expected} classes; give as many.");
        if (classes.Labels.Count > 0 && options.Metadata.ContainsKey(LabelsKey))
            _problems.Add($"ExportOptions.Metadata and ClassOutput.Labels both give the entry '{LabelsKey}'; leave one of them out.");
        var scores = new SymbolicTensor(own[at]);
        var (index, score) = count == 1 ? OfOne(Ops.Squeeze(scores, -1)) : (Ops.ArgMax(scores), Ops.Max(scores, -1));
        Add("class", index.Value, "ExportOptions.Classes");
        Add("score", score.Value, "ExportOptions.Classes");
        if (classes.AsText) Add("label", Ops.Make(new WordsAt(classes.Labels, ""), index).Value, "ClassOutput.AsText");
    }

    /// <summary>The key of the names of classes in the metadata.</summary>
    public const string LabelsKey = "labels";

    /// <summary>The class and its score by the probability of class 1.</summary>
    private static (SymbolicTensor Index, SymbolicTensor Score) OfOne(SymbolicTensor probability) =>
        (Ops.Cast(Ops.GreaterEqual(probability, 0.5f), DType.Int64), Ops.Maximum(probability, 1f - probability));

    private void Add(string name, Value value, string option)
    {
        if (_outputs.Any(output => output.Name == name) || _model.InputNames.Contains(name))
            _problems.Add($"{option}: the model has an input or output '{name}' already; rename its layer.");
        else _outputs.Add((name, value));
    }
}
