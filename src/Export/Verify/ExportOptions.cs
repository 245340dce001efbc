using OnnxFunctional.Export.Emit;

namespace OnnxFunctional.Export;

/// <summary>What an exported file looks like and how it is proved.</summary>
public sealed record ExportOptions
{
    /// <summary>The oldest operator set that is written.</summary>
    public const int OldestOpset = EmissionOptions.OldestOpset;

    /// <summary>The newest operator set that is written.</summary>
    public const int NewestOpset = EmissionOptions.NewestOpset;

    /// <summary>For old hosts: opset 17 and IR version 8, which ONNX Runtime reads from version 1.13 on.</summary>
    public static ExportOptions Compatible { get; } = new() { Opset = OldestOpset };

    /// <summary>The version of ONNX's operators, 17 to 21. 21 needs ONNX Runtime 1.18 or later.</summary>
    public int Opset { get; init; } = NewestOpset;

    /// <summary>The name of the batch dimension in the file.</summary>
    public string BatchName { get; init; } = "batch";

    /// <summary>Whether the file is run in ONNX Runtime and compared with the engine before it gets its name.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Data to verify with beside random numbers: one tensor for each input, in order, the batch first.</summary>
    public IReadOnlyList<OnnxValue>? Samples { get; init; }

    /// <summary>Batch sizes that are verified with random inputs.</summary>
    public IReadOnlyList<int> BatchSizes { get; init; } = [1, 2, 7];

    /// <summary>The largest difference from the engine that is accepted: this much, and <see cref="RelativeTolerance"/> of the value.</summary>
    public float AbsoluteTolerance { get; init; } = 1e-4f;

    /// <summary>The share of the value a difference may have beside <see cref="AbsoluteTolerance"/>.</summary>
    public float RelativeTolerance { get; init; } = 1e-4f;

    /// <summary>Entries for the file's metadata: author, license, labels. They are written in the order of their keys.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>What emission needs of it; the rest is checked.</summary>
    internal EmissionOptions ForEmission()
    {
        if (BatchSizes.Any(size => size < 1)) throw new ExportException($"ExportOptions.BatchSizes has {BatchSizes.Min()}; expected sizes of 1 or more.");
        if (!(AbsoluteTolerance >= 0) || !(RelativeTolerance >= 0))
            throw new ExportException($"The tolerances are {AbsoluteTolerance} and {RelativeTolerance}; expected numbers of 0 or more.");
        return new EmissionOptions { Opset = Opset, BatchName = BatchName };
    }
}
