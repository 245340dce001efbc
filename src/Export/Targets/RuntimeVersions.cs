using System.Globalization;

namespace OnnxFunctional.Export.Targets;

/// <summary>The versions of ONNX Runtime, and the newest operator set that each runs.</summary>
internal static class RuntimeVersions
{
    private const int Oldest = 13;
    private const int Newest = 31;

    /// <summary>The newest operator set of version 1.MINOR; null if there is no such version, or one before any that runs what is written here.</summary>
    public static int? Opset(string version) => Minor(version) switch
    {
        null or < Oldest or > Newest => null,
        13 => 17,
        14 => 18,
        15 or 16 => 19,
        17 => 20,
        _ => 21,
    };

    /// <summary>The second number of a version; null if the text is none of version 1.</summary>
    public static int? Minor(string version)
    {
        if (version == ExportTarget.Latest) return Newest;
        var numbers = version.Split('.');
        return numbers.Length is 2 or 3 && numbers[0] == "1" && numbers.Skip(1).All(IsNumber) ? int.Parse(numbers[1], CultureInfo.InvariantCulture) : null;

        static bool IsNumber(string text) => text.Length is 1 or 2 && text.All(char.IsAsciiDigit);
    }

    /// <summary>What versions may be called.</summary>
    public static string Known { get; } = $"1.{Oldest} to 1.{Newest}, or {ExportTarget.Latest}";
}
