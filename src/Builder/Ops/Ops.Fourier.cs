namespace OnnxFunctional;

/// <content>
/// Fourier transforms along the last axis, as products with matrices of cosines and sines. Complex numbers are pairs of tensors, real and imaginary parts.
/// </content>
public static partial class Ops
{
    /// <summary>The discrete Fourier transform (https://keras.io/api/ops/fft/#fft-function).</summary>
    /// <param name="x">Real and imaginary part, the last size known.</param>
    /// <returns>Real and imaginary part, of the same shape.</returns>
    /// <exception cref="ModelException">The last size is unknown.</exception>
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Fft((SymbolicTensor Real, SymbolicTensor Imaginary) x) =>
        Whole(x, isInverse: false, nameof(Fft));

    /// <summary>The inverse of <see cref="Fft"/>.</summary>
    /// <param name="x">Real and imaginary part, the last size known.</param>
    /// <returns>Real and imaginary part, of the same shape.</returns>
    /// <exception cref="ModelException">The last size is unknown.</exception>
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Ifft((SymbolicTensor Real, SymbolicTensor Imaginary) x) =>
        Whole(x, isInverse: true, nameof(Ifft));

    /// <summary>The Fourier transform over the last two axes (https://keras.io/api/ops/fft/#fft2-function).</summary>
    /// <param name="x">Real and imaginary part, the last two sizes known.</param>
    /// <returns>Real and imaginary part, of the same shape.</returns>
    /// <exception cref="ModelException">One of the last two sizes is unknown.</exception>
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Fft2((SymbolicTensor Real, SymbolicTensor Imaginary) x) => OverTwo(x, Fft);

    /// <summary>The inverse of <see cref="Fft2"/> (https://keras.io/api/ops/fft/#ifft2-function).</summary>
    /// <param name="x">Real and imaginary part, the last two sizes known.</param>
    /// <returns>Real and imaginary part, of the same shape.</returns>
    /// <exception cref="ModelException">One of the last two sizes is unknown.</exception>
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Ifft2((SymbolicTensor Real, SymbolicTensor Imaginary) x) => OverTwo(x, Ifft);

    /// <summary>
    /// The Fourier transform of real numbers: its first half, <c>n / 2 + 1</c> frequencies (https://keras.io/api/ops/fft/#rfft-function).
    /// </summary>
    /// <param name="x">The tensor, its last size known.</param>
    /// <param name="fftLength">How many elements are transformed; shorter rows get zeros at their end. The last size by default.</param>
    /// <returns>Real and imaginary part.</returns>
    /// <exception cref="ModelException">The last size is unknown, or the length is not positive.</exception>
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Rfft(SymbolicTensor x, int? fftLength = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        var length = Check.Positive(fftLength ?? SizeOf(x, x.Rank - 1, nameof(Rfft)), nameof(Rfft), nameof(fftLength));
        return Half(x, length, nameof(Rfft));
    }

    /// <summary>The inverse of <see cref="Rfft"/> (https://keras.io/api/ops/fft/#irfft-function).</summary>
    /// <param name="x">Real and imaginary part, the last size known.</param>
    /// <param name="fftLength">How many elements the result has; by default <c>2 (frequencies - 1)</c>.</param>
    /// <exception cref="ModelException">The last size is unknown, or the length is not positive.</exception>
    public static SymbolicTensor Irfft((SymbolicTensor Real, SymbolicTensor Imaginary) x, int? fftLength = null)
    {
        var length = Check.Positive(fftLength ?? (2 * (SizeOf(x.Real, x.Real.Rank - 1, nameof(Irfft)) - 1)), nameof(Irfft), nameof(fftLength));
        return Transform(x, length, isInverse: true, isHalf: true, nameof(Irfft)).Real;
    }

