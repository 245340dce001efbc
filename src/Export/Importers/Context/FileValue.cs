using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Importers;

/// <summary>A tensor of the file: known before anything runs, or a value of the graph.</summary>
/// <param name="name">Its name in the file.</param>
internal sealed class FileValue(string name)
{
    public string Name { get; } = name;

    /// <summary>Its elements, if they are known: an initializer, a constant, or what follows from those.</summary>
    public TensorData? Data { get; init; }

    /// <summary>Whether it is a parameter: float elements that layers read to learn.</summary>
    public bool IsParameter { get; init; }

    /// <summary>The node that computes it from parameters; each reader computes it in its own layer, so that training the parameters changes it.</summary>
    public (FileNode Node, int Output)? FromParameters { get; init; }

    /// <summary>Its value in the graph. Parameters have one from their first reader on, other known values have none.</summary>
    public SymbolicTensor? Tensor { get; set; }

    /// <summary>How the axes of <see cref="Tensor"/> lie.</summary>
    public Layout Order { get; set; }

    /// <summary>Its elements as sizes, if it is a list of integers that follows from shapes.</summary>
    public IReadOnlyList<Extent>? Extents { get; init; }

    public Shape Shape => Data?.Shape ?? Order.Stored(Tensor!.Shape);

    public DType Type => Data?.Type ?? Tensor!.DType;
}

/// <summary>What a node returns: a tensor of the graph and the order of its axes.</summary>
internal readonly record struct FileResult(SymbolicTensor Tensor, Layout Order)
{
    public static implicit operator FileResult(SymbolicTensor tensor) => new(tensor, Layout.Identity(tensor.Rank));
}
