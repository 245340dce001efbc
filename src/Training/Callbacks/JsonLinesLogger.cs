using System.Buffers;
using System.Text.Json;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>
/// Writes losses and metrics of every epoch as a line of JSON, which is flushed at once: <c>{"epoch":0,"time":"...","loss":0.69}</c>. Values that are not
/// finite become null.
/// </summary>
/// <param name="path">The file; a missing folder is created.</param>
/// <param name="append">Whether lines are appended to an existing file.</param>
/// <exception cref="DataException">The file cannot be written; training ends, and the model keeps its weights.</exception>
public sealed class JsonLinesLogger(string path, bool append = true) : Callback
{
    private readonly string _path = path ?? throw new ArgumentNullException(nameof(path));
    private FileStream? _file;

    internal override bool IsForOneProcess => true;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        _file = LogFile.Open(_path, append);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (_file is null) return;
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
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

        line.Write("\n"u8);
        LogFile.Do(_path, () =>
        {
            _file.Write(line.WrittenSpan);
            _file.Flush();
        });
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => LogFile.Do(_path, Close);

    /// <inheritdoc/>
    public override void OnTrainFailed(Exception error) => Close();

    private void Close()
    {
        var file = _file;
        _file = null;
        file?.Dispose();
    }
}
