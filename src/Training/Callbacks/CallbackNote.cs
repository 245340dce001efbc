using System.Globalization;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>What callbacks print when asked to: one line with the epoch, counted from 1 as in the table of epochs.</summary>
internal static class CallbackNote
{
    /// <summary>Prints a line if verbose is above 0.</summary>
    public static void Write(int verbose, int epoch, FormattableString text)
    {
        if (verbose > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Epoch {epoch + 1}: ") + text.ToString(CultureInfo.InvariantCulture));
    }
}
