using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Export.Keras;

/// <summary>
/// An optimizer's variables in Keras' weight file: <c>optimizer/vars/0</c> is the number of steps, then the learning rate, then the slots of each weight.
/// </summary>
internal static class KerasOptimizer
{
    private const string Folder = "optimizer/vars/";

    /// <summary>Sets the state of a trainer; nothing is set unless everything fits.</summary>
    /// <exception cref="ModelException">The file holds no optimizer, or the state of another optimizer.</exception>
    public static void Read(Trainer trainer, IReadOnlyDictionary<string, Hdf5Array> arrays, string file)
    {
        var count = arrays.Keys.Count(path => path.StartsWith(Folder, StringComparison.Ordinal));
        if (count == 0) throw new ModelException($"'{file}' holds no optimizer state. In Keras, save a model that was compiled and trained.");
        var (optimizer, state) = (trainer.Optimizer, trainer.Compiled.State);
        var slots = new List<(string Name, Weight Weight, Func<Weight> Slot)> { ("iterations", state.Iterations, () => state.Iterations) };

        // A constant learning rate is a variable, a schedule is not.
        if (optimizer.LearningRate.IsConstant) slots.Add(("learning_rate", state.LearningRate, () => state.LearningRate));
        var trainable = trainer.Model.WeightPaths().Where(named => named.Weight.Trainable && trainer.Compiled.IsTrainable(named.Weight)).ToList();
        foreach (var group in Groups(optimizer))
        {
            foreach (var (path, weight) in trainable)
            {
                foreach (var name in group) slots.Add((path + "/" + name, weight, () => state.Slot(path + "/" + name, weight.Shape, Initializer.Zeros)));
            }
        }

        // Keras keeps one product for all weights, we keep one per weight; all have the same value.
        if (optimizer is Nadam) slots.Add(("u_product", state.Iterations, () => state.Iterations));
        var problems = new List<string>();
        if (count != slots.Count)
            problems.Add($"it holds {count} variables, expected {slots.Count} for {optimizer.Name} and {trainable.Count} trainable weights");
        for (var i = 0; i < slots.Count; i++)
        {
            var path = Folder + i.ToString(CultureInfo.InvariantCulture);
            if (!arrays.TryGetValue(path, out var array)) problems.Add($"{path} is missing, expected {slots[i].Name}");
            else if (!slots[i].Weight.Shape.Dims.SequenceEqual(array.Dims))
                problems.Add($"{path} has shape ({string.Join(", ", array.Dims)}), expected {slots[i].Weight.Shape} for {slots[i].Name}");
            else if (array.Misfit() is { } misfit) problems.Add($"{path} {misfit}");
        }

        if (problems.Count > 0)
            throw new ModelException(
                $"The optimizer's state in '{file}' does not fit: {string.Join("; ", problems.Take(10))}. "
                + "Compile with the optimizer and options the file was trained with.");
        for (var i = 0; i < slots.Count; i++)
        {
            var array = arrays[Folder + i.ToString(CultureInfo.InvariantCulture)];
            if (slots[i].Name == "u_product")
            {
                foreach (var (path, _) in trainable) array.CopyTo(state.Slot(path + "/u_product", Shape.Of(), Initializer.Ones).Storage);
            }
            else
            {
                array.CopyTo(slots[i].Slot().Storage);
            }
        }
    }

    /// <summary>Keras' slots in the order of their creation: the names of a group alternate weight by weight.</summary>
    private static IEnumerable<string[]> Groups(Optimizer optimizer)
    {
        if (optimizer.UseEma) yield return ["average"];
        if (optimizer.GradientAccumulationSteps is not null) yield return ["accumulated_gradient"];
        string[][] own = optimizer switch
        {
            Adam { Amsgrad: true } => [["momentum", "velocity"], ["velocity_hat"]],
            Adam or Nadam or Lamb => [["momentum", "velocity"]],
            Adamax => [["momentum", "norm"]],
            Sgd { Momentum: 0 } => [],
            Sgd or Lion => [["momentum"]],
            RmsProp rms =>
            [
                ["velocity"],
                .. rms.Momentum > 0 ? [["momentum"]] : Array.Empty<string[]>(),
                .. rms.Centered ? [["average_gradient"]] : Array.Empty<string[]>(),
            ],
            Adagrad => [["accumulator"]],
            Adadelta => [["accumulated_grad", "accumulated_delta_var"]],
            Ftrl => [["accumulator", "linear"]],
            _ => throw new ModelException(
                $"The state of {optimizer.Name} cannot be read from Keras' files; "
                + "supported are SGD, RMSprop, Adam, AdamW, Adamax, Nadam, Adagrad, Adadelta, Ftrl, Lion and Lamb."),
        };
        foreach (var group in own) yield return group;
    }
}
