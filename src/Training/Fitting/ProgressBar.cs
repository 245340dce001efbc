using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OnnxFunctional.Training;

/// <summary>Shows progress as Keras does: steps, time, loss and metrics, and the remaining time while an epoch runs.</summary>
internal sealed class ProgressBar : Callback
{
    private const int Width = 20;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly TextWriter _writer;
    private readonly bool _moves;
    private readonly int _epochs;
    private readonly int? _steps;
    private readonly Dictionary<string, double> _logs = [];
    private readonly char _full;
    private long _begun;
    private long _drawn;
    private int _done;
    private int _lastLength;
    private bool _isGone;

    private ProgressBar(TextWriter writer, bool moves, int epochs, int? steps)
    {
        (_writer, _moves, _epochs, _steps) = (writer, moves, epochs, steps);
        _full = writer.Encoding is UTF8Encoding or UnicodeEncoding ? '━' : '=';
    }

    public static IEnumerable<Callback> For(Verbosity verbose, int epochs, int? steps) => verbose switch
    {
        Verbosity.Silent => [],
        Verbosity.Auto => [new ProgressBar(Console.Out, !Console.IsOutputRedirected, epochs, steps)],
        _ => [new ProgressBar(Console.Out, verbose == Verbosity.Bar, epochs, steps)],
    };

    public override void OnEpochBegin(int epoch)
    {
        if (_moves) Write(string.Create(CultureInfo.InvariantCulture, $"Epoch {epoch + 1}/{_epochs}{Environment.NewLine}"));
        _begun = Stopwatch.GetTimestamp();
        _drawn = 0;
        _done = 0;
    }

    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        var line = Line(logs, Stopwatch.GetElapsedTime(_begun), finished: true);
        if (_moves) Draw(line);
        else Write(string.Create(CultureInfo.InvariantCulture, $"Epoch {epoch + 1}/{_epochs} {line}"));
        Write(Environment.NewLine);
        _lastLength = 0;
    }

    internal override void OnBatchEnd(int batch, StepRunner runner)
    {
        _done = batch + 1;
        if (!_moves || (_drawn != 0 && Stopwatch.GetElapsedTime(_drawn) < Between)) return;
        _drawn = Stopwatch.GetTimestamp();
        runner.Report(_logs, "");
        Draw(Line(_logs, Stopwatch.GetElapsedTime(_begun), finished: false));
    }

    private void Draw(string line)
    {
        Write('\r' + line.PadRight(_lastLength));
        _lastLength = line.Length;
    }

    private void Write(string text)
    {
        if (_isGone) return;
        try
        {
            _writer.Write(text);
        }
        catch (IOException)
        {
            // The terminal was closed. A training must not end because nobody can see its progress.
            _isGone = true;
        }
    }

    private string Line(IDictionary<string, double> logs, TimeSpan elapsed, bool finished)
    {
        var text = new StringBuilder();
        var perStep = elapsed / Math.Max(1, _done);
        if (_steps is { } steps)
        {
            text.Append(CultureInfo.InvariantCulture, $"{_done}/{steps} ");
            var full = (int)((long)Width * _done / Math.Max(1, steps));
            text.Append(_full, full).Append(' ', Width - full).Append(' ');
            text.Append(finished ? Time(elapsed) : Time(perStep * (steps - _done)) + " left");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"{_done} steps {Time(elapsed)}");
        }

        text.Append(CultureInfo.InvariantCulture, $" {Short(perStep)}/step");
        foreach (var (name, value) in logs) text.Append(CultureInfo.InvariantCulture, $" - {name}: {Number(value)}");
        return text.ToString();
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) is > 1e-3 or 0 ? "F4" : "0.0000e-00", CultureInfo.InvariantCulture);

    private static string Time(TimeSpan time) =>
        time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture)
        : time.TotalMinutes >= 1 ? time.ToString(@"m\:ss", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0}s");

    private static string Short(TimeSpan time) =>
        time.TotalMilliseconds >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0}ms")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:F0}us");
}
