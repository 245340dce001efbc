using System.Numerics.Tensors;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Finds what made a loss that is not finite: data, a layer, the loss, or the gradient or update of the batch before.</summary>
/// <remarks>
/// The step that found it changed nothing, so the weights are still those it started from. Gradients and updates come after the loss: what they spoil is seen
/// in the weights, when the next batch or the end of the epoch looks at them.
/// </remarks>
internal static class NonFinite
{
    private const int MostNames = 5;
    private const string Remedy = "Use a smaller learning rate, clipnorm: 1 on the optimizer, or scale the inputs";

    /// <summary>Runs the forward pass of a step again, with all that is examined as outputs, and says what is not finite first.</summary>
    /// <param name="request">The step without updates; its first outputs are those of the step, so that it draws the same random numbers.</param>
    /// <param name="specs">Shapes and types of the batch.</param>
    /// <param name="examined">What the last outputs are.</param>
    /// <param name="fill">Copies the batch into the plan.</param>
    /// <param name="pool">The threads.</param>
    /// <param name="step">The number of the step.</param>
    public static string Forward(
        PlanRequest request, IReadOnlyList<TensorSpec> specs, IReadOnlyList<Examined> examined, Action<ExecutionPlan> fill, WorkerPool pool, ulong step)
    {
        using var plan = Planner.Plan(request with { Outputs = [.. request.Outputs, .. examined.Select(entry => entry.Value)], Updates = [] }, specs);
        fill(plan);
        for (var i = 0; i < plan.Inputs.Count; i++)
        {
            if (plan.Inputs[i].Spec.Type == DType.Float32 && !TensorPrimitives.IsFiniteAll<float>(plan.Inputs[i].Floats))
                return $"The data made it: array {i} of the batch holds values that are not finite. ";
        }

        plan.Run(pool, step);
        var bad = examined.Where((_, i) => !TensorPrimitives.IsFiniteAll<float>(plan.Outputs[request.Outputs.Count + i].Floats)).ToList();
        var around = new HashSet<LayerCall>();
        foreach (var entry in bad)
        {
            for (var call = entry.Call?.Parent; call is not null; call = call.Parent) around.Add(call);
        }

        // A model around a layer has its output too; the layer is what the user looks for.
        var first = bad.Find(entry => entry.Call is null || !around.Contains(entry.Call));
        return first switch
        {
            null => "Data, weights, outputs of layers and all terms of the loss are finite: their sum made it. ",
            { Call: null } => $"The loss made it: data, weights and outputs of layers are finite, but the {first.What} is not. ",
            _ => $"The forward pass made it: data and weights are finite, and the first that is not is the {first.What}. ",
        };
    }

    /// <summary>Says which weights are not finite and whether the gradient or the update made them so; null if all are.</summary>
    /// <param name="weights">Weights with their full names.</param>
    /// <param name="states">The states of their optimizers.</param>
    public static string? Weights(IEnumerable<(string Path, Weight Weight)> weights, IReadOnlyList<OptimizerState> states)
    {
        var bad = weights.Where(entry => !TensorPrimitives.IsFiniteAll<float>(entry.Weight.Storage)).ToList();
        if (bad.Count == 0) return null;
        var names = string.Join(", ", bad.Take(MostNames).Select(entry => $"'{entry.Path}'"));
        if (bad.Count > MostNames) names += $" and {bad.Count - MostNames} more";
        return states.All(state => state.Steps == 0)
            ? $"Weights were not finite before the first step: {names}. "
            : $"{Maker(bad[0].Path, bad[0].Weight, states)} of the step before made it, whose loss was finite: weights that are not finite are {names}. ";
    }

    /// <summary>The advice at the end of a message.</summary>
    /// <param name="isFloat16">Whether steps compute in float16.</param>
    public static string Advice(bool isFloat16) =>
        (isFloat16 ? "In float16, values above 65,504 are infinite; MixedPrecision.BFloat16 has the range of float32. " : "") + Remedy;

    private static string Maker(string path, Weight weight, IReadOnlyList<OptimizerState> states)
    {
        if (states.Any(state => !float.IsFinite(state.LearningRate.Storage[0]))) return "The learning rate, which is not finite, in the update";

        // A slot that follows the gradient tells: momentum, mean of squares. What the weight itself is copied to does not.
        var slots = states.SelectMany(state => state.Slots)
            .Where(slot => slot.Name.StartsWith(path + "/", StringComparison.Ordinal) && slot.Name != OptimizerState.AverageOf(path))
            .Where(slot => !slot.Name.StartsWith(path + "/best_", StringComparison.Ordinal)).ToList();
        if (slots.Count > 0) return slots.TrueForAll(slot => TensorPrimitives.IsFiniteAll<float>(slot.Storage)) ? "The update" : "The gradient";

        // A finite gradient times a finite rate may overflow, but is never NaN.
        return TensorPrimitives.IsNaNAny<float>(weight.Storage) ? "The gradient" : "The gradient or the update";
    }
}
