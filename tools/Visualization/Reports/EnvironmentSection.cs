using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>Where and when the report was made. Names of users, machines and folders are left out, because reports are passed on.</summary>
internal static class EnvironmentSection
{
    private const string ProcessorFile = "/proc/cpuinfo";

    /// <summary>The section.</summary>
    public static ReportSection Of()
    {
        var html = new Html();
        html.Table("Environment", ["What", "Value"], Rows());
        return new ReportSection("environment", "Environment", html.ToString());
    }

    private static IEnumerable<string[]> Rows()
    {
        yield return ["Time", DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)];
        yield return ["System", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"];
        yield return ["Processor", Processor()];
        yield return ["Cores of the process", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)];
        yield return ["Vectors", Vectors()];
        yield return [".NET", RuntimeInformation.FrameworkDescription];
        yield return ["OnnxFunctional", VersionOf(typeof(Model).Assembly)];
        var runtime = AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(assembly => assembly.GetName().Name == "Microsoft.ML.OnnxRuntime");
        yield return ["ONNX Runtime", runtime is null ? "not loaded" : VersionOf(runtime)];
    }

    private static string VersionOf(Assembly assembly)
    {
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString();
        return version?.Split('+')[0] ?? "unknown";
    }

    private static string Vectors() =>
        Vector512.IsHardwareAccelerated ? "512 bits" : Vector256.IsHardwareAccelerated ? "256 bits" : Vector128.IsHardwareAccelerated ? "128 bits" : "none";

    private static string Processor()
    {
        try
        {
            if (File.Exists(ProcessorFile)
                && File.ReadLines(ProcessorFile).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line)
            {
                return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The system hides it; the report says less.
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
