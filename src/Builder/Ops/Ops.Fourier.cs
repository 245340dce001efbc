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
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Fft((SymbolicTensor Real, SymbolicTensor Imaginary) x) => Transformed(x, -1, nameof(Fft));

    /// <summary>The inverse of <see cref="Fft"/>.</summary>
    /// <param name="x">Real and imaginary part, the last size known.</param>
    /// <returns>Real and imaginary part, of the same shape.</returns>
    /// <exception cref="ModelException">The last size is unknown.</exception>
    public static (SymbolicTensor Real, SymbolicTensor Imaginary) Ifft((SymbolicTensor Real, SymbolicTensor Imaginary) x)
    {
        var (real, imaginary) = Transformed(x, 1, nameof(Ifft));
        double size = SizeOf(x.Real, x.Real.Rank - 1, nameof(Ifft));
        return (real / size, imaginary / size);
    }

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
        x = Floats(x);
        var size = SizeOf(x, x.Rank - 1, nameof(Rfft));
        var length = Check.Positive(fftLength ?? size, nameof(Rfft), nameof(fftLength));
        var rows = Math.Min(size, length);
        if (rows < size) x = Slice(x, x.Rank - 1, 0, rows);
        return Frequencies(x, rows, length, null);
    }

    /// <summary>The inverse of <see cref="Rfft"/> (https://keras.io/api/ops/fft/#irfft-function).</summary>
    /// <param name="x">Real and imaginary part, the last size known.</param>
    /// <param name="fftLength">How many elements the result has; by default <c>2 (frequencies - 1)</c>.</param>
    /// <exception cref="ModelException">The last size is unknown, or the length is not positive.</exception>
    public static SymbolicTensor Irfft((SymbolicTensor Real, SymbolicTensor Imaginary) x, int? fftLength = null)
    {
        var (real, imaginary) = (Floats(x.Real), Floats(x.Imaginary));
        var size = SizeOf(real, real.Rank - 1, nameof(Irfft));
        var length = Check.Positive(fftLength ?? (2 * (size - 1)), nameof(Irfft), nameof(fftLength));
        var rows = Math.Min(size, (length / 2) + 1);
        if (rows < size) (real, imaginary) = (Slice(real, real.Rank - 1, 0, rows), Slice(imaginary, imaginary.Rank - 1, 0, rows));
        return MatMul(real, Inverse(Math.Cos)) - MatMul(imaginary, Inverse(Math.Sin));

        // Each frequency but the first, and the middle one of an even length, stands for its mirror image too.
        SymbolicTensor Inverse(Func<double, double> wave) => Matrix(
            rows, length, (k, n) => (k == 0 || 2 * k == length ? 1.0 : 2) / length * wave(Math.Tau * ((long)k * n % length) / length), nameof(Irfft));
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

        return Frequencies(Take(x, Constant(Shape.Of(count, fftLength), places), -1), fftLength, fftLength, weights);
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

    /// <summary>The first half of the frequencies of rows, each element times a weight.</summary>
    private static (SymbolicTensor Real, SymbolicTensor Imaginary) Frequencies(SymbolicTensor x, int rows, int length, double[]? weights)
    {
        return (MatMul(x, Waves(Math.Cos)), MatMul(x, Waves(angle => -Math.Sin(angle))));

        SymbolicTensor Waves(Func<double, double> wave) => Matrix(
            rows, (length / 2) + 1, (n, k) => (weights?[n] ?? 1) * wave(Math.Tau * ((long)k * n % length) / length), nameof(Rfft));
    }

    private static (SymbolicTensor Real, SymbolicTensor Imaginary) Transformed((SymbolicTensor Real, SymbolicTensor Imaginary) x, int sign, string what)
    {
        var (real, imaginary) = (Floats(x.Real), Floats(x.Imaginary));
        var size = SizeOf(real, real.Rank - 1, what);
        var (cosines, sines) = (Waves(Math.Cos), Waves(Math.Sin));
        return (MatMul(real, cosines) - (sign * MatMul(imaginary, sines)), MatMul(imaginary, cosines) + (sign * MatMul(real, sines)));

        SymbolicTensor Waves(Func<double, double> wave) => Matrix(size, size, (n, k) => wave(Math.Tau * ((long)k * n % size) / size), what);
    }

    private static (SymbolicTensor Real, SymbolicTensor Imaginary) OverTwo(
        (SymbolicTensor Real, SymbolicTensor Imaginary) x,
        Func<(SymbolicTensor Real, SymbolicTensor Imaginary), (SymbolicTensor Real, SymbolicTensor Imaginary)> transform)
    {
        var rows = transform(x);
        var columns = transform((SwapAxes(rows.Real, -1, -2), SwapAxes(rows.Imaginary, -1, -2)));
        return (SwapAxes(columns.Real, -1, -2), SwapAxes(columns.Imaginary, -1, -2));
    }
}
