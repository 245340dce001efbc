using OnnxFunctional.Layers;

namespace OnnxFunctional.Training;

/// <summary>
/// How weights are updated from their gradients: a function over tensors, so a custom optimizer is as fast as the built-in ones
/// (https://keras.io/api/optimizers/).
/// </summary>
/// <param name="learningRate">The learning rate or a schedule of it.</param>
/// <param name="weightDecay">The share of the weights, times the learning rate, that each step subtracts; at least 0. Default: none.</param>
/// <param name="clipnorm">The gradient of each weight is scaled down to this norm, above 0. At most one of the three kinds of clipping can be chosen.</param>
/// <param name="clipvalue">Elements of gradients are clipped to plus and minus this value, above 0.</param>
/// <param name="globalClipnorm">All gradients are scaled down together to this norm, above 0.</param>
/// <param name="useEma">Whether moving averages of the weights are kept; when training ends they replace the weights.</param>
/// <param name="emaMomentum">How much of the moving averages is kept, from 0 to 1.</param>
/// <param name="emaOverwriteFrequency">The averages also replace the weights each time this many steps were made, at least 1; default: only at the end.</param>
/// <param name="gradientAccumulationSteps">Weights are updated once in this many batches, at least 2; default: after each.</param>
/// <param name="excludeFromWeightDecay">Weights whose full name contains one of these do not decay: <c>["bias", "gamma"]</c>.</param>
/// <param name="name">Its name in messages and files; default: Keras' name of the class.</param>
/// <example><code>
/// sealed class Plain(double learningRate) : Optimizer(learningRate)
/// {
///     protected override void Update(UpdateContext context) => context.SetWeight(context.Weight - (context.LearningRate * context.Gradient));
/// }
/// </code></example>
public abstract class Optimizer(
    Schedule learningRate,
    double? weightDecay = null,
    double? clipnorm = null,
    double? clipvalue = null,
    double? globalClipnorm = null,
    bool useEma = false,
    double emaMomentum = 0.99,
    int? emaOverwriteFrequency = null,
    int? gradientAccumulationSteps = null,
    IReadOnlyList<string>? excludeFromWeightDecay = null,
    string? name = null)
{
    /// <summary>The learning rate, as a function of the number of steps made.</summary>
    public Schedule LearningRate { get; } = learningRate ?? throw new ArgumentNullException(nameof(learningRate));

    /// <summary>The gradient of each weight is scaled down to this norm.</summary>
    public double? Clipnorm { get; } = clipnorm;

    /// <summary>Elements of gradients are clipped to plus and minus this value.</summary>
    public double? Clipvalue { get; } = clipvalue;

    /// <summary>All gradients are scaled down together to this global norm.</summary>
    public double? GlobalClipnorm { get; } = globalClipnorm;

    /// <summary>The share of the weights, times the learning rate, that each step subtracts.</summary>
    public double? WeightDecay { get; } = weightDecay;

    /// <summary>Weights whose full name contains one of these do not decay: <c>["bias", "gamma"]</c>.</summary>
    public IReadOnlyList<string> ExcludeFromWeightDecay { get; } = excludeFromWeightDecay ?? [];

    /// <summary>Whether moving averages of the weights are kept; when training ends they replace the weights.</summary>
    public bool UseEma { get; } = useEma;

    /// <summary>How much of the moving averages is kept.</summary>
    public double EmaMomentum { get; } = emaMomentum;

    /// <summary>The averages also replace the weights each time this many steps were made.</summary>
    public int? EmaOverwriteFrequency { get; } = emaOverwriteFrequency;

    /// <summary>
    /// Weights are updated once in this many batches, by the mean of the gradients since the last update. Schedules, bias corrections, averages and decay count
    /// updates, so this many batches of one size act as one large batch.
    /// </summary>
    /// <remarks>
    /// <para>
    /// <c>gradient = (g[1] + ... + g[k]) / k</c>, where g[i] is the gradient of the i-th batch's own mean loss. Batches count alike whatever their size, as in
    /// Keras: a sample of a last batch half as large weighs twice. Where that matters, choose a batch size that divides the number of samples, or
    /// leave the rest out: <c>Batch(size, dropRemainder: true)</c>.
    /// </para>
    /// <para>Counting continues across epochs, as in Keras: batches left over at the end of an epoch or of Fit wait for the next ones.</para>
    /// <para>Keras: https://keras.io/api/optimizers/</para>
    /// </remarks>
    public int? GradientAccumulationSteps { get; } = gradientAccumulationSteps;

    /// <summary>The given name; by default Keras' name of the class: <c>adam</c>.</summary>
    public virtual string Name => GivenName ?? Naming.SnakeCase(GetType().Name);

    /// <summary>The name that was given; null if the class decides it.</summary>
    internal string? GivenName { get; } = name;

    /// <summary>Sets the next values of one weight and of its slots.</summary>
    /// <param name="context">The weight, its gradient and what belongs to it.</param>
    protected internal abstract void Update(UpdateContext context);

    /// <summary>What a step does with gradients, if it is planned for that alone.</summary>
    /// <param name="step">The number of the step.</param>
    internal AccumulationPhase PhaseOf(ulong step) => GradientAccumulationSteps is not { } count ? AccumulationPhase.Counted
        : (step + 1) % (ulong)count == 0 ? AccumulationPhase.Updating
        : AccumulationPhase.Waiting;

    /// <summary>All next values, in Keras' order: accumulate, clip, decay, update, average, constrain; and the number of steps.</summary>
    internal void Build(
        IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> gradients,
        OptimizerState state,
        List<(Weight Weight, Value Value)> updates,
        AccumulationPhase phase = AccumulationPhase.Counted)
    {
        CheckOptions();
        var iterations = new SymbolicTensor(state.Iterations.Variable);
        var following = iterations + 1;
        updates.Add((state.Iterations, following.Value));

        // Everything but the accumulation itself sees the number of updates, so that accumulated batches act as one large batch.
        var (made, step, moves) = (iterations, following, (SymbolicTensor?)null);
        if (GradientAccumulationSteps is { } count)
        {
            made = Ops.Floor(iterations / count);
            step = made + 1;
            if (phase == AccumulationPhase.Counted) moves = Ops.Equal(Ops.Mod(following, count), 0);
            gradients = [.. gradients.Select(entry => (entry.Path, entry.Weight, Accumulated(entry, phase, moves, count, state, updates)))];
        }

        var rate = new SymbolicTensor(state.LearningRate.Variable);
        if (!LearningRate.IsConstant)
        {
            rate = LearningRate.At(made);
            updates.Add((state.LearningRate, rate.Value));
        }

        if (phase == AccumulationPhase.Waiting) return;
        var scale = GlobalScale(gradients);
        foreach (var (path, weight, raw) in gradients)
        {
            var gradient = raw;
            if (Clipvalue is { } value) gradient = Ops.Clip(gradient, -(float)value, (float)value);
            if (Clipnorm is { } norm) gradient *= (float)norm / Ops.Maximum(Ops.Norm(gradient), (float)norm);
            if (scale is not null) gradient *= scale;
            var variable = new SymbolicTensor(weight.Variable);
            var current = variable;
            if (DecayOf(path, weight.Shape) is { } decay && !ExcludeFromWeightDecay.Any(part => path.Contains(part, StringComparison.Ordinal)))
                current -= current * (float)decay * rate;
            var context = new UpdateContext(path, weight, current, gradient, rate, step, state);
            Update(context);
            var next = context.Next ?? throw new ModelException($"Optimizer {Name} did not set the weight '{path}'. Call SetWeight in Update.");
            foreach (var (slot, slotNext) in context.Slots)
                updates.Add((slot, moves is null ? slotNext.Value : Ops.Where(moves, slotNext, new SymbolicTensor(slot.Variable)).Value));
            if (UseEma) next = Averaged(next, state.Slot(OptimizerState.AverageOf(path), weight.Shape, Initializer.Zeros), step, moves, updates);
            if (weight.Constraint is { } constraint) next = constraint.Apply(next);
            if (moves is not null) next = Ops.Where(moves, next, variable);
            updates.Add((weight, next.Value));
        }
    }

    /// <summary>The decay of a weight; null if it has none.</summary>
    private protected virtual double? DecayOf(string path, Shape shape) => WeightDecay;

    /// <summary>The mean of the gradients since the last update of the weight, including this one.</summary>
    private static SymbolicTensor Accumulated(
        (string Path, Weight Weight, SymbolicTensor Gradient) entry,
        AccumulationPhase phase,
        SymbolicTensor? moves,
        int count,
        OptimizerState state,
        List<(Weight Weight, Value Value)> updates)
    {
        var slot = state.Slot(OptimizerState.AccumulatedOf(entry.Path), entry.Weight.Shape, Initializer.Zeros);
        var sum = new SymbolicTensor(slot.Variable) + entry.Gradient;
        var kept = phase switch
        {
            AccumulationPhase.Waiting => sum,
            AccumulationPhase.Updating => Ops.ZerosLike(new SymbolicTensor(slot.Variable)),
            _ => Ops.Where(moves!, 0, sum),
        };
        updates.Add((slot, kept.Value));
        return sum / count;
    }

    /// <summary>The factor that scales all gradients to the global norm.</summary>
    private SymbolicTensor? GlobalScale(IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> gradients)
    {
        if (GlobalClipnorm is not { } norm || gradients.Count == 0) return null;
        var global = (float)norm;
        var squares = Ops.Make(new Operators.ReduceSumSquare([], false), gradients[0].Gradient);
        foreach (var (_, _, gradient) in gradients.Skip(1)) squares += Ops.Make(new Operators.ReduceSumSquare([], false), gradient);
        return global / Ops.Maximum(Ops.Sqrt(squares), global);
    }

    /// <summary>Updates the average, and replaces the weight by it in the steps that overwrite weights. The first average is the weight itself.</summary>
    private SymbolicTensor Averaged(
        SymbolicTensor next, Weight slot, SymbolicTensor step, SymbolicTensor? moves, List<(Weight Weight, Value Value)> updates)
    {
        var previous = new SymbolicTensor(slot.Variable);
        var keep = Ops.Cast(Ops.Greater(step, 1), DType.Float32) * (float)EmaMomentum;
        var average = (previous * keep) + (next * (1 - keep));
        updates.Add((slot, (moves is null ? average : Ops.Where(moves, average, previous)).Value));
        return EmaOverwriteFrequency is { } frequency ? Ops.Where(Ops.Equal(Ops.Mod(step, frequency), 0), average, next) : next;
    }

    /// <summary>Refuses options that are out of range, and those that exclude each other.</summary>
    internal void CheckOptions()
    {
        if (new[] { Clipnorm, Clipvalue, GlobalClipnorm }.Count(option => option is not null) > 1)
        {
            throw new ModelException(
                $"Only one of clipnorm, clipvalue and globalClipnorm can be set, but {Name} has "
                + $"clipnorm = {Clipnorm}, clipvalue = {Clipvalue}, globalClipnorm = {GlobalClipnorm}.");
        }

        foreach (var (name, value) in new[] { (nameof(clipnorm), Clipnorm), (nameof(clipvalue), Clipvalue), (nameof(globalClipnorm), GlobalClipnorm) })
        {
            if (value is { } given && !(float.IsFinite((float)given) && (float)given > 0))
                throw new ModelException($"{name} of {Name} is {given}; expected a finite number above 0, or null.");
        }

        if (WeightDecay is { } decay && !(float.IsFinite((float)decay) && decay >= 0))
            throw new ModelException($"weightDecay of {Name} is {decay}; expected a finite number of at least 0, or null.");

        if (GradientAccumulationSteps < 2)
            throw new ModelException($"gradientAccumulationSteps of {Name} is {GradientAccumulationSteps}; expected at least 2, or null.");
        if (EmaOverwriteFrequency < 1) throw new ModelException($"emaOverwriteFrequency of {Name} is {EmaOverwriteFrequency}; expected at least 1, or null.");
        if (EmaMomentum is not (>= 0 and <= 1)) throw new ModelException($"emaMomentum of {Name} is {EmaMomentum}; expected a value from 0 to 1.");
    }
}

