using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>A compiled model: fits it to data, evaluates it, makes single steps. <c>model.Compile(...)</c> returns it.</summary>
/// <example><code>
/// var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
/// var history = trainer.Fit(x, y, epochs: 10, batchSize: 32, validationSplit: 0.2);
/// var (loss, accuracy) = trainer.Evaluate(x, y);
/// </code></example>
public sealed partial class Trainer
{
    private readonly Func<CompiledTraining> _compile;
    private readonly int? _threads;
    private readonly Backend _backend;

    // Null until the model is built, which it may be by the first data.
    private CompiledTraining _compiled = null!;
    private ModelEngine _engine = null!;
    private StepRunner _training = null!;
    private StepRunner _evaluation = null!;
    private ExecutionPlan? _lossPlan;

    internal Trainer(
        Model model, Optimizer optimizer, Func<CompiledTraining> compile, ulong seed, int? threads, Backend backend, Distribution distribution)
    {
        (Model, Optimizer, Seed, _compile, _threads, _backend, Distribution) = (model, optimizer, seed, compile, threads, backend, distribution);
        if (threads is { } count) WorkerPool.Checked(count);
        if (model.IsBuilt) Prepare();
    }

    /// <summary>The model that is trained.</summary>
    public Model Model { get; }

    /// <summary>Updates the weights.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The seed of shuffling and random layers.</summary>
    public ulong Seed { get; }

    /// <summary>The processes that share the work.</summary>
    public Distribution Distribution { get; }

    /// <summary>The learning rate of the next steps, which callbacks may set; if the optimizer follows a schedule, that of the last step.</summary>
    /// <exception cref="ModelException">The optimizer follows a schedule.</exception>
    public double LearningRate
    {
        get => Compiled.State.LearningRate.Storage[0];
        set
        {
            if (!Optimizer.LearningRate.IsConstant)
            {
                throw new ModelException(
                    "The learning rate follows a schedule, so it cannot be set. Give the optimizer a plain number to set it from a callback.");
            }

            if (!float.IsFinite((float)value) || value < 0)
                throw new ModelException($"The learning rate is set to {value}; expected a finite rate of at least 0.");
            Compiled.State.LearningRate.Storage[0] = (float)value;
        }
    }

    /// <summary>
    /// The factor on gradients while they are in float16; null under another policy. It starts at 2^15, doubles after 2000 finite steps, and is halved by a
    /// step whose gradients are not finite; such a step changes nothing else.
    /// </summary>
    public float? LossScale => Compiled.LossScaling?.Value;

    /// <summary>The number of steps made; steps skipped under <see cref="MixedPrecision.Float16"/> do not count.</summary>
    public long Iterations => Compiled.State.Steps;

    /// <summary>Set it to stop <c>Fit</c> after the current epoch.</summary>
    public bool StopTraining { get; set; }

    /// <summary>
    /// Whether 3x3 convolutions of stride 1 may take the Winograd form: 2 to 4 times fewer multiplications, and rounding errors about twice those of the direct
    /// form. Set it before the first step.
    /// </summary>
    public bool Winograd
    {
        get => Engine.Winograd;
        set => Engine.Winograd = value;
    }

    /// <summary>Whether Fit or TrainOnBatch is running; see <see cref="Turn"/>.</summary>
    internal bool TakesSteps { get; set; }

    internal CompiledTraining Compiled
    {
        get
        {
            if (_compiled is null) Prepare();
            return _compiled!;
        }
    }

    internal StepRunner TrainingSteps
    {
        get
        {
            if (_compiled is null) Prepare();
            return _training;
        }
    }

    internal ModelEngine Engine
    {
        get
        {
            if (_compiled is null) Prepare();
            return _engine;
        }
    }

    /// <summary>Losses and metrics on data; weights do not change.</summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs; those without loss and metric may be left out.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <param name="verbose">What is printed: 0 nothing, 1 a bar, which is the default, 2 one line.</param>
    /// <param name="sampleWeight">A weight per sample: one array for all outputs, or one per output, in order or by name.</param>
    /// <returns>Values by the names of the logs, <c>loss</c>, <c>accuracy</c>, or in this order.</returns>
    /// <exception cref="ModelException">Data and model do not fit, values are not finite, or class indices are out of range.</exception>
    [OverloadResolutionPriority(1)]
    public Scores Evaluate(NDArrays x, NDArrays? y = null, int batchSize = 32, Verbosity verbose = default, NDArrays? sampleWeight = null) =>
        Evaluate(Batches(Checked(x, y, sampleWeight), batchSize, shuffle: false), verbose);

