namespace OnnxFunctional.Training;

/// <summary>How weights move against their gradients: a function over tensors, so one of one's own is as fast as the built-in ones (https://keras.io/api/optimizers/).</summary>
/// <param name="learningRate">The size of a step, or a schedule of it.</param>
public abstract class Optimizer(Schedule learningRate)
{
    /// <summary>The size of a step, as a function of how many were made.</summary>
    public Schedule LearningRate { get; } = learningRate ?? throw new ArgumentNullException(nameof(learningRate));

    /// <summary>Gradients of a tensor are scaled down to this norm.</summary>
    public float? ClipNorm { get; init; }

    /// <summary>Elements of gradients are kept within plus and minus this.</summary>
    public float? ClipValue { get; init; }

    /// <summary>All gradients together are scaled down to this norm.</summary>
    public float? GlobalClipNorm { get; init; }

    /// <summary>Each step also takes this share, times the learning rate, off the weights.</summary>
    public float? WeightDecay { get; init; }

    /// <summary>Keras' name: <c>adam</c>.</summary>
    public virtual string Name => Naming.SnakeCase(GetType().Name);

    /// <summary>Says the weight's next value, and those of the slots it keeps.</summary>
    protected internal abstract void Update(UpdateContext context);

    /// <summary>All next values, in Keras' order: clip, decay, step, constraint.</summary>
    internal void Build(IReadOnlyList<(string Path, Weight Weight, SymbolicTensor Gradient)> gradients, SymbolicTensor learningRate, SymbolicTensor step, OptimizerState state, List<(Weight Weight, Value Value)> updates)
    {
        if (new[] { ClipNorm, ClipValue, GlobalClipNorm }.Count(option => option is not null) > 1)
            throw new ModelException($"Only one of ClipNorm, ClipValue and GlobalClipNorm can be set, but {Name} has ClipNorm = {ClipNorm}, ClipValue = {ClipValue}, GlobalClipNorm = {GlobalClipNorm}.");
        SymbolicTensor? globalScale = null;
        if (GlobalClipNorm is { } global && gradients.Count > 0)
        {
            var squares = Ops.Make(new Operators.ReduceSumSquare([], false), gradients[0].Gradient);
            foreach (var (_, _, gradient) in gradients.Skip(1)) squares += Ops.Make(new Operators.ReduceSumSquare([], false), gradient);
            globalScale = global / Ops.Maximum(Ops.Sqrt(squares), global);
        }

        foreach (var (path, weight, raw) in gradients)
        {
            var gradient = raw;
            if (ClipValue is { } value) gradient = Ops.Clip(gradient, -value, value);
            if (ClipNorm is { } norm) gradient *= norm / Ops.Maximum(Ops.Norm(gradient), norm);
            if (globalScale is not null) gradient *= globalScale;
            var current = new SymbolicTensor(weight.Variable);
            if (WeightDecay is { } decay && Decays(path)) current -= current * decay * learningRate;
            var context = new UpdateContext(path, weight, current, gradient, learningRate, step, state, updates);
            Update(context);
            var next = context.Next ?? throw new ModelException($"Optimizer {Name} did not set the weight '{path}'; Update must call SetWeight.");
            if (weight.Constraint is { } constraint) next = constraint.Apply(next);
            updates.Add((weight, next.Value));
        }
    }

    /// <summary>Whether weight decay holds for that weight.</summary>
    private protected virtual bool Decays(string path) => true;
}

/// <summary>What an optimizer sees of one weight.</summary>
public sealed class UpdateContext
{
    private readonly string _path;
    private readonly Weight _weight;
    private readonly OptimizerState _state;
    private readonly List<(Weight Weight, Value Value)> _updates;

    internal UpdateContext(
        string path, Weight weight, SymbolicTensor current, SymbolicTensor gradient, SymbolicTensor learningRate, SymbolicTensor step, OptimizerState state, List<(Weight, Value)> updates)
    {
        (_path, _weight, _state, _updates) = (path, weight, state, updates);
        (Weight, Gradient, LearningRate, Step) = (current, gradient, learningRate, step);
    }

    /// <summary>The weight.</summary>
    public SymbolicTensor Weight { get; }

    /// <summary>Its gradient, clipped.</summary>
    public SymbolicTensor Gradient { get; }

    /// <summary>The learning rate of this step, one number.</summary>
    public SymbolicTensor LearningRate { get; }

    /// <summary>The number of this step, counted from 1, one number.</summary>
    public SymbolicTensor Step { get; }

    internal SymbolicTensor? Next { get; private set; }

    /// <summary>A tensor kept from step to step for this weight: a momentum, a mean of squares.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="initializer">Its first values; zeros if none are given.</param>
    /// <param name="shape">Its shape; the weight's if none is given.</param>
    public SymbolicTensor Slot(string name, Initializer? initializer = null, Shape? shape = null) =>
        new(_state.Slot(_path + "/" + name, shape ?? _weight.Shape, initializer ?? Initializer.Zeros).Variable);

    /// <summary>Sets a slot's value for the next step.</summary>
    public void SetSlot(SymbolicTensor slot, SymbolicTensor value)
    {
        ArgumentNullException.ThrowIfNull(slot);
        ArgumentNullException.ThrowIfNull(value);
        if (slot.Value.Producer.Op is not Operators.Variable variable) throw new ModelException("SetSlot takes a tensor that Slot returned.");
        _updates.Add((variable.Weight, value.Value));
    }

    /// <summary>Sets the weight's value for the next step.</summary>
    public void SetWeight(SymbolicTensor value) => Next = value;
}

/// <summary>All that an optimizer keeps from step to step, by name.</summary>
internal sealed class OptimizerState
{
    private readonly Dictionary<string, Weight> _slots = [];
    private readonly List<Weight> _order = [];

    /// <summary>How many steps were made.</summary>
    public Weight Iterations { get; } = new("iterations", Shape.Of(), Initializer.Zeros, false, null);

    /// <summary>The learning rate where no schedule sets it.</summary>
    public Weight LearningRate { get; } = new("learning_rate", Shape.Of(), Initializer.Zeros, false, null);

    /// <summary>The slots in the order they were made.</summary>
    public IReadOnlyList<Weight> Slots => _order;

    public Weight Slot(string name, Shape shape, Initializer initializer)
    {
        if (!_slots.TryGetValue(name, out var slot))
        {
            slot = new Weight(name, shape, initializer, false, null);
            slot.Initialize(0, name);
            _slots.Add(name, slot);
            _order.Add(slot);
        }

        return slot;
    }
}
