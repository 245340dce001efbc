namespace OnnxFunctional.Layers;

/// <summary>The power of each frequency in pieces of a sound: Fourier transforms under a window, in two steps of sums.</summary>
/// <remarks>
/// A time is <c>t = columns row + column</c> and a frequency <c>f = rows high + low</c>, where rows times columns is the length, so
/// <c>exp(-2 pi i f t / length) = exp(-2 pi i low t / length) exp(-2 pi i high column / columns)</c>. A convolution over rows sums the first factor, times the
/// window, over the times of each column, and a product the second over columns. Constants are of about <c>2 length rows + 3 columns^2</c> numbers instead of
/// length squared.
/// </remarks>
internal sealed class PowerTransform
{
    private readonly int _length, _stride, _rows, _columns, _low, _high;
    private readonly double[] _window;

    /// <param name="length">The length of a piece.</param>
    /// <param name="stride">The distance between pieces.</param>
    /// <param name="window">The factor of each time.</param>
    public PowerTransform(int length, int stride, double[] window)
    {
        (_length, _stride, _window) = (length, stride, window);

        // Pieces begin where rows do, so a row divides the stride; of such rows, the one with the fewest constants.
        _columns = Enumerable.Range(1, Math.Min(length, stride))
            .Where(size => length % size == 0 && stride % size == 0)
            .MinBy(size => (2L * length * (length / size)) + (3L * size * size));
        _rows = length / _columns;
        (_low, _high) = _columns == 1 ? ((length / 2) + 1, 1) : (_rows, (_columns / 2) + 1);
    }

    /// <summary>The number of frequencies of a result: those up to half of the length come first, others behind are without meaning.</summary>
    public int Bins => _low * _high;

    /// <summary>The powers of (batch, samples, 1): (batch, pieces, frequencies).</summary>
    public SymbolicTensor Of(SymbolicTensor sound)
    {
        if (_columns > 1) sound = Ops.Conv(sound, Rows(), _columns);
        var sums = Ops.Conv(sound, Sums(), _stride / _columns);
        if (_columns > 1) sums = Ops.MatMul(Turns(), Ops.Reshape(sums, 0, 0, 2 * _columns, _low));
        return Ops.Sum(Ops.Square(Ops.Reshape(sums, 0, 0, 2, Bins)), 2);
    }

    /// <summary>The identity, which cuts a sound of any length to rows.</summary>
    private SymbolicTensor Rows()
    {
        var values = new float[_columns * _columns];
        for (var i = 0; i < _columns; i++) values[(i * _columns) + i] = 1;
        return Ops.Constant(Shape.Of(_columns, 1, _columns), values);
    }

    /// <summary>For each column: real and imaginary parts of each low frequency.</summary>
    private SymbolicTensor Sums()
    {
        var shape = Shape.Of(_rows, 1, _columns * 2 * _low);
        var values = new float[Sizes.Count(shape, "the waves of the transform", "Choose a smaller fftLength.")];
        for (var time = 0; time < _length; time++)
        {
            for (var low = 0; low < _low; low++)
            {
                var (cosine, sine) = Wave((long)time * low, _length);
                var at = (time * 2 * _low) + low;
                (values[at], values[at + _low]) = ((float)(_window[time] * cosine), (float)(_window[time] * -sine));
            }
        }

        return Ops.Constant(shape, values);
    }

    /// <summary>Real parts of each high frequency, then imaginary ones, from the real and imaginary parts of columns.</summary>
    private SymbolicTensor Turns()
    {
        var width = 2 * _columns;
        var values = new float[2 * _high * width];
        for (var high = 0; high < _high; high++)
        {
            for (var column = 0; column < _columns; column++)
            {
                var (cosine, sine) = Wave((long)high * column, _columns);
                var (real, imaginary) = ((high * width) + (2 * column), ((_high + high) * width) + (2 * column));
                (values[real], values[real + 1]) = ((float)cosine, (float)sine);
                (values[imaginary], values[imaginary + 1]) = ((float)-sine, (float)cosine);
            }
        }

        return Ops.Constant(Shape.Of(2 * _high, width), values);
    }

    /// <summary>The wave at a place of a period. The remainder is exact, where the product of a time and a frequency would lose digits.</summary>
    private static (double Cosine, double Sine) Wave(long place, int period)
    {
        var (sine, cosine) = Math.SinCos(2 * Math.PI * (place % period) / period);
        return (cosine, sine);
    }
}
