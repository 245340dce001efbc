using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>What calibration data says of the channels between two layers.</summary>
/// <param name="input">What the first layer reads.</param>
/// <param name="between">What the second reads.</param>
internal sealed class ChannelStatistics(Value input, Value between)
{
    private const int PerPair = 3;

    /// <summary>The number of channels.</summary>
    public int Count => Greatest.Length;

    /// <summary>The greatest magnitude of each channel.</summary>
    public double[] Greatest { get; } = new double[between.Spec.Shape.Dims[^1]];

    /// <summary>The mean square of each channel.</summary>
    public double[] Energy { get; } = new double[between.Spec.Shape.Dims[^1]];

    /// <summary>The mean square of what the first layer reads.</summary>
    public double InputEnergy { get; private set; }

    /// <summary>Computes the samples.</summary>
    public static void Run(FoldedGraph folded, IReadOnlyList<ChannelStatistics> all, NDArrays x, int batchSize)
    {
        GraphRun.Batches(folded.Model, folded.Inputs, [.. all.SelectMany(channels => channels.Values())], x, batchSize, (i, buffer, share) =>
            all[i / PerPair].Add(i % PerPair, buffer.Floats, share));
    }

    /// <summary>The statistics after channels are divided by scales.</summary>
    public void Divide(double[] scales)
    {
        for (var channel = 0; channel < Count; channel++)
        {
            Greatest[channel] /= scales[channel];
            Energy[channel] /= scales[channel] * scales[channel];
        }
    }

    private Value[] Values()
    {
        var columns = Ops.Reshape(new SymbolicTensor(between), [-1, Count]);
        return [Ops.Max(Ops.Abs(columns), [0]).Value, Ops.Mean(Ops.Square(columns), [0]).Value, Ops.Mean(Ops.Square(new SymbolicTensor(input))).Value];
    }

    private void Add(int what, ReadOnlySpan<float> numbers, double share)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            if (what == 0) Greatest[i] = Math.Max(Greatest[i], numbers[i]);
            else if (what == 1) Energy[i] += numbers[i] * share;
            else InputEnergy += numbers[i] * share;
        }
    }
}
