using System.Globalization;

namespace OnnxFunctional;

/// <summary>Checks of layer options and inputs, with messages of one form: what, expected, received, remedy.</summary>
internal static partial class Check
{
    public static int Positive(int value, string layer, string option) =>
        value > 0 ? value : throw Option(layer, option, Text(value), "a positive integer");

    public static double Rate(double value, string layer, string option) =>
        value is >= 0 and <= 1 ? value : throw Option(layer, option, Text(value), "a number from 0 to 1");

    public static double NotNegative(double value, string layer, string option) =>
        value >= 0 && float.IsFinite((float)value) ? value : throw Option(layer, option, Text(value), "a finite number of at least 0");

    public static double Finite(double value, string layer, string option) =>
        float.IsFinite((float)value) ? value : throw Option(layer, option, Text(value), "a finite number");

    /// <summary>An error about an option's value.</summary>
    public static ModelException Option(string layer, string option, string value, string expected, string remedy = "") =>
        new($"{layer}: {option} is {value}; expected {expected}." + (remedy.Length == 0 ? "" : " " + remedy)) { NamesLayer = true };

    public static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
