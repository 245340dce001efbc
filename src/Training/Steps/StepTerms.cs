using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Training;

/// <summary>What a step computes before anything is minimized: the terms of the loss, metrics, and what layers set.</summary>
internal sealed class StepTerms
{
    private readonly CompiledTraining _compiled;
    private readonly HashSet<string> _logs = [];

    /// <param name="compiled">Model, losses, metrics.</param>
    /// <param name="targets">Shapes (with unknown batch size) and types of the targets, one per output.</param>
    /// <param name="weights">Shapes (with unknown batch size) of the sample weights: none, one array for all outputs, or one per output.</param>
    /// <param name="training">Whether the graph is that for training.</param>
    /// <param name="examines">Whether outputs of layers, terms of the loss and operators are kept, for a diagnosis or a profile.</param>
    /// <exception cref="ModelException">Targets do not fit predictions.</exception>
    public StepTerms(
        CompiledTraining compiled, IReadOnlyList<TensorSpec> targets, IReadOnlyList<TensorSpec> weights, bool training, bool examines = false)
    {
        _compiled = compiled;
        var model = compiled.Model;
        var inputs = model.Inputs.Select(tensor => tensor.Value).ToList();
        var yTrue = targets.Select((spec, i) => new InputLayer(spec.Shape, spec.Type, model.OutputNames[i] + "_target").Tensor).ToArray();
        var weighting = weights.Select((spec, i) => new InputLayer(spec.Shape, spec.Type, NameOfWeights(i)).Tensor).ToArray();
        Inputs = [.. inputs, .. yTrue.Select(tensor => tensor.Value), .. weighting.Select(tensor => tensor.Value)];

        Calls = model.Graph.Calls();
        var roots = model.Outputs.Select(output => output.Value)
            .Concat(model.Outputs.Where(output => output.Mask is not null).Select(output => output.Mask!.Value))
            .Concat(Calls.SelectMany(call => call.Losses))
            .Concat(Calls.SelectMany(call => call.Updates).Select(update => update.Value)).ToList();
        var layers = examines ? OnnxFunctional.Training.Examined.Layers(Calls, Graph.Between(inputs, roots)) : [];
        roots.AddRange(layers.Select(layer => layer.Value));
        (ModelStep Step, Value Value)[] operators = examines
            ? [.. from step in model.Steps where step.Node is not null from output in step.Outputs select (step, output)]
            : [];
        roots.AddRange(operators.Select(entry => entry.Value));
        var map = Specialization.Of(inputs, roots, training, compiled.Trains, rule: Preparation.Of);
        if (training && compiled.Precision.Type() is { } type)
        {
            var narrow = PrecisionRewrite.Of(type, inputs, [.. roots.Select(root => map[root])], [.. model.Outputs.Select(output => map[output.Value])]);
            map = roots.Distinct().ToDictionary(root => root, root => narrow[map[root]]);
        }

        Map = map;
        Examined.AddRange(layers.Select(layer => layer with { Value = map[layer.Value] }));
        Operators = Array.ConvertAll(operators, entry => (entry.Step, map[entry.Value]));
        for (var i = 0; i < yTrue.Length; i++)
        {
            var output = model.Outputs[i];
            var yPred = new SymbolicTensor(map[output.Value], null, output.Mask is null ? null : new SymbolicTensor(map[output.Mask.Value]));
            var sampleWeight = weighting.Length == 0 ? null : weighting[weighting.Length == 1 ? 0 : i];
            AddLoss(i, yTrue[i], yPred, sampleWeight);
            AddMetrics(model.OutputNames[i], yTrue[i], yPred, sampleWeight);
        }

        foreach (var call in Calls)
        {
            foreach (var extra in call.Losses)
            {
                Penalties.Add(new SymbolicTensor(map[extra]));
                Examined.Add(new Examined(null, $"penalty of layer '{call.Path}'", map[extra]));
            }
        }

        string NameOfWeights(int output) => weights.Count == 1 ? "sample_weight" : model.OutputNames[output] + "_sample_weight";
    }

