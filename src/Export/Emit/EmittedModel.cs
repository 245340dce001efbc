using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit;

/// <summary>The output of a layer in the inference graph, and its tensor in the file.</summary>
/// <param name="Path">The layer's path in the model.</param>
/// <param name="Value">The value.</param>
/// <param name="Tensor">Its name and layout in the file.</param>
internal sealed record EmittedLayer(string Path, Value Value, EmittedTensor Tensor);

/// <summary>A model as ONNX in memory.</summary>
internal sealed class EmittedModel
{
    public required Model Model { get; init; }

    /// <summary>The file's content. Metadata and training information may still be added.</summary>
    public required ModelProto Proto { get; init; }

    /// <summary>The inputs of the written graph: the model's without what only training does.</summary>
    public required IReadOnlyList<(string Name, Value Value)> Inputs { get; init; }

    public required IReadOnlyList<(string Name, Value Value)> Outputs { get; init; }

    /// <summary>Outputs of layers and of operators outside layers in the order they are computed, including the model's outputs.</summary>
    public required IReadOnlyList<EmittedLayer> Layers { get; init; }

    /// <summary>Whether the file has inputs for the adapters of its weights.</summary>
    public bool HasAdapters { get; init; }

    /// <summary>Whether inputs or outputs have other forms than the model's.</summary>
    public bool IsServed { get; init; }

    /// <summary>The inputs that take what outputs gave for the steps before; none if the file keeps no states.</summary>
    public IReadOnlyList<(string Input, string Output)> States { get; init; } = [];

    /// <summary>Whether the file takes one sample at a time, although the model takes any number.</summary>
    public bool TakesOneSample { get; init; }
}
