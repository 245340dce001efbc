using OnnxFunctional.Export.Targets;

namespace OnnxFunctional.Export;

/// <summary>
/// What is to run a file: a version of ONNX Runtime and one of its providers. It chooses the operator set, the file's version and the forms of operators;
/// what it cannot run is refused, all in one message.
/// </summary>
/// <example><code>
/// model.ExportOnnx("model.onnx", new ExportOptions { Target = ExportTarget.OnnxRuntime("1.17", TargetProvider.Cuda) });
/// </code></example>
public sealed record ExportTarget
{
    /// <summary>The newest version that this library knows.</summary>
    public const string Latest = "latest";

    private ExportTarget(string version, TargetProvider provider) => (Version, Provider) = (version, provider);

    /// <summary>The version: <c>1.17</c>, <c>1.17.3</c>, or <see cref="Latest"/>.</summary>
    public string Version { get; }

    /// <summary>The provider.</summary>
    public TargetProvider Provider { get; }

    /// <summary>
    /// Whether nodes for which the provider has no kernel may run on the processor, at the cost of copies to it and back; by default they are refused. The
    /// report lists them.
    /// </summary>
    public bool CpuFallback { get; init; }

    /// <summary>The newest operator set in which this provider of this version has kernels for what is written.</summary>
    public int Opset
    {
        get
        {
            var runs = RuntimeVersions.Opset(Version) ?? RuntimeVersions.Opset(Latest)!.Value;
            return Provider switch
            {
                // A registration without an end holds for one form of an operator only, so that Pad 19, ReduceMax 20 and ConstantOfShape 20 run on the CPU.
                TargetProvider.Cuda => Math.Min(runs, 18),

                // DirectML 1.12 knows operator set 17; later ones know 20, but not its Gelu and GridSample.
                TargetProvider.DirectML => RuntimeVersions.Minor(Version) < 18 ? 17 : Math.Min(runs, 19),
                _ => runs,
            };
        }
    }

    /// <summary>Whether a transposed convolution must crop both sides alike: CUDA leaves others to the processor.</summary>
    internal bool CropsEvenly => Provider == TargetProvider.Cuda;

    /// <summary>Whether the provider takes Flatten; Core ML takes only the Reshape that does the same.</summary>
    internal bool HasFlatten => Provider != TargetProvider.CoreML;

    /// <summary>ONNX Runtime in a version, with a provider.</summary>
    /// <param name="version">Such as <c>1.17</c>; a version that is not known is refused by the export.</param>
    /// <param name="provider">Where the file runs.</param>
    public static ExportTarget OnnxRuntime(string version = Latest, TargetProvider provider = TargetProvider.Cpu)
    {
        ArgumentNullException.ThrowIfNull(version);
        return new ExportTarget(version, provider);
    }

    /// <summary><c>ONNX Runtime 1.17 with CUDA</c>.</summary>
    public override string ToString() => $"ONNX Runtime {Version} with {NameOf(Provider)}";

    internal static string NameOf(TargetProvider provider) => provider switch
    {
        TargetProvider.Cpu => "the CPU",
        TargetProvider.Cuda => "CUDA",
        TargetProvider.Web => "WebAssembly",
        TargetProvider.CoreML => "Core ML",
        TargetProvider.Nnapi => "NNAPI",
        TargetProvider.DirectML => "DirectML",
        _ => throw new ArgumentOutOfRangeException(nameof(provider), provider, "Use a value of TargetProvider."),
    };
}
