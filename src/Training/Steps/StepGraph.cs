using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Training;

/// <summary>What a step computes, as one graph: predictions, losses and metrics; in training also gradients and all next values.</summary>
internal sealed class StepGraph
{
    private readonly List<Value> _outputs = [];
    private readonly WeightUpdates _updates = new();

    private StepGraph(IReadOnlyList<Value> inputs) => Inputs = inputs;

    /// <summary>The inputs of the model, targets and sample weights.</summary>
    public IReadOnlyList<Value> Inputs { get; }

    /// <summary>The total loss, the loss of each output, then the sums of each metric.</summary>
    public IReadOnlyList<Value> Outputs => _outputs;

    public IReadOnlyList<(Weight Weight, Value Value)> Updates => _updates.All;

    /// <summary>The gradients by weight, in the order of the weights; in training only.</summary>
    public IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> Gradients { get; private set; } = [];

    /// <summary>The metrics with their names in logs and the numbers of outputs that are theirs, in order.</summary>
    public List<(string Name, Metric Metric, int Sums)> Metrics { get; } = [];

    /// <summary>The number of nodes.</summary>
    public int NodeCount => Graph.Between(Inputs, [.. Outputs, .. Updates.Select(update => update.Value)]).Nodes.Count;

    /// <summary>What a diagnosis examines, in the order in which it is computed; only if asked for.</summary>
    public IReadOnlyList<Examined> Examined { get; private set; } = [];

    /// <summary>Operators of the model that no layer holds, as the step computes them; only if asked for.</summary>
    public IReadOnlyList<(ModelStep Step, Value Value)> Operators { get; private set; } = [];

    /// <summary>Which nodes the nodes of gradients belong to; only if asked for, in training.</summary>
    public GradientOrigins? Origins { get; private set; }

    /// <summary>Builds the graph for batches of these arrays, whatever their number of samples.</summary>
    /// <param name="compiled">Model, losses, metrics, optimizer.</param>
    /// <param name="arrays">Inputs, targets, sample weights.</param>
    /// <param name="training">Whether gradients are taken and weights move.</param>
    /// <param name="examines">Whether outputs of layers, terms of the loss, operators and origins of gradients are kept, for a diagnosis or a profile.</param>
    /// <exception cref="ModelException">Targets do not fit predictions.</exception>
    public static StepGraph For(CompiledTraining compiled, IReadOnlyList<TensorSpec> arrays, bool training, bool examines = false)
    {
        var behind = arrays.Skip(compiled.Model.Inputs.Count).Select(spec => spec with { Shape = spec.Shape.With(0, Shape.Unknown) }).ToArray();
        return Build(compiled, behind[..compiled.Model.Outputs.Count], behind[compiled.Model.Outputs.Count..], training, examines);
    }

