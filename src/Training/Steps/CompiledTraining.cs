using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Training;

/// <summary>What Compile put together: the model, a loss and its weight per output, metrics, the optimizer and its state.</summary>
internal sealed class CompiledTraining
{
    private readonly HashSet<LayerBase> _frozen;
    private readonly HashSet<Weight> _frozenWeights;

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
        (Metrics, WeightedMetrics, Precision) = (metrics, weightedMetrics, precision);
        if (precision.Type() == DType.Float16) LossScaling = new LossScaling(State);
        State.LearningRate.Storage[0] = optimizer.LearningRate.InitialLearningRate;
        _frozen = FrozenIn(model);
        _frozenWeights = [.. _frozen.SelectMany(layer => layer.OwnWeights)];
    }

    private CompiledTraining(CompiledTraining other, MixedPrecision precision)
    {
        (Model, Optimizer, Losses, LossWeights) = (other.Model, other.Optimizer, other.Losses, other.LossWeights);
        (Metrics, WeightedMetrics, Precision) = (other.Metrics, other.WeightedMetrics, precision);
        (_frozen, _frozenWeights) = (other._frozen, other._frozenWeights);
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

    /// <summary>The scale of the loss; null if gradients have the range of float32.</summary>
    public LossScaling? LossScaling { get; }

    /// <summary>The same training in float32, with its own state.</summary>
    public CompiledTraining InFloat32() => new(this, MixedPrecision.Float32);

    /// <summary>Whether all layers around a weight were trainable when the model was compiled.</summary>
    public bool IsTrainable(Weight weight) => !_frozenWeights.Contains(weight);

    /// <summary>Whether a called layer, and all layers around it, were trainable when the model was compiled.</summary>
    public bool Trains(LayerCall call) => !_frozen.Contains(call.Layer) && (call.Parent is null || Trains(call.Parent));

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
