using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Normalizations that ONNX has and Keras has not, by their definitions.</summary>
internal static class NormalizationDefinitions
{
    /// <summary><c>(x - mean) / sqrt(variance + epsilon) * scale + bias</c>, by the positions of each channel.</summary>
    public static SymbolicTensor Instance(InstanceNormalization op, SymbolicTensors inputs)
    {
        Axes positions = [.. Enumerable.Range(1, inputs[0].Rank - 2)];
        var centered = inputs[0] - Ops.Mean(inputs[0], positions, keepdims: true);
        var deviation = Ops.Sqrt(Ops.Mean(centered * centered, positions, keepdims: true) + op.Epsilon);
        return (centered / deviation * inputs[1]) + inputs[2];
    }

    /// <summary><c>x / (bias + alpha / size * sum x^2)^beta</c>, over the channels around each.</summary>
    public static SymbolicTensor LocalResponse(Lrn op, SymbolicTensor x)
    {
        var (rank, channels) = (x.Rank, x.Shape.Dims[^1]);

        // A window that is wider than all channels sees all of them.
        var (before, after) = (Math.Min((op.Size - 1) / 2, channels - 1), Math.Min(op.Size - 1 - ((op.Size - 1) / 2), channels - 1));
        int[] begin = new int[rank], end = new int[rank];
        (begin[^1], end[^1]) = (before, after);
        var padded = Ops.Pad(x * x, begin, end);
        SymbolicTensor? sum = null;
        for (var i = 0; i <= before + after; i++)
        {
            var part = Ops.Slice(padded, rank - 1, i, i + channels);
            sum = sum is null ? part : sum + part;
        }

        return x / Ops.Power((sum! * (op.Alpha / op.Size)) + op.Bias, op.Beta);
    }
}