    /// <summary>
    /// The Fourier transforms of overlapping parts of a signal, each times a window (https://keras.io/api/ops/fft/#stft-function).
    /// </summary>
    /// <param name="x">Signals, (..., n), the last size known.</param>
    /// <param name="sequenceLength">The length of a part.</param>
    /// <param name="sequenceStride">The distance between parts.</param>
    /// <param name="fftLength">How many elements are transformed, at least the length of a part.</param>
    /// <param name="window">The window, of the length of a part; Hann's periodic one by default.</param>
    /// <param name="center">Whether the signal is mirrored at both ends, so that part i has its middle at <c>i stride</c>.</param>
    /// <returns>Real and imaginary part, (..., parts, frequencies).</returns>
    /// <exception cref="ModelException">The last size is unknown or too small, or an option is out of its range.</exception>
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Stft(
        SymbolicTensor x, int sequenceLength, int sequenceStride, int fftLength, IReadOnlyList<double>? window = null, bool center = true)
    {
        x = Floats(x);
        var weights = PaddedWindow(sequenceLength, fftLength, window, nameof(Stft));
        Check.Positive(sequenceStride, nameof(Stft), nameof(sequenceStride));
        var size = SizeOf(x, x.Rank - 1, nameof(Stft));
        var edge = center ? fftLength / 2 : 0;
        if (edge >= size || size + (2 * edge) < fftLength)
            throw new ModelException($"Stft of parts of {fftLength} elements takes a longer signal along the last axis, but got {x.Shape}.");
        var count = ((size + (2 * edge) - fftLength) / sequenceStride) + 1;
        var places = new long[count * fftLength];
        for (var i = 0; i < places.Length; i++)
        {
            // Beyond an end the signal runs back.
            var place = Math.Abs((i / fftLength * sequenceStride) + (i % fftLength) - edge);
            places[i] = place < size ? place : (2 * (size - 1)) - place;
        }

        return Half(Take(x, Constant(Shape.Of(count, fftLength), places), -1), fftLength, nameof(Stft), weights);
    }

    /// <summary>The inverse of <see cref="Stft"/>: parts are added up where they overlap (https://keras.io/api/ops/fft/#istft-function).</summary>
    /// <param name="x">Real and imaginary part, (..., parts, frequencies), both sizes known.</param>
    /// <param name="sequenceLength">The length of a part.</param>
    /// <param name="sequenceStride">The distance between parts.</param>
    /// <param name="fftLength">How many elements were transformed.</param>
    /// <param name="length">The length of the signal; by default all that parts cover.</param>
    /// <param name="window">The window of the transform; Hann's periodic one by default.</param>
    /// <param name="center">Whether the signal was mirrored at both ends.</param>
    /// <returns>Signals, (..., n).</returns>
    /// <exception cref="ModelException">A size is unknown, or an option is out of its range.</exception>
    public static SymbolicTensor Istft(
        (SymbolicTensor Real, SymbolicTensor Imaginary) x,
        int sequenceLength,
        int sequenceStride,
        int fftLength,
        int? length = null,
        IReadOnlyList<double>? window = null,
        bool center = true)
    {
        Check.Positive(sequenceStride, nameof(Istft), nameof(sequenceStride));
        var weights = PaddedWindow(sequenceLength, fftLength, window, nameof(Istft));
        var parts = Irfft(x, fftLength);
        var count = SizeOf(parts, parts.Rank - 2, nameof(Istft));
        var total = fftLength + (sequenceStride * (count - 1));

        // Where no window reaches, there is nothing to divide by, and nothing to divide.
        var squares = new double[total];
        for (var i = 0; i < count * fftLength; i++) squares[(i / fftLength * sequenceStride) + (i % fftLength)] += Math.Pow(weights[i % fftLength], 2);
        var sum = Added(parts * Vector(fftLength, i => weights[i]), count, fftLength, sequenceStride);
        var signal = sum / Vector(total, i => squares[i] > 1e-10 ? squares[i] : 1);
        var start = center ? fftLength / 2 : 0;
        var end = Math.Min(total, length is { } given ? start + given : total - start);
        return Slice(signal, signal.Rank - 1, start, end);
    }

    /// <summary>Rows of a length at distances of a stride, added up: (..., rows, length) becomes (..., stride (rows - 1) + length).</summary>
    private static SymbolicTensor Added(SymbolicTensor rows, int count, int length, int stride)
    {
        // Rows are cut into blocks of a stride; block j of row i lands on block i + j, and a shift aligns equal places.
        var blocks = (length + stride - 1) / stride;
        var (before, after) = (new int[rows.Rank], new int[rows.Rank]);
        after[^1] = (blocks * stride) - length;
        if (after[^1] > 0) rows = Pad(rows, before, after);
        SymbolicTensor? sum = null;
        for (var j = 0; j < blocks; j++)
        {
            (before, after) = (new int[rows.Rank], new int[rows.Rank]);
            (before[^2], after[^2]) = (j, blocks - 1 - j);
            var shifted = Pad(Slice(rows, rows.Rank - 1, j * stride, (j + 1) * stride), before, after);
            sum = sum is null ? shifted : sum + shifted;
        }

        var flat = Reshape(sum!, [.. Enumerable.Repeat(0, rows.Rank - 2), (count + blocks - 1) * stride]);
        return Slice(flat, flat.Rank - 1, 0, (stride * (count - 1)) + length);
    }

