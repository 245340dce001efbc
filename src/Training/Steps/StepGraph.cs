namespace OnnxFunctional.Training;

/// <summary>What a step computes, as one graph: predictions, losses and metrics; in training also gradients and all next values.</summary>
internal sealed class StepGraph
{
    private readonly List<Value> _outputs = [];
    private readonly WeightUpdates _updates = new();

    private StepGraph(StepTerms terms) => (Inputs, Metrics) = (terms.Inputs, terms.Metrics);

    /// <summary>The inputs of the model, targets and sample weights.</summary>
    public IReadOnlyList<Value> Inputs { get; }

    /// <summary>The total loss, the loss of each output, then the sums of each metric.</summary>
    public IReadOnlyList<Value> Outputs => _outputs;

    public IReadOnlyList<(Weight Weight, Value Value)> Updates => _updates.All;

    /// <summary>The gradients by weight, in the order of the weights; in training only.</summary>
    public IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> Gradients { get; private set; } = [];

    /// <summary>The metrics with their names in logs and the numbers of outputs that are theirs, in order.</summary>
    public IReadOnlyList<(string Name, Metric Metric, int Sums)> Metrics { get; }

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
    /// <param name="phase">What a training step does with gradients that are accumulated.</param>
    /// <exception cref="ModelException">Targets do not fit predictions.</exception>
    public static StepGraph For(
        CompiledTraining compiled,
        IReadOnlyList<TensorSpec> arrays,
        bool training,
        bool examines = false,
        AccumulationPhase phase = AccumulationPhase.Counted)
    {
        var (targets, weights) = Behind(compiled, arrays);
        return Build(compiled, targets, weights, training, examines, phase);
    }

    /// <summary>Targets and sample weights among the arrays of a batch, whatever their number of samples.</summary>
    public static (TensorSpec[] Targets, TensorSpec[] Weights) Behind(CompiledTraining compiled, IReadOnlyList<TensorSpec> arrays)
    {
        var behind = arrays.Skip(compiled.Model.Inputs.Count).Select(spec => spec with { Shape = spec.Shape.With(0, Shape.Unknown) }).ToArray();
        return (behind[..compiled.Model.Outputs.Count], behind[compiled.Model.Outputs.Count..]);
    }

    /// <summary>Builds the graph.</summary>
    /// <param name="compiled">Model, losses, metrics, optimizer.</param>
    /// <param name="targets">Shapes (with unknown batch size) and types of the targets, one per output.</param>
    /// <param name="weights">Shapes (with unknown batch size) of the sample weights: none, one array for all outputs, or one per output.</param>
    /// <param name="training">Whether gradients are taken and weights move.</param>
    /// <param name="examines">Whether outputs of layers, terms of the loss, operators and origins of gradients are kept, for a diagnosis or a profile.</param>
    /// <param name="phase">What a training step does with gradients that are accumulated.</param>
    /// <exception cref="ModelException">Targets do not fit predictions.</exception>
    public static StepGraph Build(
        CompiledTraining compiled,
        IReadOnlyList<TensorSpec> targets,
        IReadOnlyList<TensorSpec> weights,
        bool training,
        bool examines = false,
        AccumulationPhase phase = AccumulationPhase.Counted)
    {
        var terms = new StepTerms(compiled, targets, weights, training, examines);
        var graph = new StepGraph(terms);
        List<SymbolicTensor> parts = [.. terms.Losses.Select(loss => loss.Factor == 1 ? loss.Term.Value : loss.Term.Value * loss.Factor), .. terms.Penalties];
        foreach (var (path, penalty) in StepTerms.Regularization(compiled))
        {
            parts.Add(penalty);
            terms.Examined.Add(new Examined(null, $"regularization of '{path}'", penalty.Value));
        }

        var total = StepTerms.Sum(parts)
            ?? throw new ModelException("There is nothing to minimize: no output has a loss. Pass a loss to Compile.");
        graph.Examined = examines ? terms.Examined : [];
        graph.Operators = terms.Operators;
        graph.Origins = examines && training ? new GradientOrigins() : null;
        graph._outputs.Add(total.Value);
        graph._outputs.AddRange(terms.Losses.Select(loss => loss.Term.Value.Value));
        graph._outputs.AddRange(terms.MetricSums.Select(sum => sum.Value));
        if (training) graph.Learn(compiled, total, terms, phase);
        else graph._updates.SetByLayers(StateOrder.Last(terms.Calls, call => call.StateUpdates), value => terms.Map[value]);
        return graph;
    }

    private void Learn(CompiledTraining compiled, SymbolicTensor total, StepTerms terms, AccumulationPhase phase)
    {
        var trainable = StepTerms.Trainable(compiled);
        QuantizedLayers.Check(total.Value, trainable);
        var gradients = Gradient.Backpropagate(
            [(total.Value, compiled.LossScaling?.Scale ?? 1)], [.. trainable.Select(entry => entry.Weight.Variable)], Origins);
        Gradients = _updates.Step(
            compiled,
            [.. trainable.Zip(gradients).Where(pair => pair.Second is not null).Select(pair => (pair.First.Path, pair.First.Weight, pair.Second!))],
            terms.Updates(),
            phase);
    }
}