    /// <summary>Builds the graph.</summary>
    /// <param name="compiled">Model, losses, metrics, optimizer.</param>
    /// <param name="targets">Shapes (with unknown batch size) and types of the targets, one per output.</param>
    /// <param name="weights">Shapes (with unknown batch size) of the sample weights: none, one array for all outputs, or one per output.</param>
    /// <param name="training">Whether gradients are taken and weights move.</param>
    /// <param name="examines">Whether outputs of layers, terms of the loss, operators and origins of gradients are kept, for a diagnosis or a profile.</param>
    /// <exception cref="ModelException">Targets do not fit predictions.</exception>
    public static StepGraph Build(
        CompiledTraining compiled, IReadOnlyList<TensorSpec> targets, IReadOnlyList<TensorSpec> weights, bool training, bool examines = false)
    {
        var model = compiled.Model;
        var inputs = model.Inputs.Select(tensor => tensor.Value).ToList();
        var yTrue = targets.Select((spec, i) => new InputLayer(spec.Shape, spec.Type, model.OutputNames[i] + "_target").Tensor).ToArray();
        var weighting = weights.Select((spec, i) => new InputLayer(spec.Shape, spec.Type, NameOfWeights(i)).Tensor).ToArray();
        var graph = new StepGraph([.. inputs, .. yTrue.Select(tensor => tensor.Value), .. weighting.Select(tensor => tensor.Value)]);

        var calls = model.Graph.Calls();
        var roots = model.Outputs.Select(output => output.Value)
            .Concat(model.Outputs.Where(output => output.Mask is not null).Select(output => output.Mask!.Value))
            .Concat(calls.SelectMany(call => call.Losses))
            .Concat(calls.SelectMany(call => call.Updates).Select(update => update.Value)).ToList();
        var layers = examines ? OnnxFunctional.Training.Examined.Layers(calls, Graph.Between(inputs, roots)) : [];
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

        var examined = layers.Select(layer => layer with { Value = map[layer.Value] }).ToList();
        var total = (SymbolicTensor?)null;
        var losses = new List<SymbolicTensor>();
        var metricSums = new List<SymbolicTensor>();
        for (var i = 0; i < yTrue.Length; i++)
        {
            var output = model.Outputs[i];
            var yPred = new SymbolicTensor(map[output.Value], null, output.Mask is null ? null : new SymbolicTensor(map[output.Mask.Value]));
            var name = model.OutputNames[i];
            var sampleWeight = weighting.Length == 0 ? null : weighting[weighting.Length == 1 ? 0 : i];
            if (compiled.Losses[i] is { } loss)
            {
                if (loss.Reduction == LossReduction.None)
                {
                    throw new ModelException(
                        $"Output '{name}': the loss {loss.Name} has reduction None, so it has one value per sample; training needs a scalar. "
                        + "Use SumOverBatchSize or Sum.");
                }

                var value = Named(name, () => loss.Reduce(yTrue[i], yPred, sampleWeight));
                losses.Add(value);
                examined.Add(new Examined(null, $"loss {loss.Name} of output '{name}'", value.Value));
                var weightedLoss = compiled.LossWeights[i] == 1 ? value : value * compiled.LossWeights[i];
                total = total is null ? weightedLoss : total + weightedLoss;
            }

            var plain = compiled.Metrics.For(name).Select(metric => (metric, (SymbolicTensor?)null));
            foreach (var (metric, given) in plain.Concat(compiled.WeightedMetrics.For(name).Select(metric => (metric, sampleWeight))))
            {
                var exact = metric.For(yTrue[i].Shape, yPred.Shape);
                var sums = Named(name, () => exact.Sums(yTrue[i], yPred, given).ToArray());
                metricSums.AddRange(sums);
                var log = compiled.LogName(name, metric);
                graph.Metrics.Add((graph.Metrics.Exists(other => other.Name == log) ? "weighted_" + log : log, exact, sums.Length));
            }
        }

        foreach (var call in calls)
        {
            foreach (var extra in call.Losses)
            {
                total = Sum(total, new SymbolicTensor(map[extra]));
                examined.Add(new Examined(null, $"penalty of layer '{call.Path}'", map[extra]));
            }
        }

        var named = model.WeightPaths();
        foreach (var (path, weight) in named)
        {
            if (weight.Regularizer is not { } regularizer || !weight.Trainable || !compiled.IsTrainable(weight)) continue;
            var penalty = regularizer.Penalty(new SymbolicTensor(weight.Variable));
            total = Sum(total, penalty);
            examined.Add(new Examined(null, $"regularization of '{path}'", penalty.Value));
        }

        if (total is null) throw new ModelException("There is nothing to minimize: no output has a loss. Pass a loss to Compile.");
        graph.Examined = examines ? examined : [];
        graph.Operators = Array.ConvertAll(operators, entry => (entry.Step, map[entry.Value]));
        graph.Origins = examines && training ? new GradientOrigins() : null;
        graph._outputs.Add(total.Value);
        graph._outputs.AddRange(losses.Select(loss => loss.Value));
        graph._outputs.AddRange(metricSums.Select(sum => sum.Value));
        if (training) graph.Learn(compiled, total, named, calls, map);
        else graph._updates.SetByLayers(StateOrder.Last(calls, call => call.StateUpdates), value => map[value]);
        return graph;

        string NameOfWeights(int output) => weights.Count == 1 ? "sample_weight" : model.OutputNames[output] + "_sample_weight";

        static SymbolicTensor Sum(SymbolicTensor? left, SymbolicTensor right) => left is null ? right : left + right;
    }

    private void Learn(
        CompiledTraining compiled,
        SymbolicTensor total,
        IReadOnlyList<(string Path, Weight Weight)> named,
        IReadOnlyList<LayerCall> calls,
        Dictionary<Value, Value> map)
    {
        var trainable = named.Where(entry => entry.Weight.Trainable && compiled.IsTrainable(entry.Weight)).ToList();
        QuantizedLayers.Check(total.Value, trainable);
        var scaling = compiled.LossScaling;
        var gradients = Gradient.Backpropagate(
            [(total.Value, scaling?.Scale ?? 1)], [.. trainable.Select(entry => entry.Weight.Variable)], Origins);
        var finite = scaling is null ? null : LossScaling.AllFinite(gradients.OfType<SymbolicTensor>());
        Gradients =
        [
            .. trainable.Zip(gradients).Where(pair => pair.Second is not null)
                .Select(pair => (pair.First.Path, pair.First.Weight, scaling is null ? pair.Second! : pair.Second! / scaling.Scale)),
        ];

        _updates.Learn(compiled.Optimizer, Gradients, compiled.State);
        _updates.SetByLayers(StateOrder.Last(calls, call => compiled.Trains(call) ? call.Updates : call.StateUpdates), value => map[value]);
        if (finite is null) return;
        _updates.OnlyIf(finite);
        foreach (var (weight, value) in scaling!.Updates(finite)) _updates.Set(weight, value);
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
