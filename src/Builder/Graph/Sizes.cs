namespace OnnxFunctional;

/// <summary>Refuses tensors that no array can hold, when a node is created: before anything asks for their memory.</summary>
internal static class Sizes
{
    private const string Remedy = "Make the layer or its input smaller.";

    /// <summary>The result of an operator's shape rule.</summary>
    /// <exception cref="ModelException">The inputs do not fit the operator, or a result is too large.</exception>
    public static TensorSpec[] Checked(Op op, ReadOnlySpan<TensorSpec> inputs)
    {
        TensorSpec[] results;
        try
        {
            results = op.Infer(inputs);
        }
        catch (OverflowException overflow)
        {
            throw TooLarge($"{op.Name} of {string.Join(" and ", inputs.ToArray())}", overflow);
        }

        foreach (var result in results)
        {
            if (result.Shape.IsTooLarge) throw new ModelException($"{WhatGives(op)} {TooMany(result.Shape)}. {Remedy}");
        }

        return results;
    }

    /// <summary>The number of elements of an array that is about to be created.</summary>
    /// <exception cref="ModelException">No array holds so many.</exception>
    public static int Count(Shape shape, string what, string remedy = Remedy) =>
        shape.IsTooLarge ? throw new ModelException($"{what} {TooMany(shape)}. {remedy}") : (int)shape.ElementCount;

    private static string TooMany(Shape shape) =>
        $"{shape} has {shape.KnownElements:N0} elements{(shape.IsKnown ? "" : " per sample")}, but an array holds {Array.MaxLength:N0}";

    /// <summary>The error for a calculation of sizes that overflowed.</summary>
    public static ModelException TooLarge(string what, OverflowException overflow) =>
        new($"{what} needs a size above {int.MaxValue:N0}, which no tensor can have. {Remedy}", overflow);

    private static string WhatGives(Op op) => op is Operators.Placeholder { Layer: var layer } ? $"Input '{layer.Name}' of shape" : $"The result of {op.Name}";
}