    /// <summary>Losses and metrics on batches that are created on the fly; weights do not change.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="steps">The number of batches to use; default: all.</param>
    /// <param name="verbose">What is printed: 0 nothing, 1 a bar, which is the default, 2 one line.</param>
    /// <returns>Values by the names of the logs, <c>loss</c>, <c>accuracy</c>, or in this order.</returns>
    /// <exception cref="ModelException">There is no batch, or one does not fit.</exception>
    public Scores Evaluate(IEnumerable<Batch> batches, int? steps = null, Verbosity verbose = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        if (steps < 1) throw new ModelException($"steps is {steps}; expected at least 1.");
        using var stream = Stream(First(batches, steps), null);
        return Evaluate(stream, verbose);
    }

    /// <summary>The model's only output for every sample.</summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <exception cref="ModelException">The data do not fit the inputs, or the model is not built and cannot be for them.</exception>
    [OverloadResolutionPriority(1)]
    public NDArray Predict(NDArrays x, int batchSize = 32) => Model.Predict(x, batchSize);

    /// <summary>The model's only output for the samples of batches, such as those of a <see cref="Dataset{T}"/>.</summary>
    /// <param name="batches">The batches; their targets are not read.</param>
    /// <exception cref="ModelException">The data do not fit the inputs, or the model is not built and cannot be for them.</exception>
    public NDArray Predict(IEnumerable<Batch> batches) => Model.Predict(batches);

    /// <summary>Losses and metrics of one batch; weights do not change.</summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs.</param>
    /// <param name="sampleWeight">A weight per sample: one array for all outputs, or one per output, in order or by name.</param>
    /// <exception cref="ModelException">Data and model do not fit, values are not finite, or class indices are out of range.</exception>
    public Scores TestOnBatch(NDArrays x, NDArrays? y = null, NDArrays? sampleWeight = null)
    {
        var batch = WholeBatch(x, y, sampleWeight);
        var logs = new Dictionary<string, double>();
        lock (_evaluation)
        {
            _evaluation.Reset();
            _evaluation.Run(batch, (ulong)Iterations);
            _evaluation.Report(logs, "");
        }

        return new(logs);
    }

    /// <summary>The model's only output for the samples of one batch.</summary>
    /// <param name="x">The data of the inputs.</param>
    /// <exception cref="ModelException">The data do not fit the inputs, or the model is not built and cannot be for them.</exception>
    public NDArray PredictOnBatch(NDArrays x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Model.Predict(x, Math.Max(1, x[0].Count));
    }

    /// <summary>
    /// One step on one batch; returns losses and metrics of that batch. What is trainable is what was when the model was compiled. A step whose loss is not
    /// finite changes nothing.
    /// </summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs.</param>
    /// <param name="sampleWeight">A weight per sample: one array for all outputs, or one per output, in order or by name.</param>
    /// <exception cref="ModelException">Data and model do not fit, or the model is being trained by another thread.</exception>
    public Scores TrainOnBatch(NDArrays x, NDArrays? y = null, NDArrays? sampleWeight = null)
    {
        DataChecks.Build(Model, x);
        using var turn = Turn.Take(this);
        var batch = WholeBatch(x, y, sampleWeight);
        _training.Reset();
        _training.Run(batch, (ulong)Iterations);
        var logs = new Dictionary<string, double>();
        _training.Report(logs, "");
        return new(logs);
    }

