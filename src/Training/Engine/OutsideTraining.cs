using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>Refuses what has no meaning outside training.</summary>
internal static class OutsideTraining
{
    /// <summary>Refuses a model that draws random numbers when it predicts: there is no step to draw anew for, so every batch would silently get the same numbers.</summary>
    /// <exception cref="ModelException">The model draws; the message names all layers that do.</exception>
    public static void RefuseDraws(Model model)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var map = Specialization.Of(inputs, outputs, training: false);
        RefuseDraws(model.Name, inputs, [.. outputs.Select(output => map[output])]);
    }

    /// <summary>Refuses a graph for inference that draws random numbers.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="inputs">Where the graph begins.</param>
    /// <param name="outputs">Where it ends.</param>
    /// <exception cref="ModelException">Something is drawn; the message names all layers that do it.</exception>
    public static void RefuseDraws(string model, IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs)
    {
        var drawing = Graph.Between(inputs, outputs).Nodes.Where(node => node.Op is IRandomOp).Select(node => node.Scope is { } call ? $"layer '{call.Path}'" : node.Op.Name).Distinct().ToList();
        if (drawing.Count == 0) return;
        throw new ModelException(
            $"Model '{model}' draws random numbers outside training ({string.Join(", ", drawing)}), and every batch would get the same ones. "
            + "Say what is computed there, Ops.WhenTraining(drawn, otherwise), or call layers without training: true.");
    }
}
