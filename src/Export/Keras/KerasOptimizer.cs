using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Export.Keras;

/// <summary>
/// An optimizer's variables in Keras' weight file: <c>optimizer/vars/0</c> is the number of steps, then the learning rate, then the slots of each weight.
/// </summary>
internal static class KerasOptimizer
{
    /// <summary>The group of the variables.</summary>
    public const string Folder = "optimizer/vars/";

    private const string Inner = "optimizer/inner_optimizer/vars/";
    private const string Product = "u_product";

    // The number of steps and the learning rate of the optimizer around another one, which nothing uses, then the state of the scale.
    private const int OfScale = 4;

    /// <summary>Sets the state of a trainer; nothing is set unless everything fits.</summary>
    /// <exception cref="ModelException">The file holds no optimizer, or the state of another optimizer.</exception>
    public static void Read(Trainer trainer, IReadOnlyDictionary<string, Hdf5Array> arrays, string file)
    {
        var count = arrays.Keys.Count(path => path.StartsWith(Folder, StringComparison.Ordinal));
        if (count == 0) throw new ModelException($"'{file}' holds no optimizer state. In Keras, save a model that was compiled and trained.");
        var (slots, state) = (Variables(trainer), trainer.Compiled.State);
        var problems = new List<string>();
        if (count != slots.Count)
            problems.Add($"it holds {count} variables, expected {slots.Count} for {trainer.Optimizer.Name} and {Trainable(trainer).Count} trainable weights");
        for (var i = 0; i < slots.Count; i++)
        {
            var path = Folder + i.ToString(CultureInfo.InvariantCulture);
            if (!arrays.TryGetValue(path, out var array)) problems.Add($"{path} is missing, expected {slots[i].Name}");
            else if (!slots[i].Shape.Dims.SequenceEqual(array.Dims))
                problems.Add($"{path} has shape ({string.Join(", ", array.Dims)}), expected {slots[i].Shape} for {slots[i].Name}");
            else if (array.Misfit() is { } misfit) problems.Add($"{path} {misfit}");
        }

        if (problems.Count > 0)
            throw new ModelException(
                $"The optimizer's state in '{file}' does not fit: {string.Join("; ", problems.Take(10))}. "
                + "Compile with the optimizer and options the file was trained with.");
        for (var i = 0; i < slots.Count; i++)
        {
            var array = arrays[Folder + i.ToString(CultureInfo.InvariantCulture)];
            if (slots[i].Name == Product)
            {
                foreach (var (path, _) in Trainable(trainer)) array.CopyTo(state.Slot(path + "/" + Product, Shape.Of(), Initializer.Ones).Storage);
            }
            else if (slots[i].Find is { } find)
            {
                array.CopyTo(find().Storage);
            }
        }
    }

    /// <summary>The state of a trainer as Keras' variables, by groups; none before its first step.</summary>
    public static IReadOnlyList<VariableGroup> Write(Trainer trainer)
    {
        var state = trainer.Compiled.State;
        if (state.Steps == 0) return [];
        var trainable = Trainable(trainer);
        List<(Shape Shape, float[] Values)> all = [.. Variables(trainer).Select(slot => (slot.Shape, ValuesOf(slot)))];
        var name = Naming.SnakeCase(trainer.Optimizer.Name);
        return trainer.Compiled.LossScaling is null
            ? [new(Folder, name, all)]
            : [new(Folder, "loss_scale_optimizer", all), new(Inner, name, all[OfScale..])];

        // Variables that have no counterpart here are those that nothing has used.
        float[] ValuesOf(Slot slot) =>
            slot.Name == Product ? ProductOf(trainable)
            : (slot.Name.Contains('/', StringComparison.Ordinal) ? state.Find(slot.Name) : slot.Find?.Invoke())?.Storage
                ?? new float[checked((int)slot.Shape.ElementCount)];

        float[] ProductOf(IReadOnlyList<(string Path, Weight Weight)> weights) =>
            weights.Count > 0 && state.Find(weights[0].Path + "/" + Product) is { } product ? product.Storage : [1];
    }

