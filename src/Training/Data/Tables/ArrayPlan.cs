namespace OnnxFunctional.Training.Data;

/// <summary>An array of each batch of rows.</summary>
/// <param name="name">The name of the input that takes it; null without names.</param>
/// <param name="kind">What its elements are.</param>
internal sealed class ArrayPlan(string? name, ArrayKind kind)
{
    /// <summary>The name of the input that takes it.</summary>
    public string? Name => name;

    /// <summary>What its elements are.</summary>
    public ArrayKind Kind => kind;

    /// <summary>The number of elements in a row.</summary>
    public int Width { get; set; }
}
