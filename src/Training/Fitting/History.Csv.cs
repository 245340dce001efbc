using System.Globalization;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <content>Reading what a training logged.</content>
public sealed partial class History
{
    private const string Missing = "NA";

    // Later than any training gets; what counts epochs from 1 needs room for one more.
    private const int LastEpoch = 1_000_000_000;

    /// <summary>Reads a log that <see cref="Callbacks.CsvLogger"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="separator">The character between cells.</param>
    /// <exception cref="DataException">The file is missing or damaged, has no epoch, or is another table; the message names row and column.</exception>
    /// <example><code>Console.WriteLine(History.FromCsv("log.csv")["val_loss"][^1]);</code></example>
    public static History FromCsv(string path, char separator = ',')
    {
        ArgumentNullException.ThrowIfNull(path);
        var table = CsvTable.Read(path, separator: separator);
        if (table.Columns[0] != "epoch")
        {
            throw new DataException(
                $"'{path}' is no log of a training: its first column is '{table.Columns[0]}', expected 'epoch'. "
                + "Use a file that CsvLogger or onnxf train --log wrote.");
        }

        var columns = table.Columns.Select(column => (Name: column, Cells: table.GetTexts(column))).ToList();
        var history = new History();
        var logs = new Dictionary<string, double>();
        for (var row = 0; row < table.Rows; row++)
        {
            if (!int.TryParse(columns[0].Cells[row], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) || epoch > LastEpoch)
                throw Bad(row, columns[0], "an epoch, counted from 0");
            logs.Clear();
            foreach (var column in columns.Skip(1))
            {
                if (column.Cells[row] == Missing) continue;
                if (!double.TryParse(column.Cells[row], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                    throw Bad(row, column, $"a number, or {Missing} where nothing was logged");
                logs[column.Name] = value;
            }

            history.OnEpochEnd(epoch, logs);
        }

        return history;

        DataException Bad(int row, (string Name, IReadOnlyList<string> Cells) column, string expected) => new(
            $"'{path}', row {row + 1}, column '{column.Name}': '{column.Cells[row]}' is not {expected}. Use a file that CsvLogger or onnxf train --log wrote.");
    }
}
