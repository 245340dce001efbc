namespace OnnxFunctional.Export;

/// <summary>Limits beyond which an ONNX file is refused, so that a small file cannot ask for much memory, time or stack.</summary>
/// <remarks>The depth of protobuf messages (100) cannot be raised: beyond it readers run out of stack.</remarks>
public sealed record OnnxFileLimits
{
    /// <summary>Bytes of the .onnx file itself; protobuf is limited to 2 GiB.</summary>
    public long MaxFileBytes { get; init; } = int.MaxValue;

    /// <summary>Nodes, attributes, tensors, names and other parts; each takes about a hundred bytes of memory when read.</summary>
    public int MaxParts { get; init; } = 4_000_000;

    /// <summary>Nodes of all graphs, with every call of a function counted as the nodes of its body.</summary>
    public int MaxNodes { get; init; } = 1_000_000;

    /// <summary>Depth of graphs inside graphs (If, Loop, Scan).</summary>
    public int MaxSubgraphDepth { get; init; } = 32;

    /// <summary>Functions that the file defines.</summary>
    public int MaxFunctions { get; init; } = 10_000;

    /// <summary>Depth of functions that call functions; ONNX Runtime overflows an 8 MB stack between 2000 and 3000, a smaller one earlier.</summary>
    public int MaxFunctionDepth { get; init; } = 100;

    /// <summary>Dimensions of a tensor.</summary>
    public int MaxRank { get; init; } = 8;

    /// <summary>Bytes of a tensor that the file does not hold but requests by constants (ConstantOfShape, Expand, padding of convolutions ...).</summary>
    public long MaxComputedBytes { get; init; } = 1L << 30;
}
