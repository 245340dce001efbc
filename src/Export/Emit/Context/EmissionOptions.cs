namespace OnnxFunctional.Export.Emit;

/// <summary>What becomes of the adapters of weights.</summary>
internal enum AdapterForm
{
    /// <summary>They are added to the weights.</summary>
    Merged,

    /// <summary>They are weights of their own, from which training goes on.</summary>
    Weights,

    /// <summary>They are inputs whose defaults are zeros, for which a host takes an adapter file.</summary>
    Inputs,
}

/// <summary>The version of ONNX in which a graph is written, and the name of its batch dimension.</summary>
internal sealed record EmissionOptions
{
    /// <summary>The oldest operator set that is written.</summary>
    public const int OldestOpset = 17;

    /// <summary>The newest operator set that is written.</summary>
    public const int NewestOpset = 21;

    public int Opset { get; init; } = NewestOpset;

    public string BatchName { get; init; } = "batch";

    public AdapterForm Adapters { get; init; }

    /// <summary>Whether only operators of ONNX itself are written.</summary>
    public bool IsStandard { get; init; }

    /// <summary>Whether a sum and its LayerNormalization are one operator of ONNX Runtime's own domain.</summary>
    public bool FusesSkips { get; init; }

    /// <summary>For values of the model, those that are written in their place; null to write the model's own inference graph.</summary>
    public IReadOnlyDictionary<Value, Value>? Replaced { get; init; }

    /// <summary>For values in <see cref="Replaced"/>, those by which the engine computes the same; null if it runs what is written.</summary>
    public IReadOnlyDictionary<Value, Value>? Computed { get; init; }

    /// <summary>The graph with other inputs and outputs that is written in place of the model's; null for none.</summary>
    public ServedForm? Served { get; init; }

    /// <summary>What is to run the file; null for any host of the operator set.</summary>
    public ExportTarget? Target { get; init; }

    /// <summary>Whether what is to run the file has ONNX Runtime's own domain as it is today.</summary>
    public bool HasContrib => Target is null or { Version: ExportTarget.Latest, Provider: TargetProvider.Cpu or TargetProvider.Web };

    /// <exception cref="ExportException">A value is out of range.</exception>
    public void Check()
    {
        if (Opset is < OldestOpset or > NewestOpset)
            throw new ExportException(
                $"Opset {Opset} is not written; expected {OldestOpset} to {NewestOpset}. "
                + $"Leave ExportOptions.Opset at {NewestOpset}, or name an old host in ExportOptions.Target.");
        if (string.IsNullOrWhiteSpace(BatchName)) throw new ExportException("ExportOptions.BatchName is empty; expected a name such as 'batch'.");
    }
}
