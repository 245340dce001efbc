namespace OnnxFunctional.Training;

/// <summary>What a step computes of the sums over all parts of a batch: the total loss, and in training the next values of weights.</summary>
internal sealed class JoinedGraph
{
    private readonly WeightUpdates _updates = new();
    private readonly WeightUpdates _waiting = new();

    /// <param name="compiled">Model, losses, optimizer.</param>
    /// <param name="shard">What is computed of each part.</param>
    /// <param name="training">Whether weights move.</param>
    public JoinedGraph(CompiledTraining compiled, ShardGraph shard, bool training)
    {
        var losses = shard.Terms.Losses.Select(_ => Input(Shape.Of())).ToList();
        var penalty = Input(Shape.Of());
        var gradients = shard.Gradients.Select(entry => Input(entry.Weight.Shape)).ToList();
        var set = shard.SetByLayers.Select(weight => Input(weight.Shape)).ToList();
        Inputs = [.. losses.Append(penalty).Concat(gradients).Concat(set).Select(tensor => tensor.Value)];
        var regularization = StepTerms.Sum(StepTerms.Regularization(compiled).Select(entry => entry.Penalty));
        List<SymbolicTensor> parts = [.. losses.Zip(shard.Terms.Losses, (loss, term) => term.Factor == 1 ? loss : loss * term.Factor)];
        if (shard.Terms.Penalties.Count > 0) parts.Add(penalty);
        if (regularization is not null) parts.Add(regularization);
        Total = (StepTerms.Sum(parts) ?? throw new ModelException("There is nothing to minimize: no output has a loss. Pass a loss to Compile.")).Value;
        if (training) Learn(compiled, shard, gradients, set, regularization);
    }

    /// <summary>The sums of the losses, of penalties, of gradients and of the values that layers set.</summary>
    public IReadOnlyList<Value> Inputs { get; }

    /// <summary>The total loss.</summary>
    public Value Total { get; }

    public IReadOnlyList<(Weight Weight, Value Value)> Updates => _updates.All;

    /// <summary>Those of a step whose gradients wait.</summary>
    public IReadOnlyList<(Weight Weight, Value Value)> UpdatesWhileWaiting { get; private set; } = [];

    private void Learn(
        CompiledTraining compiled, ShardGraph shard, List<SymbolicTensor> sums, List<SymbolicTensor> set, SymbolicTensor? regularization)
    {
        var ofWeights = shard.Gradients.Zip(sums).ToDictionary(pair => pair.First.Weight, pair => pair.Second);
        var trainable = StepTerms.Trainable(compiled);
        var added = regularization is null
            ? new SymbolicTensor?[trainable.Count]
            : Gradient.Backpropagate([(regularization.Value, compiled.LossScaling?.Scale ?? 1)], [.. trainable.Select(entry => entry.Weight.Variable)], null);
        var gradients = trainable.Zip(added, (entry, own) => (entry.Path, entry.Weight, Gradient: Joined(ofWeights.GetValueOrDefault(entry.Weight), own)!))
            .Where(entry => entry.Gradient is not null).ToList();
        var phase = AccumulationPhase.Counted;
        if (ShardedSteps.Gathers(compiled))
        {
            // Those of regularization do not wait, since every process has the whole of them.
            phase = AccumulationPhase.Updating;
            _waiting.Step(compiled, gradients, Set(), AccumulationPhase.Waiting);
            var idle = trainable.Where((_, i) => added[i] is null).Select(entry => compiled.State.Find(OptimizerState.AccumulatedOf(entry.Path))).ToHashSet();
            UpdatesWhileWaiting = [.. _waiting.All.Where(update => !idle.Contains(update.Weight))];
        }

        _updates.Step(compiled, gradients, Set(), phase);

        IEnumerable<(Weight Weight, Value Value)> Set() => shard.SetByLayers.Zip(set, (weight, value) => (weight, value.Value));
    }

    private static SymbolicTensor? Joined(SymbolicTensor? sum, SymbolicTensor? own) => sum is null ? own : own is null ? sum : sum + own;

    private static SymbolicTensor Input(Shape shape) => new InputLayer(shape, DType.Float32, null).Tensor;
}