/// <summary>One weight, as an optimizer's Update sees and sets it.</summary>
public sealed class UpdateContext
{
    private readonly Weight _weight;
    private readonly OptimizerState _state;
    private readonly List<(Weight Slot, SymbolicTensor Next)> _slots = [];
    private SymbolicTensor? _moves;

    internal UpdateContext(
        string path,
        Weight weight,
        SymbolicTensor current,
        SymbolicTensor gradient,
        SymbolicTensor learningRate,
        SymbolicTensor step,
        OptimizerState state)
    {
        (Path, _weight, _state) = (path, weight, state);
        (Weight, Gradient, LearningRate, Step) = (current, gradient, learningRate, step);
    }

    /// <summary>The weight's full name: <c>dense/kernel</c>.</summary>
    public string Path { get; }

    /// <summary>The weight.</summary>
    public SymbolicTensor Weight { get; }

    /// <summary>Its gradient, clipped.</summary>
    public SymbolicTensor Gradient { get; }

    /// <summary>The learning rate of this step, a scalar.</summary>
    public SymbolicTensor LearningRate { get; }

    /// <summary>The number of this step, counted from 1, a scalar.</summary>
    public SymbolicTensor Step { get; }

    internal SymbolicTensor? Next { get; private set; }

    internal IReadOnlyList<(Weight Slot, SymbolicTensor Next)> Slots => _slots;

