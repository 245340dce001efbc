using System.Globalization;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>Writes losses and metrics of every epoch as a line of a CSV file, which is flushed at once.</summary>
/// <remarks>https://keras.io/api/callbacks/csv_logger/</remarks>
/// <param name="path">The file.</param>
/// <param name="separator">The character between cells.</param>
/// <param name="append">Whether lines are appended to an existing file, under its header.</param>
public sealed class CsvLogger(string path, char separator = ',', bool append = false) : Callback
{
    private readonly string _path = path ?? throw new ArgumentNullException(nameof(path));
    private StreamWriter? _writer;
    private string[]? _names;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        var header = append && File.Exists(_path) ? File.ReadLines(_path).FirstOrDefault() : null;
        _names = string.IsNullOrEmpty(header) ? null : header.Split(separator)[1..];
        if (Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder) Directory.CreateDirectory(folder);
        _writer = new StreamWriter(_path, append);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (_writer is null) return;
        if (_names is null)
        {
            _names = [.. logs.Keys];
            _writer.WriteLine(string.Join(separator, _names.Prepend("epoch")));
        }

        // A value that an epoch lacks is written as NA, as in Keras.
        var cells = _names.Select(name => logs.TryGetValue(name, out var value) ? value.ToString("R", CultureInfo.InvariantCulture) : "NA");
        _writer.WriteLine(string.Join(separator, cells.Prepend(epoch.ToString(CultureInfo.InvariantCulture))));
        _writer.Flush();
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => Close();

    /// <inheritdoc/>
    public override void OnTrainFailed(Exception error) => Close();

    private void Close()
    {
        _writer?.Dispose();
        _writer = null;
    }
}
