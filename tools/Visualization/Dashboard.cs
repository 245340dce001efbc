using System.Diagnostics;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Live;
using OnnxFunctional.Visualization.Reports;

namespace OnnxFunctional.Visualization;

/// <summary>
/// Shows a training in a browser while it runs: the page of <see cref="Report"/> with curves that follow, served on this machine only, and only until training
/// ends. The address is printed when training begins.
/// </summary>
/// <remarks>The training thread hands over numbers and does nothing else; pages are made and sent by other threads.</remarks>
/// <param name="port">The port on 127.0.0.1; 0 takes one that is free.</param>
/// <exception cref="ModelException">The port is out of range; when training begins, that another program uses it.</exception>
/// <example><code>trainer.Fit(x, y, epochs: 20, callbacks: [new Dashboard()]);</code></example>
public sealed class Dashboard(int port = 0) : Callback
{
    private static readonly TimeSpan s_betweenSteps = TimeSpan.FromMilliseconds(250);

    private readonly int _port = port is >= 0 and <= ushort.MaxValue
        ? port
        : throw new ModelException($"port is {port}; expected a number from 0 to {ushort.MaxValue}.");

    private LiveServer? _server;
    private int _epoch;
    private long _sent;

    /// <summary>Where the page is; <see langword="null"/> before training and after it.</summary>
    public Uri? Address => _server?.Address;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        var model = Trainer.Model;
        _server = LiveServer.Start(_port, () => ReportPage.Write(new ReportSource(model) { IsLive = true }));
        _sent = 0;
        Console.WriteLine($"Dashboard of {model.Name}: {Address}");
    }

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch) => _epoch = epoch;

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss)
    {
        if (_sent != 0 && Stopwatch.GetElapsedTime(_sent) < s_betweenSteps) return;
        _sent = Stopwatch.GetTimestamp();
        _server?.Tell(new LiveStep(_epoch, batch, Trainer.Iterations, loss));
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        _server?.Tell(new LiveEpoch(epoch, [.. logs.Select(entry => (entry.Key, entry.Value))]));
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => End(null);

    /// <inheritdoc/>
    public override void OnTrainFailed(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        End(error.Message);
    }

    private void End(string? failure)
    {
        var server = _server;
        _server = null;
        server?.End(failure);
    }
}
