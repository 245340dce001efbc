using System.Globalization;
using System.Text;

namespace OnnxFunctional.Training;

/// <summary>Losses and metrics as a table: a row per epoch, a column per name.</summary>
internal static class HistoryTable
{
    private const int Most = 60;

    /// <summary>The table, without a line break at its end.</summary>
    public static string Of(IReadOnlyList<EpochLogs> epochs, IReadOnlyList<string> names)
    {
        string[] header = ["epoch", .. names];
        var shown = epochs.Count <= Most ? epochs : [.. epochs.Take(Most / 2), .. epochs.TakeLast(Most / 2)];
        var rows = shown.Select(logs => Row(logs, names)).ToList();
        var widths = header.Select((name, column) => rows.Select(row => row[column].Length).Append(name.Length).Max()).ToArray();
        var lines = rows.Select(Line).ToList();
        if (shown.Count < epochs.Count) lines.Insert(Most / 2, "...".PadLeft(widths[0]));
        return string.Join('\n', lines.Prepend(Line(header)));

        string Line(string[] row)
        {
            var text = new StringBuilder();
            for (var i = 0; i < row.Length; i++) text.Append(i == 0 ? "" : "  ").Append(row[i].PadLeft(widths[i]));
            return text.ToString();
        }
    }

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
