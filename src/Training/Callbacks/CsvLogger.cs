using System.Globalization;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>Writes losses and metrics of every epoch as a line of a CSV file, which is flushed at once.</summary>
/// <remarks>
/// A value that an epoch lacks is NA. A name that is logged for the first time in a later epoch, as <c>val_loss</c> with a validationFreq, gets a column at the
/// end: the file is written again, with NA in the lines so far. https://keras.io/api/callbacks/csv_logger/
/// </remarks>
/// <param name="filename">The file; a missing folder is created.</param>
/// <param name="separator">The character between cells.</param>
/// <param name="append">Whether lines are appended to an existing file, under its header.</param>
/// <exception cref="DataException">The file cannot be written; training ends, and the model keeps its weights.</exception>
/// <example><code>
/// trainer.Fit(x, y, epochs: 10, callbacks: [new CsvLogger("log.csv")]);
/// </code></example>
public sealed class CsvLogger(string filename, char separator = ',', bool append = false) : Callback
{
    private const string Missing = "NA";

    private readonly string _path = filename ?? throw new ArgumentNullException(nameof(filename));
    private readonly List<string> _names = [];
    private StreamWriter? _writer;

    internal override bool IsForOneProcess => true;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        _names.Clear();
        if (append && File.Exists(_path))
        {
            var lines = LogFile.Do(_path, () => File.ReadAllLines(_path));
            if (lines.Length > 0 && lines[0].Length > 0)
            {
                using var header = new CsvCursor(new StringReader(lines[0]), "'" + _path + "'", new CsvOptions { Separator = separator });
                _names.AddRange(header.Names.Skip(1));
            }
        }

        Open(append);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (_writer is null) return;
        AddColumns([.. logs.Keys.Except(_names)]);
        var cells = _names.Select(name => logs.TryGetValue(name, out var value) ? value.ToString("R", CultureInfo.InvariantCulture) : Missing);
        var line = string.Join(separator, cells.Prepend(epoch.ToString(CultureInfo.InvariantCulture)));
        LogFile.Do(_path, () =>
        {
            _writer.WriteLine(line);
            _writer.Flush();
        });
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => LogFile.Do(_path, Close);

    /// <inheritdoc/>
    public override void OnTrainFailed(Exception error) => Close();

    private void Open(bool atEnd) => _writer = new StreamWriter(LogFile.Open(_path, atEnd));

    private void AddColumns(string[] added)
    {
        if (added.Length == 0) return;
        var isNew = _names.Count == 0;
        _names.AddRange(added);
        var header = string.Join(separator, _names.Select(Quoted).Prepend("epoch"));
        if (isNew)
        {
            LogFile.Do(_path, () => _writer!.WriteLine(header));
            return;
        }

        LogFile.Do(_path, Close);
        var missing = string.Concat(added.Select(_ => separator + Missing));
        var lines = LogFile.Do(_path, () => File.ReadAllLines(_path)).Skip(1).Where(line => line.Length > 0).Select(line => line + missing);
        DataFile.Write(_path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (var line in lines.Prepend(header)) writer.WriteLine(line);
        });
        Open(atEnd: true);
    }

    /// <summary>A name as a cell: quoted if it holds what separates cells or lines.</summary>
    private string Quoted(string name) => name.AsSpan().IndexOfAny([separator, '"', '\n', '\r']) < 0
        ? name
        : '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    private void Close()
    {
        var writer = _writer;
        _writer = null;
        writer?.Dispose();
    }
}
