using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Discrete Fourier transforms, as products with matrices. The last axis holds real and imaginary parts, or real ones alone.</summary>
internal static class Fourier
{
    private const int MostSamples = 4096;

    public static FileResult[] Dft(FileNode node)
    {
        var shape = node.ShapeOf(0);
        if (shape.Rank < 2 || shape.Dims[^1] is not (1 or 2))
            throw new ModelException($"its input is {shape}; expected at least two axes, the last of size 1 or 2.");
        var asked = node.Version < 20 ? node.Int("axis", 1) : node.Has(2) ? One(node, 2, "its axis") : -2;
        var axis = ShapeRules.Axis(asked, shape.Rank, "DFT");
        if (axis == shape.Rank - 1) throw new ModelException("it transforms along the last axis, which holds real and imaginary parts; expected another.");
        var (isInverse, isOneSided) = (node.Flag("inverse"), node.Flag("onesided"));
        var size = shape.Dims[axis];
        if (size < 1) throw new ModelException($"it transforms along axis {axis} of {shape}; expected a known size of at least 1.");
        var length = node.Has(1) ? One(node, 1, "its length") : isInverse && isOneSided ? 2 * (size - 1) : size;
        return [Transformed(node, node.In(0), axis, length, isInverse, isOneSided)];
    }

    /// <summary>The spectra of the pieces of a signal, (batch, frames, frequencies, 2).</summary>
    public static FileResult[] Stft(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var signal = shape.Rank == 2 ? Ops.ExpandDims(node.In(0), 2) : node.In(0);
        var (samples, step) = (signal.Rank == 3 ? signal.Shape.Dims[1] : Shape.Unknown, One(node, 1, "its step"));
        if (samples < 1 || signal.Shape.Dims[2] is not (1 or 2)) throw new ModelException($"its signal is {shape}; expected (batch, a known length, 1 or 2).");
        var length = node.Has(3) ? One(node, 3, "its frame length") : node.Has(2) ? node.ShapeOf(2).Dims[0] : samples;
        if (step < 1 || length < 1 || length > samples)
            throw new ModelException($"it cuts {samples} samples to {length} each {step}; expected at least 1 and at most all.");
        if (node.Has(2) && (node.RankOf(2) != 1 || node.ShapeOf(2).Dims[0] != length))
            throw new ModelException($"its window is {node.ShapeOf(2)} for frames of {length}; expected as many numbers.");
        var frames = ((samples - length) / step) + 1;
        node.Reserved([frames, length], DType.Int64);
        var at = Enumerable.Range(0, frames).SelectMany(frame => Enumerable.Range(0, length).Select(i => ((long)frame * step) + i));
        var cut = Ops.Take(signal, Parts.Longs([frames, length], at), 1);
        if (node.Has(2)) cut *= Ops.ExpandDims(node.In(2), 1);
        return [Transformed(node, cut, 2, length, false, node.Flag("onesided", true))];
    }

    private static SymbolicTensor Transformed(FileNode node, SymbolicTensor x, int axis, int length, bool isInverse, bool isOneSided)
    {
        if (length is < 1 or > MostSamples)
            throw new ModelException($"it transforms {length} samples; expected 1 to {MostSamples}, as the matrix of the transform is kept.");
        var last = x.Rank - 1;
        var isMirrored = isInverse && isOneSided;
        var read = Math.Min(x.Shape.Dims[axis], isMirrored ? (length / 2) + 1 : length);
        node.Reserved([2, read, isOneSided && !isInverse ? (length / 2) + 1 : length], DType.Float32);
        var (real, imaginary) = Ops.Transform((Part(0), x.Shape.Dims[^1] == 1 ? null : Part(1)), length, isInverse, isOneSided, node.OpType);
        if (imaginary is null) return Ops.ExpandDims(Parts.FromEnd(real, axis), last);
        return Ops.Stack(new[] { Parts.FromEnd(real, axis), Parts.FromEnd(imaginary, axis) }, last);

        SymbolicTensor Part(int part) => Parts.ToEnd(Parts.At(x, last, part), axis);
    }

    private static int One(FileNode node, int input, string what) =>
        node.Integers(input, what) is [var number] ? number : throw new ModelException($"{what} is {node.ShapeOf(input)}; expected one number.");
}