    /// <summary>
    /// The gradient of the loss with respect to every trained weight, by full name; weights do not change. Under <see cref="MixedPrecision.Float16"/>,
    /// gradients that are not finite mean that a step would be skipped.
    /// </summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs.</param>
    /// <param name="sampleWeight">A weight per sample: one array for all outputs, or one per output, in order or by name.</param>
    /// <exception cref="ModelException">Data and model do not fit, values are not finite, or class indices are out of range.</exception>
    public IReadOnlyDictionary<string, Tensor<float>> ComputeGradients(NDArrays x, NDArrays y, NDArrays? sampleWeight = null)
    {
        var batch = WholeBatch(x, y, sampleWeight);
        TensorSpec[] specs = [.. Enumerable.Range(0, batch.Arrays).Select(batch.SpecOf)];
        var graph = StepGraph.For(_compiled, specs, training: true);
        var request = new PlanRequest(PlanOptions.Of(Model, Seed), graph.Inputs, [.. graph.Gradients.Select(gradient => gradient.Gradient.Value)], []);
        using var plan = Planner.Plan(request, specs);
        for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, plan.Inputs[i]);
        plan.Run(_engine.Pool, (ulong)Iterations);
        return graph.Gradients.Zip(plan.Outputs).ToDictionary(
            pair => pair.First.Path,
            pair => Tensor.Create(pair.Second.Floats.ToArray(), pair.Second.Shape.TensorLengths()));
    }

    /// <summary>
    /// Measures the memory of a training step beside weights and optimizer state, under the trainer's precision and in float32. Only the shapes of the data
    /// matter; no step is made.
    /// </summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs.</param>
    /// <param name="batchSize">The number of samples of the step.</param>
    /// <exception cref="ModelException">Data and model do not fit.</exception>
    public TrainingMemory MeasureMemory(NDArrays x, NDArrays y, int batchSize = 32)
    {
        var arrays = Checked(x, y, null);
        var specs = arrays.Select(array => new TensorSpec(array.Shape.With(0, Size(batchSize)), array.DType)).ToArray();
        var own = BytesOf(_compiled);
        var wide = _compiled.Precision == MixedPrecision.Float32 ? own : BytesOf(_compiled.In(MixedPrecision.Float32));
        return new TrainingMemory(batchSize, _compiled.Precision, own, wide);

        long BytesOf(CompiledTraining compiled)
        {
            var graph = StepGraph.For(compiled, specs, training: true);
            var request = new PlanRequest(PlanOptions.Of(Model, Seed), graph.Inputs, graph.Outputs, graph.Updates) { Memory = PlanMemory.None };
            return Planner.Plan(request, specs).ArenaBytes;
        }
    }

    /// <summary>The loss of a training step on one batch; weights do not change.</summary>
    internal float TrainingLoss(NDArrays x, NDArrays y)
    {
        var batch = WholeBatch(x, y, null);
        if (_lossPlan is null)
        {
            TensorSpec[] specs = [.. Enumerable.Range(0, batch.Arrays).Select(batch.SpecOf)];
            var graph = StepGraph.For(_compiled, specs, training: true);
            _lossPlan = Planner.Plan(new PlanRequest(PlanOptions.Of(Model, Seed), graph.Inputs, [graph.Outputs[0]], []), specs);
        }

        for (var i = 0; i < batch.Arrays; i++) batch.CopyTo(i, _lossPlan.Inputs[i]);
        _lossPlan.Run(_engine.Pool, (ulong)Iterations);
        return _lossPlan.Outputs[0].Floats[0];
    }

    private Scores Evaluate(BatchSource batches, Verbosity verbose)
    {
        var logs = new Dictionary<string, double>();
        Evaluate(batches, logs, "", default, Distribution.Rank == 0 ? ProgressBar.ForEvaluation(verbose, batches.BatchesPerEpoch) : null);
        return new(logs);
    }

    internal void Evaluate(
        BatchSource batches,
        Dictionary<string, double> logs,
        string prefix,
        CancellationToken cancellationToken,
        ProgressBar? progress = null)
    {
        // Sums of losses and metrics belong to one evaluation, so concurrent ones take turns.
        lock (_evaluation)
        {
            _evaluation.Reset();
            batches.Start(0);
            progress?.OnEpochBegin(0);

            // Random layers that draw at any time draw new numbers for each batch, and the same ones in a resumed training.
            var first = (ulong)Iterations;
            var step = first;
            while (batches.MoveNext())
            {
                // Part of the data says little: a cancelled evaluation reports nothing.
                if (Distribution.Any(cancellationToken.IsCancellationRequested)) return;
                _evaluation.Run(batches, step++);
                progress?.OnBatchEnd((int)(step - first) - 1, _evaluation);
            }

            if (step == first)
            {
                throw new ModelException(
                    "There is no batch to evaluate on. A sequence that can be enumerated only once is empty the second time: pass a Dataset or a collection.");
            }

            _evaluation.Report(logs, prefix);
            progress?.OnEpochEnd(0, logs);
        }
    }

    /// <summary>Compiles for the model as it is built.</summary>
    private void Prepare()
    {
        if (!Model.IsBuilt) throw Model.NotBuilt();
        var compiled = _compile();
        _engine = ModelEngine.Of(Model);
        if (_threads is { } count) _engine.UseThreads(count);
        var steps = _backend.Training(compiled, _engine, Seed);
        _training = new StepRunner(compiled, steps, training: true);
        _evaluation = new StepRunner(compiled, _backend.Evaluation(compiled, _engine, Seed, steps), training: false);
        _compiled = compiled;
    }

    /// <summary>Checks inputs, targets and sample weights and returns them in order.</summary>
    private List<NDArray> Checked(NDArrays x, NDArrays? y, NDArrays? sampleWeight)
    {
        ArgumentNullException.ThrowIfNull(x);
        DataChecks.Build(Model, x);
        Compiled.CheckLayers();
        var arrays = DataChecks.Inputs(Model, x).ToList();
        var count = arrays[0].Count;
        if (count == 0) throw new ModelException("The data holds no samples; expected at least one.");
        for (var i = 0; i < arrays.Count; i++) DataChecks.Finite(arrays[i], $"Input '{Model.InputNames[i]}'");
        var targets = TargetsOf(y, count);
        for (var i = 0; i < targets.Length; i++)
        {
            var what = $"The target of output '{Model.OutputNames[i]}'";
            if (targets[i].Count != count)
                throw new ModelException($"{what} has {targets[i].Count} samples, but the inputs have {count}. Pass one target per sample.");
            DataChecks.Finite(targets[i], what);
            if (_compiled.Losses[i]?.ClassesOf(Model.Outputs[i].Shape) is { } classes)
                DataChecks.ClassRange(targets[i], classes, (_compiled.Losses[i] as SparseCategoricalCrossentropy)?.IgnoreClass, what);
            arrays.Add(targets[i]);
        }

        arrays.AddRange(SampleWeights.Of(sampleWeight, Model.OutputNames, count));
        return arrays;
    }

    /// <summary>The target of each output. Those that no loss and no metric reads may be left out; zeros stand for them.</summary>
    private NDArray[] TargetsOf(NDArrays? y, int count)
    {
        var outputs = Model.OutputNames;
        List<string> given = [.. outputs.Where((_, i) => _compiled.ReadsTarget(i))];
        if (y is null && given.Count > 0) throw new ModelException($"Output '{given[0]}' has a loss or a metric, which needs targets. Pass them as y.");
        if (y?.Names is { } names)
        {
            HashSet<string> named = [.. given, .. names];
            given = [.. outputs.Where(named.Contains)];
        }
        else if (y is not null && y.Count != given.Count)
        {
            given = [.. outputs];
        }

        var targets = given.Zip(y?.InOrder(given, "output") ?? []).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. outputs.Select(output => targets.GetValueOrDefault(output) ?? NDArray.Zeros(Shape.Of(count), DType.Float32))];
    }

    /// <summary>Checked arrays with weights by class, times those of the samples if there are any.</summary>
    private List<NDArray> Weighted(List<NDArray> arrays, Dictionary<int, double> classWeight)
    {
        if (Model.Outputs.Count > 1)
            throw new ModelException($"classWeight needs a model with one output, but this one has {Model.Outputs.Count}. Use sampleWeight.");
        var target = Model.Inputs.Count;
        var classes = _compiled.Losses[0]?.ClassesOf(Model.Outputs[0].Shape);
        return [.. arrays[..(target + 1)], ClassWeights.Of(arrays[target], classWeight, arrays.ElementAtOrDefault(target + 1), classes)];
    }

    private ArrayBatches WholeBatch(NDArrays x, NDArrays? y, NDArrays? sampleWeight)
    {
        var arrays = Checked(x, y, sampleWeight);
        var batch = Batches(arrays, arrays[0].Count, shuffle: false);
        batch.Start(0);
        batch.MoveNext();
        return batch;
    }

    private ArrayBatches Batches(List<NDArray> arrays, int batchSize, bool shuffle)
    {
        DataChecks.BatchesFit(Model, arrays[0].Count, Size(batchSize));
        return new ArrayBatches(arrays, batchSize, shuffle, Seed);
    }

    private static int Size(int batchSize) => batchSize > 0 ? batchSize : throw new ModelException($"batchSize is {batchSize}; expected at least 1.");
}
