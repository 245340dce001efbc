using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OnnxFunctional.Training;

/// <summary>Shows progress as Keras does: steps, time, loss and metrics, and the remaining time while an epoch runs.</summary>
/// <remarks>
/// On a terminal the line of a running epoch is drawn again and again, so it must fit into one row: a row that wraps cannot be drawn over. The bar becomes
/// shorter first, then the last metrics are left out. A finished epoch shows all of them, in further rows where one is too narrow.
/// </remarks>
internal sealed class ProgressBar : Callback
{
    private const int LongestBar = 20;
    private const int ShortestBar = 6;
    private const int UsualColumns = 80;
    private const string Indent = "   ";
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly TextWriter _writer;
    private readonly Func<int>? _columns;
    private readonly int? _epochs;
    private readonly int? _steps;
    private readonly Dictionary<string, double> _logs = [];
    private readonly bool _isUnicode;
    private readonly char _full;
    private readonly string _more;
    private long _begun;
    private long _drawn;
    private int _done;
    private int _lastLength;
    private bool _isGone;

    /// <summary>Creates the display.</summary>
    /// <param name="writer">Where it is written.</param>
    /// <param name="columns">Asks for the width of the terminal; null to write one line per epoch.</param>
    /// <param name="epochs">The number of epochs; null for an evaluation, which does not count them.</param>
    /// <param name="steps">The number of steps per epoch, if it is known.</param>
    internal ProgressBar(TextWriter writer, Func<int>? columns, int? epochs, int? steps)
    {
        (_writer, _columns, _epochs, _steps) = (writer, columns, epochs, steps);
        _isUnicode = writer.Encoding is UTF8Encoding or UnicodeEncoding;
        (_full, _more) = _isUnicode ? ('━', " …") : ('=', " ...");
    }

    public static IEnumerable<Callback> For(Verbosity verbose, int epochs, int? steps) => Shown(verbose, epochs, steps) switch
    {
        null => [],
        { _columns: not null, _isUnicode: true } bar when verbose == Verbosity.Chart => [new LiveChart(bar)],
        var bar => [bar],
    };

    public static ProgressBar? ForEvaluation(Verbosity verbose, int? steps) => Shown(verbose, null, steps);

    private static ProgressBar? Shown(Verbosity verbose, int? epochs, int? steps) => verbose == Verbosity.Silent
        ? null
        : new ProgressBar(Console.Out, verbose == Verbosity.Lines || Console.IsOutputRedirected ? null : Columns, epochs, steps);

    public override void OnEpochBegin(int epoch)
    {
        if (_columns is not null && _epochs is not null) Write(Numbered(epoch) + Environment.NewLine);
        _begun = Stopwatch.GetTimestamp();
        _drawn = 0;
        _done = 0;
    }

    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        var (elapsed, values) = (Stopwatch.GetElapsedTime(_begun), FinalValues(logs));
        if (_columns is null)
        {
            Write((_epochs is null ? "" : Numbered(epoch) + " ") + Head(elapsed, true, LongestBar));
            foreach (var value in values) Write(value);
        }
        else
        {
            var rows = Rows(elapsed, values, Available());
            Draw(rows[0]);
            foreach (var row in rows.Skip(1)) Write(Environment.NewLine + row);
        }

