using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit;

/// <summary>The output of a layer in the graph for inference, and where it is found in the file.</summary>
/// <param name="Path">The layer's path in the model.</param>
/// <param name="Value">The value.</param>
/// <param name="Tensor">Its name and layout in the file.</param>
internal sealed record EmittedLayer(string Path, Value Value, EmittedTensor Tensor);

/// <summary>A model as it is written, before it is a file.</summary>
internal sealed class EmittedModel
{
    public required Model Model { get; init; }

    /// <summary>The file's content. Metadata and training information may still be added.</summary>
    public required ModelProto Proto { get; init; }

    /// <summary>The graph that was written: the model's without what only training does.</summary>
    public required IReadOnlyList<(string Name, Value Value)> Inputs { get; init; }

    public required IReadOnlyList<(string Name, Value Value)> Outputs { get; init; }

    /// <summary>Outputs of layers and bare operations in the order they are computed, those of the model among them.</summary>
    public required IReadOnlyList<EmittedLayer> Layers { get; init; }
}
