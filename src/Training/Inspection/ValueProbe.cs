using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training;

/// <summary>Values inside a model for one batch, and gradients between them, as in inference; states of stateful layers stay.</summary>
internal static class ValueProbe
{
    /// <summary>Computes values.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">One array per input of the model, in its types; none if no value depends on an input.</param>
    /// <param name="values">Values of the model's graph.</param>
    public static IReadOnlyList<NDArray> Compute(Model model, IReadOnlyList<NDArray> inputs, IReadOnlyList<Value> values) =>
        Run(model, inputs, Specialized(model, inputs, values));

    /// <summary>The gradient of the sum of a value with respect to another one, and that one itself.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">One array per input of the model, in its types.</param>
    /// <param name="of">What is differentiated; it may be computed behind the model's outputs.</param>
    /// <param name="withRespectTo">A value of the model's graph, an input among them.</param>
    /// <returns>The gradient has the shape of the value, and is null if <paramref name="of"/> does not depend on it.</returns>
    /// <exception cref="ModelException">An operator between the two has no gradient.</exception>
    public static (NDArray Value, NDArray? Gradient) Gradient(Model model, IReadOnlyList<NDArray> inputs, Value of, Value withRespectTo)
    {
        // The phase and the form of a graph are chosen before it is differentiated, as in a training step.
        var specialized = Specialized(model, inputs, [of, withRespectTo]);
        var (root, target) = (specialized[0], specialized[1]);
        var upstream = Ops.OnesLike(new SymbolicTensor(root));
        var gradient = Training.Gradient.Backpropagate(root, upstream, [target])[0];
        var results = Run(model, inputs, gradient is null ? [target] : [target, gradient.Value]);
        return (results[0], gradient is null ? null : results[1]);
    }

    private static Value[] Specialized(Model model, IReadOnlyList<NDArray> inputs, IReadOnlyList<Value> values)
    {
        var map = Specialization.Of(Placeholders(model, inputs), values, training: false, rule: Preparation.Of);
        return [.. values.Select(value => map[value])];
    }

    private static Value[] Placeholders(Model model, IReadOnlyList<NDArray> inputs) => [.. model.Inputs.Take(inputs.Count).Select(tensor => tensor.Value)];

    private static IReadOnlyList<NDArray> Run(Model model, IReadOnlyList<NDArray> inputs, IReadOnlyList<Value> outputs)
    {
        var request = new PlanRequest(PlanOptions.Of(model, model.Seed), Placeholders(model, inputs), [.. outputs], []);
        using var plan = Planner.Plan(request, [.. inputs.Select(array => new TensorSpec(array.Shape, array.DType))]);
        for (var i = 0; i < inputs.Count; i++) inputs[i].CopyTo(plan.Inputs[i]);
        plan.Run(ModelEngine.Of(model).Pool);
        return
        [
            .. plan.Outputs.Select(buffer =>
            {
                var elements = new float[buffer.Length];
                Prediction.CopyAsFloats(buffer, elements);
                return NDArray.Create(elements, buffer.Shape);
            }),
        ];
    }
}
