using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Training;

/// <summary>What Compile put together: the model, a loss and its weight per output, metrics, the optimizer and its state.</summary>
internal sealed class CompiledTraining
{
    private readonly HashSet<LayerBase> _frozen;
    private readonly HashSet<Weight> _frozenWeights;
    private readonly Graph _graph;
    private readonly int _adapters;

    public CompiledTraining(
        Model model,
        Optimizer optimizer,
        IReadOnlyList<Loss?> losses,
        IReadOnlyList<float> lossWeights,
        MetricList metrics,
        MetricList weightedMetrics,
        MixedPrecision precision)
    {
        (Model, Optimizer, Losses, LossWeights) = (model, optimizer, losses, lossWeights);
        (_graph, _adapters) = (model.Graph, AdaptersOf(model.Graph));
        (Metrics, WeightedMetrics, Precision) = (metrics, weightedMetrics, precision);
        if (precision.Type() == DType.Float16) LossScaling = new LossScaling(State);
        State.LearningRate.Storage[0] = (float)optimizer.LearningRate.InitialLearningRate;
        _frozen = FrozenIn(model);
        _frozenWeights = [.. _frozen.SelectMany(layer => layer.OwnWeights)];
    }

    private CompiledTraining(CompiledTraining other, MixedPrecision precision)
    {
        (Model, Optimizer, Losses, LossWeights) = (other.Model, other.Optimizer, other.Losses, other.LossWeights);
        (Metrics, WeightedMetrics, Precision) = (other.Metrics, other.WeightedMetrics, precision);
        (_frozen, _frozenWeights, _graph, _adapters) = (other._frozen, other._frozenWeights, other._graph, other._adapters);
        Distribution = other.Distribution;
        if (precision.Type() == DType.Float16) LossScaling = new LossScaling(State);
    }

    public Model Model { get; }

    public Optimizer Optimizer { get; }

    public IReadOnlyList<Loss?> Losses { get; }

    public IReadOnlyList<float> LossWeights { get; }

    public MetricList Metrics { get; }

    /// <summary>Metrics to which sample weights apply.</summary>
    public MetricList WeightedMetrics { get; }

    public OptimizerState State { get; } = new();

    public MixedPrecision Precision { get; }

    /// <summary>The processes that share the work.</summary>
    public Distribution Distribution { get; init; } = Distribution.None;

    /// <summary>The scale of the loss; null if gradients have the range of float32.</summary>
    public LossScaling? LossScaling { get; }

    /// <summary>Whether a loss or a metric of an output reads its targets.</summary>
    public bool ReadsTarget(int output) =>
        Losses[output] is not null || Metrics.For(Model.OutputNames[output]).Concat(WeightedMetrics.For(Model.OutputNames[output])).Any();

    /// <summary>The same training under another policy, with its own state.</summary>
    public CompiledTraining In(MixedPrecision precision) => new(this, precision);

    /// <summary>Whether larger values of a metric are better, by its name in logs without val_; null if no metric has that name or it does not say.</summary>
    public bool? LargerIsBetter(string log)
    {
        foreach (var output in Model.OutputNames)
        {
            foreach (var metric in Metrics.For(output).Concat(WeightedMetrics.For(output)))
            {
                var name = LogName(output, metric);
                if (log == name || log == "weighted_" + name || IsNumbered(log, name)) return metric.LargerIsBetter;
            }
        }

        return null;

        // Metrics of several values number them: precision_0.
        static bool IsNumbered(string log, string name) =>
            log.Length > name.Length + 1 && log.StartsWith(name + "_", StringComparison.Ordinal) && log[(name.Length + 1)..].All(char.IsAsciiDigit);
    }

    /// <summary>A metric's name in logs: after that of its output if there are several.</summary>
    public string LogName(string output, Metric metric) => Model.Outputs.Count > 1 ? output + "_" + metric.Name : metric.Name;

    /// <summary>Whether all layers around a weight were trainable when the model was compiled.</summary>
    public bool IsTrainable(Weight weight) => !_frozenWeights.Contains(weight);

    /// <summary>Whether a called layer, and all layers around it, were trainable when the model was compiled.</summary>
    public bool Trains(LayerCall call) => !_frozen.Contains(call.Layer) && (call.Parent is null || Trains(call.Parent));

    /// <summary>Refuses layers that were added to the model since it was compiled.</summary>
    /// <exception cref="ModelException">There are some.</exception>
    public void CheckLayers()
    {
        if (ReferenceEquals(_graph, Model.Graph)) return;
        throw new ModelException($"Layers were added to model '{Model.Name}' after Compile. Compile the model again; its weights are kept.");
    }

    /// <summary>Refuses a Trainable that was changed, and adapters that came, since the model was compiled.</summary>
    /// <exception cref="ModelException">It was, of a layer with weights, or they did.</exception>
    public void CheckTrainable()
    {
        if (AdaptersOf(_graph) != _adapters)
            throw new ModelException($"EnableLora was called after Compile of model '{Model.Name}'. Compile the model again; its weights are kept.");
        var now = FrozenIn(Model);
        if (now.SetEquals(_frozen)) return;
        foreach (var (path, weight) in Model.WeightPaths())
        {
            if (weight.Owner is not { } layer || now.Contains(layer) == _frozen.Contains(layer)) continue;
            throw new ModelException(
                $"Trainable was changed after Compile: '{path}' was {Word(_frozen)} then and is {Word(now)} now, and the trainer does what was compiled. "
                + "Compile the model again; its weights are kept.");

            string Word(HashSet<LayerBase> frozen) => frozen.Contains(layer) ? "frozen" : "trainable";
        }
    }

    private static int AdaptersOf(Graph graph) => Adaptation.Count(Adaptation.Adaptable(graph));

    /// <summary>The layers that are not trainable, or lie in one that is not.</summary>
    public static HashSet<LayerBase> FrozenIn(LayerBase layer)
    {
        var frozen = new HashSet<LayerBase>();
        Freeze(layer, false);
        return frozen;

        void Freeze(LayerBase current, bool outer)
        {
            outer |= !current.Trainable;
            if (outer) frozen.Add(current);
            foreach (var child in current.Children) Freeze(child, outer);
        }
    }
}
