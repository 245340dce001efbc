using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The input of a batch normalization as rows of channels or, with axes behind the channels, as planes of one channel each.</summary>
internal readonly struct ChannelLayout
{
    private const double NanosecondsPerElement = 0.3;

    private readonly Cut _cut;

    public ChannelLayout(Shape shape, int axis)
    {
        var (outer, channels, inner) = AxisSplit.Of(shape, axis);
        Channels = channels;
        IsLast = inner == 1;
        Count = outer * inner;
        RowLength = IsLast ? channels : inner;
        var rows = IsLast ? outer : outer * channels;
        _cut = Cut.By(rows, RowLength * NanosecondsPerElement);

        // Planes are joined by channel: a part is whole planes, and each has results of its own.
        Results = IsLast ? _cut.Parts : rows;
    }

    public int Channels { get; }

    /// <summary>Elements of each channel.</summary>
    public int Count { get; }

    /// <summary>Whether channels are the last axis.</summary>
    public bool IsLast { get; }

    /// <summary>Elements of a row of channels, or of a plane.</summary>
    public int RowLength { get; }

    /// <summary>Rows of partial results: of all channels each, or of one.</summary>
    public int Results { get; }

    public int Parts => _cut.Parts;

    /// <summary>Floats of one kind of partial results.</summary>
    public int PartialLength => IsLast ? Results * Channels : Results;

    /// <summary>The rows or planes of one part.</summary>
    public (int First, int End) Range(int part) => _cut.Range(part);

    /// <summary>Elements of each channel behind one row of partial results.</summary>
    public long Weight(int result)
    {
        if (!IsLast) return RowLength;
        var (first, end) = _cut.Range(result);
        return end - first;
    }
}
