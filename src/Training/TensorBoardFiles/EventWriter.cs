using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace OnnxFunctional.Training.TensorBoardFiles;

/// <summary>
/// A file of events: records of length, its checksum, an Event message and its checksum (tensorflow/core/util/event.proto, lib/io/record_writer).
/// </summary>
internal sealed class EventWriter : IDisposable
{
    // Fields of the messages Event, Summary, Summary.Value and HistogramProto.
    private const int WallTime = 1, Step = 2, FileVersion = 3, GraphDef = 4, Summary = 5, Value = 1, Tag = 1, SimpleValue = 2, Histo = 5;
    private const int Min = 1, Max = 2, Num = 3, Sum = 4, SumOfSquares = 5, BucketLimit = 6, Bucket = 7;

    private readonly FileStream _file;
    private readonly WireWriter _event = new();

    /// <summary>Starts a file with a unique name.</summary>
    public EventWriter(string folder)
    {
        Directory.CreateDirectory(folder);
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.{Environment.MachineName}.{Environment.ProcessId}");
        var number = 0;
        string path;
        do path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}.{number++}.v2"));
        while (File.Exists(path));
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        StartEvent(0);
        _event.Text(FileVersion, "brain.Event:2");
        Write();
    }

    public void Scalar(string tag, long step, float value)
    {
        var entry = new WireWriter();
        entry.Text(Tag, tag);
        entry.Number(SimpleValue, value);
        WriteSummary(step, entry);
    }

    /// <summary>The distribution of values over buckets of which each is a tenth wider than the one before.</summary>
    public void Histogram(string tag, long step, ReadOnlySpan<float> values)
    {
        var buckets = new HistogramBuckets(values);
        if (buckets.Count == 0) return;
        var histogram = new WireWriter();
        histogram.Number(Min, buckets.Min);
        histogram.Number(Max, buckets.Max);
        histogram.Number(Num, (double)buckets.Count);
        histogram.Number(Sum, buckets.Sum);
        histogram.Number(SumOfSquares, buckets.SumOfSquares);
        histogram.Numbers(BucketLimit, buckets.Limits);
        histogram.Numbers(Bucket, buckets.Counts);
        var entry = new WireWriter();
        entry.Text(Tag, tag);
        entry.Message(Histo, histogram);
        WriteSummary(step, entry);
    }

    public void Graph(WireWriter graph)
    {
        StartEvent(0);
        _event.Message(GraphDef, graph);
        Write();
    }

    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    /// <summary>The checksum as records hold it: rotated and shifted, because the CRC of data that contains its own CRC is weak.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    private void WriteSummary(long step, WireWriter entry)
    {
        var summary = new WireWriter();
        summary.Message(Value, entry);
        StartEvent(step);
        _event.Message(Summary, summary);
        Write();
    }

    private void StartEvent(long step)
    {
        _event.Clear();
        _event.Number(WallTime, (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds);
        if (step != 0) _event.Integer(Step, step);
    }

    private void Write()
    {
        Span<byte> frame = stackalloc byte[sizeof(ulong) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(frame, (ulong)_event.Written.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[sizeof(ulong)..], MaskedChecksum(frame[..sizeof(ulong)]));
        _file.Write(frame);
        _file.Write(_event.Written);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, MaskedChecksum(_event.Written));
        _file.Write(frame[..sizeof(uint)]);
    }
}