    /// <summary>A tensor kept from step to step for this weight: a momentum, a mean of squares.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its initial values; default: zeros.</param>
    /// <param name="shape">Its shape; default: the weight's.</param>
    public SymbolicTensor Slot(string name, Initializer? initializer = null, Shape? shape = null) =>
        new(_state.Slot(Path + "/" + name, shape ?? _weight.Shape, initializer ?? Initializer.Zeros).Variable);

    /// <summary>Sets a slot's value for the next step.</summary>
    /// <param name="slot">What <see cref="Slot"/> returned.</param>
    /// <param name="value">Its value after the step.</param>
    /// <exception cref="ModelException">The tensor is not one that <see cref="Slot"/> returned.</exception>
    public void SetSlot(SymbolicTensor slot, SymbolicTensor value)
    {
        ArgumentNullException.ThrowIfNull(slot);
        ArgumentNullException.ThrowIfNull(value);
        if (slot.Value.Producer.Op is not Operators.Variable variable)
            throw new ModelException("SetSlot takes a tensor that Slot returned, but got a computed one. Keep what Slot returned.");
        _slots.Add((variable.Weight, Moved(value, slot)));
    }

    /// <summary>Sets the weight's value for the next step.</summary>
    /// <param name="value">The weight's value after the step.</param>
    public void SetWeight(SymbolicTensor value) => Next = Moved(value, Weight);

