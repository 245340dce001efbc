using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Engine;

/// <summary>What the engine keeps for a model: its threads, its settings, and the plans of its inference graph by input shapes.</summary>
internal sealed class ModelEngine
{
    private readonly PlanCache _plans;
    private readonly Lock _gate = new();
    private WorkerPool? _pool;
    private Weight[]? _adaptable;

    // The thread that trains the model, and how many trainers do so within each other; 0 if none does.
    private int _trainingThread;
    private int _trainings;

    // What random layers that draw at any time draw for: new numbers for each batch.
    private ulong _runs;

    private ModelEngine(Model model)
    {
        Model = model;
        _plans = new PlanCache(Arenas);
    }

    public Model Model { get; }

    /// <summary>The memory that the plans of the model run in, for inference and for training.</summary>
    public ArenaPool Arenas { get; } = new();

    /// <summary>Whether convolutions may take the Winograd form. Applies to plans that are made afterwards.</summary>
    public bool Winograd { get; set; } = true;

    /// <summary>The threads: those of the process, unless <see cref="UseThreads"/> set another number.</summary>
    public WorkerPool Pool => _pool ??= WorkerPool.Shared;

    public static ModelEngine Of(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.EngineState is ModelEngine engine) return engine;
        engine = new ModelEngine(model);
        return (ModelEngine?)Interlocked.CompareExchange(ref model.EngineState, engine, null) ?? engine;
    }

    public void UseThreads(int threads)
    {
        if (_pool?.Threads != WorkerPool.Useful(threads)) _pool = WorkerPool.Of(threads);
    }

    /// <summary>Until <see cref="EndTraining"/>, only the calling thread trains the model.</summary>
    /// <exception cref="ModelException">Another thread does.</exception>
    public void BeginTraining()
    {
        var thread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _trainingThread) != thread && Interlocked.CompareExchange(ref _trainingThread, thread, 0) != 0)
        {
            throw new ModelException(
                $"Model '{Model.Name}' is being trained by another thread. Wait for it; predicting and evaluating meanwhile is allowed. "
                + "To train two models side by side, build two.");
        }

        _trainings++;
    }

    /// <summary>Ends what <see cref="BeginTraining"/> began.</summary>
    public void EndTraining()
    {
        if (--_trainings == 0) Volatile.Write(ref _trainingThread, 0);
    }

    /// <summary>
    /// The threads that several models share: those of the first model that has any, or new ones.
    /// Two pools would spin against each other when the models take turns.
    /// </summary>
    public static WorkerPool PoolOf(IReadOnlyList<Model> models, int? threads)
    {
        var engines = models.Select(Of).ToList();
        int? useful = threads is { } asked ? WorkerPool.Useful(asked) : null;
        var pool = engines.Select(engine => engine._pool).FirstOrDefault(pool => pool is not null && pool.Threads == (useful ?? pool.Threads))
            ?? WorkerPool.Of(useful ?? Environment.ProcessorCount);
        foreach (var engine in engines) engine._pool = pool;
        return pool;
    }

    /// <summary>
    /// Computes values of the model's inference graph for one batch and hands over each result while it is in the engine's memory. States of stateful layers
    /// move on.
    /// </summary>
    /// <param name="key">A name for the values, by which their plan is found again.</param>
    /// <param name="values">The values to compute.</param>
    /// <param name="inputs">One batch of data for each input of the model.</param>
    /// <param name="read">Receives the index and the buffer of each result.</param>
    public void Infer(string key, IReadOnlyList<Value> values, IReadOnlyList<NDArray> inputs, Action<int, ValueBuffer> read)
    {
        // A plan has one memory, so concurrent calls for one model take turns.
        lock (_gate)
        {
            _adaptable ??= Adaptation.Adaptable(Model.Graph);
            var asked = new PlanKey(key, [.. inputs.Select(input => new TensorSpec(input.Shape, input.DType))], Adaptation.Count(_adaptable));
            if (!_plans.TryEnter(asked, out var run)) run = Prepare(asked, values);
            using (run)
            {
                var plan = run.Plan;
                for (var i = 0; i < inputs.Count; i++) inputs[i].CopyTo(plan.Inputs[i]);
                plan.Run(Pool, _runs++);
                for (var i = 0; i < plan.Outputs.Count; i++) read(i, plan.Outputs[i]);
            }
        }
    }

    private PlanRun Prepare(PlanKey asked, IReadOnlyList<Value> values)
    {
        var plan = MemoryShortage.Guard($"to predict on {string.Join(", ", asked.Specs)}", Model, () => PlanFor(values, asked.Specs));
        return _plans.Enter(asked, new KeptPlan(plan));
    }

    private ExecutionPlan PlanFor(IReadOnlyList<Value> values, TensorSpec[] specs)
    {
        var inputs = Model.Inputs.Select(tensor => tensor.Value).ToArray();
        var states = StateOrder.Last(Model.Graph.Calls(), call => call.StateUpdates);
        var map = Specialization.Of(inputs, [.. values, .. states.Select(update => update.Value)], training: false, rule: Preparation.Of);
        var outputs = values.Select(value => map[value]).ToArray();
        var updates = states.Select(update => (update.Weight, map[update.Value])).ToList();
        var request = new PlanRequest(PlanOptions.Of(Model, Model.Seed), inputs, outputs, updates) { Memory = PlanMemory.Arena };
        return Planner.Plan(request, specs);
    }
}
