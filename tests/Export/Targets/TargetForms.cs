using OnnxFunctional.Export;

namespace OnnxFunctional.Tests.Export.Targets;

/// <summary>Targets of which each gets another operator set or other forms of operators, and which write every model.</summary>
internal static class TargetForms
{
    private const string Variable = "ONNXF_ALL_TARGETS";

    /// <summary>Operator sets 17, 18, 19, 20 and 21; 18 in CUDA's forms.</summary>
    public static IReadOnlyList<ExportTarget> All { get; } =
    [
        ExportTarget.OnnxRuntime("1.13"),
        ExportTarget.OnnxRuntime("1.20", TargetProvider.Cuda) with { CpuFallback = true },
        ExportTarget.OnnxRuntime(provider: TargetProvider.DirectML) with { CpuFallback = true },
        ExportTarget.OnnxRuntime("1.17", TargetProvider.Web),
        ExportTarget.OnnxRuntime(provider: TargetProvider.CoreML) with { CpuFallback = true },
    ];

    /// <summary>Whether all are asked for, which takes minutes: tools/targets.sh.</summary>
    public static bool AreAll => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };

    /// <summary>The targets of one of several models: each in turn, so that all are tried by some.</summary>
    public static IReadOnlyList<ExportTarget> Of(int number) => AreAll ? All : [All[number % All.Count]];
}