    /// <summary>If the weight is the table of an Embedding, keeps it and its slots as they are in rows whose gradient is zero.</summary>
    internal void KeepRowsWithoutGradient()
    {
        if (_weight is not { Owner: Embedding, IsOfAdapter: false }) return;

        // Not a number is not zero: such a row moves, and is found.
        _moves = Ops.NotEqual(Ops.Make(new Operators.ReduceL1([1], true), Gradient), 0);
    }

    private SymbolicTensor Moved(SymbolicTensor value, SymbolicTensor before) => _moves is null ? value : Ops.Where(_moves, value, before);

    /// <summary>The moving means of the gradient and of its square, as Adam and its relatives keep them in the slots momentum and velocity.</summary>
    /// <param name="beta1">How much of the mean gradient is kept.</param>
    /// <param name="beta2">How much of the mean square is kept.</param>
    internal (SymbolicTensor Mean, SymbolicTensor Square) Moments(float beta1, float beta2)
    {
        var (momentum, velocity) = (Slot("momentum"), Slot("velocity"));
        var mean = momentum + ((Gradient - momentum) * (1 - beta1));
        var square = velocity + ((Ops.Square(Gradient) - velocity) * (1 - beta2));
        SetSlot(momentum, mean);
        SetSlot(velocity, square);
        return (mean, square);
    }
}
