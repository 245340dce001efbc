using System.Runtime.InteropServices;

namespace OnnxFunctional.CudaCheck;

/// <summary>Whether NVIDIA's driver finds a card. ONNX Runtime is not asked: a card that it cannot use is a failure, not a reason to skip.</summary>
internal static partial class Gpu
{
    private const string Driver = "libcuda.so.1";

    /// <summary>Why there is no card; null if there is one.</summary>
    public static string? Missing()
    {
        if (!NativeLibrary.TryLoad(Driver, out _)) return $"no NVIDIA driver is installed here ({Driver} is missing), so nothing was checked on a card";
        if (Initialize(0) is not 0 and var failed) return $"NVIDIA's driver does not start (cuInit: {failed}), so nothing was checked on a card";
        return Count(out var cards) == 0 && cards > 0 ? null : "NVIDIA's driver finds no card, so nothing was checked on one";
    }

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    private static partial int Initialize(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGetCount")]
    private static partial int Count(out int cards);
}
