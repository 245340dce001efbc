using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Emit;

/// <summary>A value known when the file is written: a weight or a constant after steps that only move its elements.</summary>
/// <param name="Weight">The weight, or null for a constant.</param>
/// <param name="Data">The constant, or null for a weight.</param>
/// <param name="Source">The shape of the weight or constant itself.</param>
/// <param name="Arrangement">The steps from there to the value.</param>
internal sealed record StaticTensor(Weight? Weight, TensorData? Data, Shape Source, Arrangement Arrangement)
{
    /// <summary>The name of a constant in the file; null to be named after what reads it.</summary>
    public string? FileName { get; init; }

    /// <summary>Whether the value is float32, made of a constant that is stored in 16 bits.</summary>
    public bool IsWidened { get; init; }

    public static StaticTensor Of(Weight weight) => new(weight, null, weight.Shape, Arrangement.None);

    public static StaticTensor Of(TensorData data) => new(null, data, data.Shape, Arrangement.None);

    public Shape Shape => Arrangement.Apply(Source);

    public StaticTensor Then(params IEnumerable<ArrangementStep> steps) => this with { Arrangement = Arrangement.Then(Source, steps) };
}
