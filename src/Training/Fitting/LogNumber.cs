using System.Globalization;

namespace OnnxFunctional.Training;

/// <summary>A loss or metric as text, the same in progress lines and tables.</summary>
internal static class LogNumber
{
    /// <summary>Four digits after the point, or four significant ones after the first for small numbers.</summary>
    public static string Text(double value) => value.ToString(Math.Abs(value) is > 1e-3 or 0 ? "F4" : "0.0000e-00", CultureInfo.InvariantCulture);
}
