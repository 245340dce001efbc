using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>Builds what a node of a file computes.</summary>
internal delegate FileResult[] Importer(FileNode node);

/// <summary>What a node knows of the graph that it stands in.</summary>
internal interface IFileScope
{
    /// <summary>Whether training updates a parameter.</summary>
    bool IsTrainable(string name);

    /// <summary>Whether training normalizes by the statistics of each batch.</summary>
    bool TrainsStatistics { get; }

    /// <summary>The elements of a stored tensor.</summary>
    TensorData Read(TensorProto tensor);

    /// <summary>A tensor that has a size, and the axis that does; null if none is known.</summary>
    (SymbolicTensor Tensor, int Axis)? SourceOf(int symbol);

    /// <summary>Takes room for a constant that the file does not hold.</summary>
    /// <exception cref="ModelException">All constants together would be larger than the limit.</exception>
    void Reserve(Shape shape, DType type);

    /// <summary>The type that a tensor has in the file, as far as declarations tell it; the graph may hold it in another.</summary>
    int? TypeInFile(string name);
}