        Write(Environment.NewLine);
        _lastLength = 0;
    }

    public override void OnTrainEnd()
    {
        if (Trainer.Distribution is { Size: > 1, Report: { } report }) Write(report + Environment.NewLine);
        if (Trainer.DataWait.Advice is { } advice) Write(advice + Environment.NewLine);
    }

    /// <summary>What a finished epoch shows, for a display that writes it itself.</summary>
    public IReadOnlyList<string> Finished(IDictionary<string, double> logs)
    {
        _lastLength = 0;
        return Rows(Stopwatch.GetElapsedTime(_begun), FinalValues(logs), Available());
    }

    internal override void OnBatchEnd(int batch, StepRunner runner)
    {
        _done = batch + 1;
        if (_columns is null || (_drawn != 0 && Stopwatch.GetElapsedTime(_drawn) < Between)) return;
        _drawn = Stopwatch.GetTimestamp();
        runner.Report(_logs, "");
        Draw(Row(Stopwatch.GetElapsedTime(_begun), Values(_logs), Available()));
    }

    /// <summary>The width of the terminal; the usual one where it does not say.</summary>
    private static int Columns() => TerminalWindow.Columns ?? UsualColumns;

    private string Numbered(int epoch) => string.Create(CultureInfo.InvariantCulture, $"Epoch {epoch + 1}/{_epochs}");

    /// <summary>The columns of a row: some terminals wrap when the last one is written.</summary>
    public int Available() => Math.Max(1, _columns!() - 1);

    /// <summary>Draws over the row that was drawn before.</summary>
    private void Draw(string row)
    {
        Write('\r' + row.PadRight(Math.Min(_lastLength, Available())));
        _lastLength = row.Length;
    }

    /// <summary>Writes on the terminal, as long as there is one.</summary>
    public void Write(string text)
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

    /// <summary>What fits into one row.</summary>
    private string Row(TimeSpan elapsed, List<string> values, int available)
    {
        var wide = values.Sum(value => value.Length) + Head(elapsed, false, LongestBar).Length;
        var row = new StringBuilder(Head(elapsed, false, Math.Clamp(LongestBar - (wide - available), ShortestBar, LongestBar)));
        for (var i = 0; i < values.Count; i++)
        {
            if (row.Length + values[i].Length + (i < values.Count - 1 ? _more.Length : 0) > available)
            {
                row.Append(_more);
                break;
            }

            row.Append(values[i]);
        }

        return Cut(row.ToString(), available);
    }

    /// <summary>Everything, in as many rows as it takes.</summary>
    private List<string> Rows(TimeSpan elapsed, List<string> values, int available)
    {
        var wide = values.Sum(value => value.Length) + Head(elapsed, true, LongestBar).Length;
        var rows = new List<string> { Cut(Head(elapsed, true, Math.Clamp(LongestBar - (wide - available), ShortestBar, LongestBar)), available) };
        foreach (var value in values)
        {
            if (rows[^1].Length + value.Length <= available) rows[^1] += value;
            else rows.Add(Cut(Indent + value, available));
        }

        return rows;
    }

    private string Cut(string row, int available) =>
        row.Length <= available ? row : available <= _more.Length ? row[..available] : row[..(available - _more.Length)] + _more;

    private string Head(TimeSpan elapsed, bool finished, int bar)
    {
        var text = new StringBuilder();
        var perStep = elapsed / Math.Max(1, _done);
        if (_steps is { } steps)
        {
            text.Append(CultureInfo.InvariantCulture, $"{_done}/{steps} ");
            var full = (int)((long)bar * _done / Math.Max(1, steps));
            text.Append(_full, full).Append(' ', bar - full).Append(' ');
            text.Append(finished ? Time(elapsed) : Time(perStep * (steps - _done)) + " left");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"{_done} steps {Time(elapsed)}");
        }

        return text.Append(CultureInfo.InvariantCulture, $" {Short(perStep)}/step").ToString();
    }

    /// <summary>The values of an epoch, and how long it waited for data if that was long.</summary>
    private List<string> FinalValues(IDictionary<string, double> logs)
    {
        var values = Values(logs);
        if (_epochs is not null && Trainer.DataWait.LastEpoch is { } share)
            values.Add(string.Create(CultureInfo.InvariantCulture, $" - waiting for data: {share:P0}"));
        return values;
    }

    private static List<string> Values(IDictionary<string, double> logs) => [.. logs.Select(log => $" - {log.Key}: {LogNumber.Text(log.Value)}")];

    private static string Time(TimeSpan time) =>
        time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture)
        : time.TotalMinutes >= 1 ? time.ToString(@"m\:ss", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0}s");

    private static string Short(TimeSpan time) =>
        time.TotalMilliseconds >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0}ms")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:F0}us");
}
