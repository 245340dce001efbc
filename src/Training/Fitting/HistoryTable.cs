using System.Globalization;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>Losses and metrics as a table: a row per epoch, a column per name. Of many epochs, the first and last.</summary>
internal static class HistoryTable
{
    private const int Most = 60;

    /// <summary>The table, without a line break at its end.</summary>
    public static string Of(IReadOnlyList<EpochLogs> epochs, IReadOnlyList<string> names) =>
        string.Join('\n', TextTable.Lines([Header(names), .. Rows(epochs, names)], _ => true));

    /// <summary>Charts of the values, each with that of the validation data, and the table.</summary>
    public static void WriteHtml(IReadOnlyList<EpochLogs> epochs, IReadOnlyList<string> names, HtmlWriter html)
    {
        double[] x = [.. epochs.Select(logs => logs.Epoch + 1.0)];
        foreach (var name in names)
        {
            var validation = "val_" + name;
            if (name.StartsWith("val_", StringComparison.Ordinal) && names.Contains(name[4..])) continue;
            if (names.Contains(validation)) html.Chart("epoch", x, (name, Values(epochs, name)), (validation, Values(epochs, validation)));
            else html.Chart("epoch", x, (name, Values(epochs, name)));
        }

        html.Table(Header(names), Rows(epochs, names), numbers: [.. Enumerable.Range(0, names.Count + 1)]);
    }

    private static string[] Header(IReadOnlyList<string> names) => ["epoch", .. names];

    private static List<string[]> Rows(IReadOnlyList<EpochLogs> epochs, IReadOnlyList<string> names)
    {
        if (epochs.Count <= Most) return [.. epochs.Select(logs => Row(logs, names))];
        var left = Enumerable.Repeat("", names.Count).Prepend("...");
        return [.. epochs.Take(Most / 2).Select(logs => Row(logs, names)), [.. left], .. epochs.TakeLast(Most / 2).Select(logs => Row(logs, names))];
    }

    /// <summary>One value per epoch; NaN where none was logged.</summary>
    private static double[] Values(IReadOnlyList<EpochLogs> epochs, string name) =>
        [.. epochs.Select(logs => logs.Logs.Where(entry => entry.Name == name).Select(entry => entry.Value).DefaultIfEmpty(double.NaN).First())];

    private static string[] Row(EpochLogs logs, IReadOnlyList<string> names)
    {
        var values = logs.Logs.ToDictionary(entry => entry.Name, entry => entry.Value);
        return
        [
            (logs.Epoch + 1).ToString(CultureInfo.InvariantCulture),
            .. names.Select(name => values.TryGetValue(name, out var value) ? LogNumber.Text(value) : ""),
        ];
    }
}