    private static double[] PaddedWindow(int length, int fftLength, IReadOnlyList<double>? window, string what)
    {
        Check.Positive(length, what, "sequenceLength");
        if (fftLength < length) throw new ModelException($"{what}: fftLength is {fftLength}; expected at least sequenceLength, which is {length}.");
        if (window is not null && window.Count != length)
            throw new ModelException($"{what}: the window has {window.Count} numbers; expected sequenceLength, which is {length}.");
        var padded = new double[fftLength];
        var start = (fftLength - length) / 2;
        for (var i = 0; i < length; i++) padded[start + i] = window is null ? 0.5 - (0.5 * Math.Cos(Math.Tau * i / length)) : window[i];
        return padded;
    }

    /// <summary>The Fourier transform along the last axis in all its forms, as products with matrices of waves.</summary>
    /// <param name="x">Real and imaginary part, the latter null for real numbers; the last size known.</param>
    /// <param name="length">How many elements are transformed: others are cut off, missing ones are zeros.</param>
    /// <param name="isInverse">Whether frequencies are turned into a signal.</param>
    /// <param name="isHalf">Whether only the first half of the frequencies is made, or given: the other one mirrors it, and signals are real.</param>
    /// <param name="what">The function, for messages.</param>
    /// <param name="weights">The factor of each element of a signal; none by default.</param>
    /// <returns>Real and imaginary part, the latter null for an inverse of half of the frequencies.</returns>
    internal static (SymbolicTensor Real, SymbolicTensor? Imaginary) Transform(
        (SymbolicTensor Real, SymbolicTensor? Imaginary) x, int length, bool isInverse, bool isHalf, string what, double[]? weights = null)
    {
        var (real, imaginary) = (Floats(x.Real), x.Imaginary is null ? null : Floats(x.Imaginary));
        var size = SizeOf(real, real.Rank - 1, what);
        var isMirrored = isInverse && isHalf;
        var rows = Math.Min(size, isMirrored ? (length / 2) + 1 : length);
        if (rows < size)
        {
            real = Slice(real, real.Rank - 1, 0, rows);
            if (imaginary is not null) imaginary = Slice(imaginary, imaginary.Rank - 1, 0, rows);
        }

        var cosines = Waves((row, angle) => Math.Cos(angle));
        var sines = Waves((row, angle) => isMirrored && IsAlone(row) ? 0 : isInverse ? Math.Sin(angle) : -Math.Sin(angle));
        var first = MatMul(real, cosines);
        if (imaginary is not null) first -= MatMul(imaginary, sines);
        if (isMirrored) return (first, null);
        var second = MatMul(real, sines);
        return (first, imaginary is null ? second : second + MatMul(imaginary, cosines));

        SymbolicTensor Waves(Func<int, double, double> wave) => Matrix(
            rows,
            isHalf && !isInverse ? (length / 2) + 1 : length,
            (row, column) => (weights?[row] ?? 1) * Scale(row) * wave(row, Math.Tau * ((long)row * column % length) / length),
            what);

        // Each frequency but the first, and the middle one of an even length, stands for its mirror image too.
        double Scale(int row) => (isInverse ? 1.0 / length : 1) * (isMirrored && !IsAlone(row) ? 2 : 1);

        bool IsAlone(int row) => row == 0 || 2 * row == length;
    }

    private static (SymbolicTensor Real, SymbolicTensor Imaginary) Half(SymbolicTensor x, int length, string what, double[]? weights = null) =>
        Transform((x, null), length, isInverse: false, isHalf: true, what, weights) is var (real, imaginary) ? (real, imaginary!) : default;

    private static (SymbolicTensor Real, SymbolicTensor Imaginary) Whole((SymbolicTensor Real, SymbolicTensor Imaginary) x, bool isInverse, string what) =>
        Transform(x, SizeOf(x.Real, x.Real.Rank - 1, what), isInverse, isHalf: false, what) is var (real, imaginary) ? (real, imaginary!) : default;

    private static (SymbolicTensor Real, SymbolicTensor Imaginary) OverTwo(
        (SymbolicTensor Real, SymbolicTensor Imaginary) x,
        Func<(SymbolicTensor Real, SymbolicTensor Imaginary), (SymbolicTensor Real, SymbolicTensor Imaginary)> transform)
    {
        var rows = transform(x);
        var columns = transform((SwapAxes(rows.Real, -1, -2), SwapAxes(rows.Imaginary, -1, -2)));
        return (SwapAxes(columns.Real, -1, -2), SwapAxes(columns.Imaginary, -1, -2));
    }
}
