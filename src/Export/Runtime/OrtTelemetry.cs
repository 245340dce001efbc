using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Keeps ONNX Runtime's telemetry off unless the application turns it on.</summary>
/// <remarks>
/// From 1.31 on, ONNX Runtime on Linux writes a device id below the user's cache folder and contacts its maker when a session opens. Its environment variable
/// is read when the native library initializes, so it must be set before the first call; its function stops what is left. An application turns telemetry on
/// with the switch <c>OnnxFunctional.OnnxRuntimeTelemetry</c> in its runtimeconfig.json.
/// </remarks>
internal static class OrtTelemetry
{
    public const string Switch = "OnnxFunctional.OnnxRuntimeTelemetry";

    private const string Variable = "ORT_DISABLE_TELEMETRY";
    private static readonly Lazy<bool> s_applied = new(Apply);

    /// <summary>Applies the switch, once per process. It comes before any other use of ONNX Runtime.</summary>
    /// <returns>Whether telemetry is on.</returns>
    public static bool Ensure() => s_applied.Value;

    private static bool Apply()
    {
        if (AppContext.TryGetSwitch(Switch, out var on) && on) return true;
        // Whoever set the variable has decided.
        if (Environment.GetEnvironmentVariable(Variable) is null) SetForNativeCode(Variable, "1");
        OrtEnv.Instance().DisableTelemetryEvents();
        return false;
    }

    private static void SetForNativeCode(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        // Outside Windows, .NET keeps variables in a copy of its own that native code does not see.
        if (!OperatingSystem.IsWindows()) _ = SetEnvironment(NullTerminated(name), NullTerminated(value), overwrite: 1);
    }

    private static byte[] NullTerminated(string text) => Encoding.UTF8.GetBytes(text + '\0');

    [DllImport("libc", EntryPoint = "setenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment(byte[] name, byte[] value, int overwrite);
}
