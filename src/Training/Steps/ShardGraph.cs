namespace OnnxFunctional.Training;

/// <summary>
/// What a step computes of a part of a batch, so that the numbers of all parts only need to be added: losses in their shares, sums of metrics, gradients, and
/// the values that layers set, such as moving statistics, weighted by the number of samples.
/// </summary>
internal sealed class ShardGraph
{
    private readonly List<Value> _outputs = [];

    private ShardGraph(StepTerms terms) => Terms = terms;

    /// <summary>The losses, metrics and layers.</summary>
    public StepTerms Terms { get; }

    /// <summary>Whether it takes sums over all shards on the way.</summary>
    public bool IsStopping => Graph.Between(Inputs, Outputs).Nodes.Any(node => node.Op is Operators.SumOverShards);

    /// <summary>Inputs of the model, targets and sample weights, the share of each loss, the share of the samples.</summary>
    public IReadOnlyList<Value> Inputs { get; private set; } = [];

    /// <summary>The losses, the penalty of layers, the sums of metrics; in training also gradients and the values that layers set.</summary>
    public IReadOnlyList<Value> Outputs => _outputs;

    /// <summary>What the loss of each output was divided by, for those that do not follow the number of samples, with their places among the losses.</summary>
    public IReadOnlyList<(int Loss, Value Divisor)> Divisors { get; private set; } = [];

    /// <summary>The weights whose gradients are outputs, by their paths.</summary>
    public IReadOnlyList<(string Path, Weight Weight)> Gradients { get; private set; } = [];

    /// <summary>The weights that layers set.</summary>
    public IReadOnlyList<Weight> SetByLayers { get; private set; } = [];

    /// <summary>Builds the graph.</summary>
    /// <param name="compiled">Model, losses, metrics, optimizer.</param>
    /// <param name="arrays">Inputs, targets, sample weights.</param>
    /// <param name="training">Whether gradients are taken and weights move.</param>
    public static ShardGraph For(CompiledTraining compiled, IReadOnlyList<TensorSpec> arrays, bool training)
    {
        var (targets, weights) = StepGraph.Behind(compiled, arrays);
        var terms = new StepTerms(compiled, targets, weights, training);
        var graph = new ShardGraph(terms);
        var shares = terms.Losses.Select(_ => Scalar()).ToArray();
        var share = Scalar();
        graph.Inputs = [.. terms.Inputs, .. shares.Append(share).Select(scalar => scalar.Value)];
        graph.Divisors =
        [
            .. terms.Losses.Select((loss, i) => (i, loss.Term.Divisor)).Where(entry => entry.Divisor is not null)
                .Select(entry => (entry.i, entry.Divisor!().Value)),
        ];
        SymbolicTensor[] losses = [.. terms.Losses.Zip(shares, (loss, part) => loss.Term.IsSum ? loss.Term.Value : loss.Term.Value * part)];
        var penalty = StepTerms.Sum(terms.Penalties) is { } sum ? sum * share : Ops.Constant(0f);
        graph._outputs.AddRange(losses.Append(penalty).Concat(terms.MetricSums).Select(tensor => tensor.Value));
        if (training) graph.Learn(compiled, losses, penalty, share);
        return graph;

        static SymbolicTensor Scalar() => new InputLayer(Shape.Of(), DType.Float32, null).Tensor;
    }

    private void Learn(CompiledTraining compiled, SymbolicTensor[] losses, SymbolicTensor penalty, SymbolicTensor share)
    {
        var weighted = Terms.Losses.Zip(losses, (loss, value) => loss.Factor == 1 ? value : value * loss.Factor);
        var total = StepTerms.Sum(Terms.Penalties.Count > 0 ? weighted.Append(penalty) : weighted);
        if (total is not null)
        {
            var trainable = StepTerms.Trainable(compiled);
            QuantizedLayers.Check(total.Value, trainable);
            var gradients = Gradient.Backpropagate(
                [(total.Value, compiled.LossScaling?.Scale ?? 1)], [.. trainable.Select(entry => entry.Weight.Variable)], null);

            // Those of the last layers first, as the errors reach them. A layer's kernel stays before its bias: both are one kernel of the engine.
            var found = trainable.Zip(gradients).Where(pair => pair.Second is not null).GroupBy(pair => pair.First.Weight.Owner).Reverse()
                .SelectMany(layer => layer).ToList();
            Gradients = [.. found.Select(pair => pair.First)];
            _outputs.AddRange(found.Select(pair => pair.Second!.Value));
        }

        var updates = new WeightUpdates();
        updates.SetByLayers(Terms.Updates(), value => value);
        SetByLayers = [.. updates.All.Select(update => update.Weight)];
        _outputs.AddRange(updates.All.Select(update => (new SymbolicTensor(update.Value) * share).Value));
    }
}
