using System.Text.Json;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>
/// Writes losses and metrics of every epoch as a line of JSON, which is flushed at once: <c>{"epoch":0,"time":"...","loss":0.69}</c>. Values that are not
/// finite become null.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="append">Whether lines are appended to an existing file.</param>
public sealed class JsonLinesLogger(string path, bool append = true) : Callback
{
    private readonly string _path = path ?? throw new ArgumentNullException(nameof(path));
    private FileStream? _file;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        if (Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder) Directory.CreateDirectory(folder);
        _file = new FileStream(_path, append ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (_file is null) return;
        using (var json = new Utf8JsonWriter(_file))
        {
            json.WriteStartObject();
            json.WriteNumber("epoch", epoch);
            json.WriteString("time", DateTimeOffset.UtcNow);
            json.WriteNumber("step", Trainer.Iterations);
            foreach (var (name, value) in logs)
            {
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteNull(name);
            }

            json.WriteEndObject();
        }

        _file.WriteByte((byte)'\n');
        _file.Flush();
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => Close();

    /// <inheritdoc/>
    public override void OnTrainFailed(Exception error) => Close();

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
