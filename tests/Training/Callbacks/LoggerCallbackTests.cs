using Microsoft.Extensions.Logging;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Training.Callbacks;

[TestClass]
public sealed class LoggerCallbackTests
{
    private static readonly float[,] s_x = { { 1 }, { 2 }, { 3 } };

    [TestMethod]
    public void Start_epochs_and_end_are_events_with_their_numbers()
    {
        var log = new EventLog();
        var history = Trainer().Fit(s_x, s_x, epochs: 2, verbose: 0, callbacks: [new LoggerCallback(log)]);
        CollectionAssert.AreEqual(
            new[] { "Training of line begins at step 0", "Epoch 1: loss ", "Epoch 2: loss ", "Training ends at step 2" },
            log.Events.Select(entry => entry.Message.StartsWith("Epoch", StringComparison.Ordinal) ? entry.Message[..14] : entry.Message).ToArray());
        Assert.IsTrue(log.Events.All(entry => entry.Level == LogLevel.Information));
        Assert.AreEqual(2, log.Events[2].Properties["Epoch"]);
        Assert.AreEqual(history["mean_absolute_error"][1], log.Events[2].Properties["mean_absolute_error"]);
    }

    [TestMethod]
    public void A_failure_is_an_error_with_its_exception()
    {
        var log = new EventLog();
        var failing = new LambdaCallback(onEpochEnd: (_, _) => throw new InvalidOperationException("stop"));
        Assert.ThrowsExactly<InvalidOperationException>(() => Trainer().Fit(s_x, s_x, verbose: 0, callbacks: [new LoggerCallback(log), failing]));
        Assert.AreEqual((LogLevel.Error, "Training failed: stop"), (log.Events[^1].Level, log.Events[^1].Message));
        Assert.AreEqual("stop", log.Events[^1].Error?.Message);
    }

    [TestMethod]
    public void Levels_that_are_off_are_not_written()
    {
        var log = new EventLog { Least = LogLevel.Warning };
        Trainer().Fit(s_x, s_x, verbose: 0, callbacks: [new LoggerCallback(log)]);
        Assert.IsEmpty(log.Events);
        Trainer().Fit(s_x, s_x, verbose: 0, callbacks: [new LoggerCallback(log, LogLevel.Warning)]);
        Assert.HasCount(3, log.Events);
    }

    private static Trainer Trainer()
    {
        var input = Model.Input([1]);
        return new Model(input, new Dense(1).Call(input), "line").Compile(new Sgd(), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError]);
    }

    private sealed class EventLog : ILogger
    {
        public List<(LogLevel Level, string Message, Dictionary<string, object?> Properties, Exception? Error)> Events { get; } = [];

        public LogLevel Least { get; init; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= Least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var properties = ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary(entry => entry.Key, entry => entry.Value);
            Events.Add((logLevel, formatter(state, exception), properties, exception));
        }
    }
}
