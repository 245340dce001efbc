using OnnxFunctional.Operators;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>A training of copies of all weights, with optimizer state of its own; it begins again as often as asked.</summary>
/// <remarks>It computes in float32 whatever the policy of the trainer, so that nothing is skipped by a loss scale.</remarks>
internal sealed class Trial : IDisposable
{
    private readonly Examination _examination;
    private readonly CompiledTraining _compiled;
    private readonly WeightCopies _copies;
    private readonly ArrayBatches _batches;
    private readonly ExecutionPlan _plan;
    private readonly int _outputs;
    private ExecutionPlan? _inference;
    private int _epoch;
    private readonly int _size;
    private ulong _step;

    /// <param name="examination">The trainer, and what its outputs are.</param>
    /// <param name="samples">What is trained on.</param>
    /// <param name="batchSize">The number of samples per step, at most that of all.</param>
    public Trial(Examination examination, SampleSet samples, int batchSize)
    {
        (_examination, _size) = (examination, batchSize);
        _compiled = examination.Trainer.Compiled.In(MixedPrecision.Float32);
        _copies = new WeightCopies(examination.Model);
        _batches = new ArrayBatches(samples.Arrays, batchSize, shuffle: batchSize < samples.Count, examination.Trainer.Seed);
        var specs = Specs(samples);
        var graph = StepGraph.For(_compiled, specs, training: true);
        _outputs = graph.Outputs.Count;
        var kernels = graph.Gradients.Where(entry => IsKernel(entry.Weight)).ToList();
        Kernels = [.. kernels.Select(entry => (entry.Path, entry.Weight))];
        Unreached = UnreachedOf(graph);
        var squares = kernels.Select(entry => Ops.Make(new ReduceSumSquare([], false), entry.Gradient).Value);
        _plan = _copies.Plan(examination.Options, graph.Inputs, [.. graph.Outputs, .. squares], graph.Updates, Optimizers(), specs, mustBeFinite: [0]);
        Restart(examination.Trainer.Compiled.State.LearningRate.Storage[0]);
    }

    /// <summary>The trained weights whose gradients are measured.</summary>
    public IReadOnlyList<(string Path, Weight Weight)> Kernels { get; }

    /// <summary>Kernels that the loss depends on, but from which no gradient leads to it.</summary>
    public IReadOnlyList<string> Unreached { get; }

    /// <summary>The loss of the last step with all penalties, before its update.</summary>
    public double TotalLoss => _plan.Outputs[0].Floats[0];

    /// <summary>The losses of the outputs in the last step, before its update, without penalties; the total loss if no output has one.</summary>
    public double DataLoss => LossOf(_plan);

    /// <summary>The length of each kernel's gradient in the last step.</summary>
    public IReadOnlyList<double> GradientNorms =>
        [.. Enumerable.Range(0, Kernels.Count).Select(i => Math.Sqrt(_plan.Outputs[_outputs + i].Floats[0]))];

    /// <summary>The present length of each kernel.</summary>
    public IReadOnlyList<double> KernelNorms =>
        [.. Kernels.Select(kernel => Math.Sqrt(_copies.Of(kernel.Weight).Storage.Sum(value => (double)value * value)))];

    /// <summary>Begins again, with the trainer's weights, a new optimizer state and the first batch.</summary>
    public void Restart(double rate)
    {
        _copies.Restore();
        _compiled.State.Restore([]);
        _compiled.State.Steps = 0;
        _compiled.State.LearningRate.Storage[0] = (float)rate;
        (_epoch, _step) = (0, 0);
        _batches.Start(0);
    }

    /// <summary>Makes a step on the next whole batch.</summary>
    /// <returns>Whether its loss was finite; if not, it changed nothing.</returns>
    public bool Step()
    {
        _examination.CancellationToken.ThrowIfCancellationRequested();
        if (!_batches.MoveNext() || _batches.Samples < _size)
        {
            _batches.Start(++_epoch);
            _batches.MoveNext();
        }

        for (var i = 0; i < _batches.Arrays; i++) _batches.CopyTo(i, _plan.Inputs[i]);
        return _plan.Run(_examination.Pool, _step++);
    }

    /// <summary>The losses of the outputs as evaluation computes them, on the batch of the last step, without penalties.</summary>
    public double Evaluate()
    {
        TensorSpec[] specs = [.. Enumerable.Range(0, _batches.Arrays).Select(_batches.SpecOf)];
        if (_inference is null)
        {
            var graph = StepGraph.For(_compiled, specs, training: false);
            _inference = _copies.Plan(_examination.Options, graph.Inputs, graph.Outputs, [], Optimizers(), specs, mustBeFinite: []);
        }

        for (var i = 0; i < _batches.Arrays; i++) _batches.CopyTo(i, _inference.Inputs[i]);
        _inference.Run(_examination.Pool, _step);
        return LossOf(_inference);
    }

    public void Dispose()
    {
        _plan.Dispose();
        _inference?.Dispose();
    }

    private double LossOf(ExecutionPlan plan) => _examination.Outputs.Count == 0
        ? plan.Outputs[0].Floats[0]
        : _examination.Outputs.Select((output, i) => output.Factor * (double)plan.Outputs[1 + i].Floats[0]).Sum();

    /// <summary>
    /// Whether its gradient tells how much a layer learns. That of biases may vanish for good reasons, before a normalization or a softmax over keys; that of
    /// an adapter does until its other matrix has moved.
    /// </summary>
    private static bool IsKernel(Weight weight) =>
        weight is { Shape.Rank: >= 2, IsOfAdapter: false } && !weight.Name.Contains("bias", StringComparison.Ordinal);

    private List<string> UnreachedOf(StepGraph graph)
    {
        var nodes = Graph.Between(graph.Inputs, [graph.Outputs[0]]).Nodes;

        // Then it is meant.
        if (nodes.Any(node => node.Op is StopGradient)) return [];
        var read = nodes.Select(node => node.Op).OfType<Variable>().Select(variable => variable.Weight).ToHashSet();
        read.ExceptWith(graph.Gradients.Select(entry => entry.Weight));
        return
        [
            .. from entry in _examination.Model.WeightPaths()
               where entry.Weight.Trainable && IsKernel(entry.Weight) && read.Contains(entry.Weight) && _compiled.IsTrainable(entry.Weight)
               select entry.Path,
        ];
    }

    private HashSet<Weight> Optimizers() => [_compiled.State.Iterations, _compiled.State.LearningRate, .. _compiled.State.Slots];

    private TensorSpec[] Specs(SampleSet samples) => [.. samples.Arrays.Select(array => new TensorSpec(array.Shape.With(0, _size), array.DType))];
}
