using System.Globalization;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Numbers in sentences.</summary>
internal static class Figures
{
    /// <summary>A number of three digits, or with commas if it is large.</summary>
    public static string Number(double value) => value.ToString(Math.Abs(value) is >= 1000 and < 1e7 ? "N0" : "G3", CultureInfo.InvariantCulture);

    /// <summary>A share in percent, with decimals near 0 and 1.</summary>
    public static string Percent(double share) =>
        (share * 100).ToString(share is > 0 and < 0.1 or > 0.99 and < 1 ? "0.##" : "0", CultureInfo.InvariantCulture) + " %";
}
