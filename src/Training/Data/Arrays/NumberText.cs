using System.Globalization;

namespace OnnxFunctional.Training.Data;

/// <summary>Numbers of float32 as text, all in one form, as NumPy prints them: the fewest digits that tell them apart, at most eight after the point.</summary>
internal static class NumberText
{
    private const int MostDigits = 8;

    /// <summary>The numbers as text; points are in one column after padding to one width on the left.</summary>
    public static string[] Of(float[] values)
    {
        var sizes = values.Where(value => float.IsFinite(value) && value != 0).Select(Math.Abs).ToArray();
        var scientific = sizes.Length > 0 && (sizes.Max() >= 1e8f || sizes.Min() < 1e-4f || sizes.Max() / sizes.Min() > 1000);
        return scientific ? Scientific(values) : Fixed(values);
    }

    private static string[] Fixed(float[] values)
    {
        var parts = values.Select(value => float.IsFinite(value) ? Trimmed(value.ToString($"F{DigitsOf(value)}", CultureInfo.InvariantCulture)) : "").ToArray();
        var after = parts.DefaultIfEmpty("").Max(part => part.Length - part.IndexOf('.') - 1);
        return [.. values.Select((value, i) => float.IsFinite(value) ? parts[i].PadRight(parts[i].IndexOf('.') + 1 + after) : NotFinite(value))];
    }

    private static string[] Scientific(float[] values)
    {
        var digits = values.Where(float.IsFinite).Select(MantissaDigits).DefaultIfEmpty(0).Max();
        var form = digits == 0 ? "0e+00" : "0." + new string('0', digits) + "e+00";
        return [.. values.Select(value => !float.IsFinite(value) ? NotFinite(value) : WithPoint(value.ToString(form, CultureInfo.InvariantCulture)))];

        static string WithPoint(string text) => text.Contains('.') ? text : text.Replace("e", ".e", StringComparison.Ordinal);
    }

    /// <summary>The digits after the point of the shortest text that reads back as the value.</summary>
    private static int DigitsOf(float value)
    {
        var text = Shortest(value);
        var point = text.IndexOf('.');
        return point < 0 ? 0 : Math.Min(MostDigits, text.Length - point - 1);
    }

    private static int MantissaDigits(float value)
    {
        var significant = Shortest(value).Split('E')[0].Replace(".", "", StringComparison.Ordinal).Trim('-').Trim('0').Length;
        return Math.Clamp(significant - 1, 0, MostDigits);
    }

    private static string Shortest(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Trimmed(string text) => text.Contains('.') ? text.TrimEnd('0') : text + ".";

    private static string NotFinite(float value) => float.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
