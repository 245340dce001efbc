namespace OnnxFunctional.Training;

/// <summary>All that an optimizer keeps from step to step, by name.</summary>
internal sealed class OptimizerState
{
    private const long ExactSteps = 1 << 24;

    private readonly Dictionary<string, Weight> _slots = [];
    private readonly List<Weight> _order = [];
    private long _steps;

    /// <summary>The number of steps made, as the graph reads and counts it.</summary>
    public Weight Iterations { get; } = new("iterations", Shape.Of(), Initializer.Zeros, false, null);

    /// <summary>The learning rate: of the next steps if it is set directly, of the last step if a schedule computes it.</summary>
    public Weight LearningRate { get; } = new("learning_rate", Shape.Of(), Initializer.Zeros, false, null);

    /// <summary>
    /// The number of steps made. The graph's float32 counts exactly up to 2^24, which a small network reaches in minutes; beyond that <see cref="Count"/> does.
    /// </summary>
    public long Steps
    {
        get => _steps == Iterations.Storage[0] ? _steps : (long)Iterations.Storage[0];
        set => (_steps, Iterations.Storage[0]) = (value, value);
    }

    /// <summary>The slots in the order in which they were created.</summary>
    public IReadOnlyList<Weight> Slots => _order;

    /// <summary>How many numbers it holds, the count of steps and the learning rate among them.</summary>
    public long Params => Iterations.Length + LearningRate.Length + _order.Sum(slot => (long)slot.Length);

    /// <summary>The name of a weight's moving average.</summary>
    public static string AverageOf(string path) => path + "/average";

    /// <summary>The name of the sum of a weight's gradients since its last update.</summary>
    public static string AccumulatedOf(string path) => path + "/accumulated_gradient";

    /// <summary>The slot of that name, or null.</summary>
    public Weight? Find(string name) => _slots.GetValueOrDefault(name);

    public Weight Slot(string name, Shape shape, Initializer initializer)
    {
        if (!_slots.TryGetValue(name, out var slot))
        {
            slot = new Weight(name, shape, initializer, false, null);
            slot.Initialize(0, name);
            _slots.Add(name, slot);
            _order.Add(slot);
        }

        return slot.Shape == shape
            ? slot
            : throw new ModelException(
                $"The optimizer's state '{name}' has shape {slot.Shape}, but {shape} is needed. Load it into the model and the optimizer it was saved with.");
    }

    /// <summary>
    /// Refuses options that need the exact number of each step once float32 cannot hold it. Schedules and bias corrections need it only approximately.
    /// </summary>
    /// <exception cref="ModelException">The optimizer does something once in a number of steps.</exception>
    public void CheckCount(Optimizer optimizer)
    {
        if (Steps >= ExactSteps && (optimizer.GradientAccumulationSteps is not null || optimizer.EmaOverwriteFrequency is not null))
        {
            throw new ModelException(
                $"{optimizer.Name} has gradientAccumulationSteps or emaOverwriteFrequency, which need exact step numbers, but beyond {ExactSteps} steps "
                + "float32 does not count exactly. Compile the model again: its weights stay, and the count starts at zero.");
        }
    }

    /// <summary>After a step: counts it if the graph no longer can.</summary>
    /// <param name="before">The number of steps made before it.</param>
    public void Count(long before)
    {
        if (before >= ExactSteps) Steps = before + 1;
    }

    /// <summary>Removes the slot of that name, if there is one.</summary>
    public void Remove(string name)
    {
        if (_slots.Remove(name, out var slot)) _order.Remove(slot);
    }

    /// <summary>Sets all slots; those without given values get their initial values.</summary>
    public void Restore(IReadOnlyList<(string Name, Shape Shape, float[] Values)> slots)
    {
        foreach (var (name, shape, _) in slots) Slot(name, shape, Initializer.Zeros);
        var given = slots.ToDictionary(slot => slot.Name, slot => slot.Values);
        foreach (var slot in _order)
        {
            if (given.TryGetValue(slot.Name, out var values)) values.CopyTo(slot.Storage, 0);
            else slot.Initializer.Fill(slot.Shape, new RandomNumbers(0, slot.Name), slot.Storage);
        }
    }
}
