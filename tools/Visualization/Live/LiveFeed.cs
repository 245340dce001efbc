using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using OnnxFunctional.Visualization.Reports;

namespace OnnxFunctional.Visualization.Live;

/// <summary>
/// The events of a training as text/event-stream. All epochs and the end are kept for clients that come late; of steps only the last, so that a client that
/// reads slowly leaves some out and nothing grows with the number of steps.
/// </summary>
internal sealed class LiveFeed
{
    private readonly Channel<LiveNews> _news = Channel.CreateUnbounded<LiveNews>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _lock = new();
    private readonly List<byte[]> _kept = [Event("begin", _ => { })];
    private byte[]? _step;
    private long _steps;
    private bool _hasEnded;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes news: all that the training thread does.</summary>
    public void Tell(LiveNews news) => _news.Writer.TryWrite(news);

    /// <summary>Makes events of news until training ends.</summary>
    public async Task Run()
    {
        await foreach (var news in _news.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            var text = Text(news);
            TaskCompletionSource changed;
            lock (_lock)
            {
                if (news is LiveStep) (_step, _steps) = (text, _steps + 1);
                else
                {
                    // A step of an epoch that is over says nothing any more.
                    _kept.Add(text);
                    _step = null;
                }

                _hasEnded = news is LiveEnd;
                (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            changed.SetResult();
            if (news is LiveEnd) return;
        }
    }

    /// <summary>Writes all events, those so far at once, until the end.</summary>
    public async Task Write(Stream stream, CancellationToken cancellationToken)
    {
        int kept = 0;
        long steps = 0;
        while (true)
        {
            List<byte[]> next;
            Task changed;
            bool isLast;
            lock (_lock)
            {
                next = _kept[kept..];
                kept = _kept.Count;
                if (_step is not null && steps < _steps) next.Add(_step);
                (steps, changed, isLast) = (_steps, _changed.Task, _hasEnded);
            }

            foreach (var text in next) await stream.WriteAsync(text, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (isLast) return;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static byte[] Text(LiveNews news) => news switch
    {
        LiveStep step => Event("step", json =>
        {
            json.WriteNumber("epoch", step.Epoch + 1);
            json.WriteNumber("batch", step.Batch + 1);
            json.WriteNumber("steps", step.Steps);
            json.WritePropertyName("loss");
            PageData.WriteNumber(json, step.Loss);
        }),
        LiveEpoch epoch => Event("epoch", json => PageData.WriteFields(json, epoch.Epoch, epoch.Logs)),
        LiveEnd { Failure: { } failure } => Event("failed", json => json.WriteString("message", failure)),
        _ => Event("done", _ => { }),
    };

    /// <summary>One event; JSON without indents has no line break, which would end the data.</summary>
    private static byte[] Event(string name, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(Encoding.UTF8.GetBytes($"event: {name}\ndata: "));
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        buffer.Write("\n\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