    /// <summary>The inputs of the model, targets and sample weights.</summary>
    public IReadOnlyList<Value> Inputs { get; }

    /// <summary>The calls of layers.</summary>
    public IReadOnlyList<LayerCall> Calls { get; }

    /// <summary>For values of the model, those of the step.</summary>
    public Dictionary<Value, Value> Map { get; }

    /// <summary>The losses of outputs that have one, with the factor of each.</summary>
    public List<(LossTerm Term, float Factor)> Losses { get; } = [];

    /// <summary>What layers add to the loss.</summary>
    public List<SymbolicTensor> Penalties { get; } = [];

    /// <summary>The sums of all metrics.</summary>
    public List<SymbolicTensor> MetricSums { get; } = [];

    /// <summary>The metrics with their names in logs and the numbers of sums that are theirs, in order.</summary>
    public List<(string Name, Metric Metric, int Sums)> Metrics { get; } = [];

    /// <summary>What a diagnosis examines, in the order in which it is computed.</summary>
    public List<Examined> Examined { get; } = [];

    /// <summary>Operators of the model that no layer holds; only if asked for.</summary>
    public IReadOnlyList<(ModelStep Step, Value Value)> Operators { get; }

    /// <summary>The weights that learn, by their paths, as they were when the model was compiled.</summary>
    public static IReadOnlyList<(string Path, Weight Weight)> Trainable(CompiledTraining compiled) =>
        [.. compiled.Model.WeightPaths().Where(entry => entry.Weight.Trainable && compiled.IsTrainable(entry.Weight))];

    /// <summary>The regularization of weights that learn.</summary>
    public static IEnumerable<(string Path, SymbolicTensor Penalty)> Regularization(CompiledTraining compiled) =>
        from entry in Trainable(compiled)
        where entry.Weight.Regularizer is not null
        select (entry.Path, entry.Weight.Regularizer!.Penalty(new SymbolicTensor(entry.Weight.Variable)));

    /// <summary>The sum of terms; null without any.</summary>
    public static SymbolicTensor? Sum(IEnumerable<SymbolicTensor> terms) =>
        terms.Aggregate((SymbolicTensor?)null, (sum, term) => sum is null ? term : sum + term);

    /// <summary>What layers set in a training step.</summary>
    public IEnumerable<(Weight Weight, Value Value)> Updates() =>
        StateOrder.Last(Calls, call => _compiled.Trains(call) ? call.Updates : call.StateUpdates).Select(update => (update.Weight, Map[update.Value]));

    private void AddLoss(int output, SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? sampleWeight)
    {
        if (_compiled.Losses[output] is not { } loss) return;
        var name = _compiled.Model.OutputNames[output];
        if (loss.Reduction == LossReduction.None)
        {
            throw new ModelException(
                $"Output '{name}': the loss {loss.Name} has reduction None, so it has one value per sample; training needs a scalar. "
                + "Use SumOverBatchSize or Sum.");
        }

        var term = Named(name, () => loss.Term(yTrue, yPred, sampleWeight));
        Losses.Add((term, _compiled.LossWeights[output]));
        Examined.Add(new Examined(null, $"loss {loss.Name} of output '{name}'", term.Value.Value));
    }

    private void AddMetrics(string output, SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? sampleWeight)
    {
        var plain = _compiled.Metrics.For(output).Select(metric => (metric, (SymbolicTensor?)null));
        foreach (var (metric, given) in plain.Concat(_compiled.WeightedMetrics.For(output).Select(metric => (metric, sampleWeight))))
        {
            var exact = metric.For(yTrue.Shape, yPred.Shape);
            var sums = Named(output, () => exact.Sums(yTrue, yPred, given).ToArray());
            MetricSums.AddRange(sums);
            var log = _compiled.LogName(output, metric);
            if (!_logs.Add(log)) _logs.Add(log = "weighted_" + log);
            Metrics.Add((log, exact, sums.Length));
        }
    }

    private static T Named<T>(string output, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ModelException error) when (!error.NamesLayer)
        {
            throw new ModelException($"Output '{output}': {error.Message}", error) { NamesLayer = true };
        }
    }
}