    /// <summary>Keras' variables, in order.</summary>
    private static List<Slot> Variables(Trainer trainer)
    {
        var (optimizer, state) = (trainer.Optimizer, trainer.Compiled.State);
        var slots = new List<Slot>();
        if (trainer.Compiled.LossScaling is { State: var scaling })
        {
            slots.AddRange([new("iterations of the scale", Shape.Of(), null), new("learning_rate of the scale", Shape.Of(), null)]);
            slots.AddRange([new("step_counter", Shape.Of(), () => scaling.Steps), new("dynamic_scale", Shape.Of(), () => scaling.Scale)]);
        }

        slots.Add(new("iterations", Shape.Of(), () => state.Iterations));

        // A constant learning rate is a variable, a schedule is not.
        if (optimizer.LearningRate.IsConstant) slots.Add(new("learning_rate", Shape.Of(), () => state.LearningRate));
        var trainable = Trainable(trainer);
        foreach (var group in Groups(optimizer))
        {
            foreach (var (path, weight) in trainable)
            {
                foreach (var (name, shape, isRead) in group(path, weight.Shape))
                    slots.Add(new(path + "/" + name, shape, isRead ? () => state.Slot(path + "/" + name, shape, Initializer.Zeros) : null));
            }
        }

        // Keras keeps one product for all weights, we keep one per weight; all have the same value.
        if (optimizer is Nadam) slots.Add(new(Product, Shape.Of(), null));
        return slots;
    }

    private static List<(string Path, Weight Weight)> Trainable(Trainer trainer) =>
        [.. trainer.Model.WeightPaths().Where(named => named.Weight.Trainable && trainer.Compiled.IsTrainable(named.Weight))];

    /// <summary>Keras' variables of each weight, in the order of their creation: those of one group alternate weight by weight.</summary>
    private static IEnumerable<SlotsOf> Groups(Optimizer optimizer)
    {
        if (optimizer.UseEma) yield return Like("average");
        if (optimizer.GradientAccumulationSteps is not null) yield return Like("accumulated_gradient");
        SlotsOf[] own = optimizer switch
        {
            Adam { Amsgrad: true } => [Like("momentum", "velocity"), Like("velocity_hat")],
            Adam or Nadam or Lamb => [Like("momentum", "velocity")],
            Adamax => [Like("momentum", "norm")],
            Sgd { Momentum: 0 } => [],
            Sgd or Lion => [Like("momentum")],
            RmsProp rms =>
            [
                Like("velocity"),
                .. rms.Momentum > 0 ? [Like("momentum")] : Array.Empty<SlotsOf>(),
                .. rms.Centered ? [Like("average_gradient")] : Array.Empty<SlotsOf>(),
            ],
            Adagrad => [Like("accumulator")],
            Adadelta => [Like("accumulated_grad", "accumulated_delta_var")],
            Ftrl => [Like("accumulator", "linear")],
            Muon muon => [(path, shape) => muon.UsesAdam(path, shape) ? [("momentum", shape, true), ("velocity", shape, true)] : [("momentum", shape, true)]],
            Adafactor => [OfAdafactor],
            _ => throw new ModelException($"The state of {optimizer.Name} cannot be read from Keras' files: Keras has no such optimizer."),
        };
        foreach (var group in own) yield return group;
    }

    private static SlotsOf Like(params string[] names) => (_, shape) => names.Select(name => (name, shape, true));

    /// <summary>Keras creates all three variables for each weight and uses the first two for matrices, the last for vectors.</summary>
    private static IEnumerable<(string Name, Shape Shape, bool IsRead)> OfAdafactor(string path, Shape shape) => shape.Rank < 2
        ? [("row", Shape.Of(), false), ("column", Shape.Of(), false), ("velocity", shape, true)]
        : [("row", shape.Slice(0, shape.Rank - 1), true), ("column", shape.Remove(shape.Rank - 2), true), ("velocity", shape, false)];

    /// <summary>Keras' variables of a weight; those that are not read have no counterpart here, because nothing uses them.</summary>
    private delegate IEnumerable<(string Name, Shape Shape, bool IsRead)> SlotsOf(string path, Shape shape);

    /// <summary>A variable of the file and, if it has one, its slot here, which is created when it is read.</summary>
    private sealed record Slot(string Name, Shape Shape, Func<Weight>? Find);
}
