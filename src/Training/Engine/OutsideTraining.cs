using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>Refuses graphs that have no meaning outside training.</summary>
internal static class OutsideTraining
{
    /// <summary>Refuses a model that draws random numbers when it predicts: without steps, every batch would silently get the same numbers.</summary>
    /// <exception cref="ModelException">The model draws random numbers; the message names all layers that do.</exception>
    public static void RefuseDraws(Model model)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var map = Specialization.Of(inputs, outputs, training: false);
        RefuseDraws(model.Name, inputs, [.. outputs.Select(output => map[output])]);
    }

    /// <summary>Refuses an inference graph that draws random numbers.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="inputs">The inputs of the graph.</param>
    /// <param name="outputs">The outputs of the graph.</param>
    /// <exception cref="ModelException">The graph draws random numbers; the message names all layers that do.</exception>
    public static void RefuseDraws(string model, IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs)
    {
        var drawing = Graph.Between(inputs, outputs).Nodes.Where(node => node.Op is IRandomOp)
            .Select(node => node.Scope is { } call ? $"layer '{call.Path}'" : node.Op.Name).Distinct().ToList();
        if (drawing.Count == 0) return;
        throw new ModelException(
            $"Model '{model}' draws random numbers outside training ({string.Join(", ", drawing)}), and every batch would get the same ones. "
            + "Say what is computed there, Ops.WhenTraining(drawn, otherwise), or call layers without training: true.");
    }
}
