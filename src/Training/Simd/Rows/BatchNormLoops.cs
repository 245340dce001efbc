using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.PartialVector;

namespace OnnxFunctional.Training.Simd;

/// <summary>
/// Batch normalization over rows of channels, in two passes each way: statistics of ranges of rows, combined in a fixed order, then the values.
/// </summary>
/// <remarks>
/// Other layouts call these with one channel at a time: the plane of a channel is <c>rows x 1</c>. The statistics of a block of rows are computed while the
/// block is in L1, with the squares around the block's own mean, and blocks are joined by Chan's formula. So nothing cancels if the mean is large compared with
/// the deviation. Normalization applies an operator such as ReLU as well, which saves a pass over memory.
/// </remarks>
internal static unsafe class BatchNormLoops
{
    // A block of rows fills about half of a 32 KB L1.
    private const int BlockFloats = 4096;
    private const int RowsPerBlock = 64;
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    /// <summary>The mean of each channel over some rows, and the sum of squared deviations from it.</summary>
    /// <param name="x">[rows, channels]</param>
    /// <param name="means">[channels]</param>
    /// <param name="squares">[channels]</param>
    public static void Statistics(ReadOnlySpan<float> x, Span<float> means, Span<float> squares)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(squares.Length, means.Length);
        means.Clear();
        squares.Clear();
        if (x.Length == 0) return;
        fixed (float* source = x, mean = means, square = squares)
        {
            var rows = x.Length / means.Length;
            VectorDispatch.Run(new StatisticsLoop(source, rows, means.Length, mean, square));
        }
    }

    /// <summary>
    /// Adds the statistics of further rows to those of earlier ones: <c>mean += delta * n / N</c>, <c>square += more + delta^2 * m * n / N</c>.
    /// </summary>
    /// <param name="rows">The number of rows so far.</param>
    /// <param name="means">[channels], updated.</param>
    /// <param name="squares">[channels], updated.</param>
    /// <param name="moreRows">The number of further rows.</param>
    /// <param name="moreMeans">[channels]</param>
    /// <param name="moreSquares">[channels]</param>
    public static void Join(long rows, Span<float> means, Span<float> squares, long moreRows, ReadOnlySpan<float> moreMeans, ReadOnlySpan<float> moreSquares)
    {
        if (moreRows == 0) return;
        var share = (float)((double)moreRows / (rows + moreRows));
        var weight = (float)((double)rows * moreRows / (rows + moreRows));
        for (var c = 0; c < means.Length; c++)
        {
            var delta = moreMeans[c] - means[c];
            means[c] += delta * share;
            squares[c] += moreSquares[c] + (delta * delta * weight);
        }
    }

    /// <summary><c>y = op((x - mean) * factor + bias)</c>, the factor being scale times 1 / deviation.</summary>
    /// <param name="op">The operator applied to the result: <see cref="CopyOperator"/>, <see cref="ReluOperator"/> ...</param>
    /// <param name="x">[rows, channels]</param>
    /// <param name="means">[channels]</param>
    /// <param name="factors">[channels]</param>
    /// <param name="biases">[channels]</param>
    /// <param name="y">[rows, channels]; may be x.</param>
    public static void Normalize<TOperator>(
        TOperator op, ReadOnlySpan<float> x, ReadOnlySpan<float> means, ReadOnlySpan<float> factors, ReadOnlySpan<float> biases, Span<float> y)
        where TOperator : struct, IUnaryOperator
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(factors.Length, means.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(biases.Length, means.Length);
        if (x.Length == 0) return;
        fixed (float* source = x, mean = means, factor = factors, bias = biases, target = y)
        {
            var rows = x.Length / means.Length;
            VectorDispatch.Run(new NormalizeLoop<TOperator>(op, source, rows, means.Length, mean, factor, bias, target));
        }
    }

    /// <summary>Computes <c>sum(g)</c> and <c>sum(g * (x - mean))</c> of each channel over some rows, with <c>g = dy</c>.</summary>
    /// <param name="dy">[rows, channels]</param>
    /// <param name="x">[rows, channels]</param>
    /// <param name="means">[channels]</param>
    /// <param name="sums">[channels]</param>
    /// <param name="products">[channels]</param>
    public static void GradientSums(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> means, Span<float> sums, Span<float> products)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dy.Length, x.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(sums.Length, means.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(products.Length, means.Length);
        fixed (float* upstream = dy, source = x, mean = means, sum = sums, product = products)
        {
            var rows = means.Length == 0 ? 0 : x.Length / means.Length;
            VectorDispatch.Run(new GradientSumsLoop(upstream, source, rows, means.Length, mean, sum, product));
        }
    }

    /// <summary>
    /// <c>dx = factor * (g - meanG - (x - mean) * slope)</c> with <c>meanG = sum(g) / N</c> and <c>slope = sum(g (x - mean)) / N / (variance + epsilon)</c>
    /// over all N rows.
    /// </summary>
    /// <param name="dy">[rows, channels]</param>
    /// <param name="x">[rows, channels]</param>
    /// <param name="means">[channels]</param>
    /// <param name="factors">[channels]: scale times 1 / deviation.</param>
    /// <param name="gradientMeans">[channels]</param>
    /// <param name="slopes">[channels]</param>
    /// <param name="dx">[rows, channels]; may be dy or x.</param>
    public static void Gradient(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> means, ReadOnlySpan<float> factors,
        ReadOnlySpan<float> gradientMeans, ReadOnlySpan<float> slopes, Span<float> dx)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dy.Length, dx.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, dx.Length);
        if (x.Length == 0) return;
        fixed (float* upstream = dy, source = x, mean = means, factor = factors, gradientMean = gradientMeans, slope = slopes, target = dx)
        {
            var rows = x.Length / means.Length;
            VectorDispatch.Run(new GradientLoop(upstream, source, rows, means.Length, mean, factor, gradientMean, slope, target));
        }
    }

    [MethodImpl(Optimized)]
    private static void Statistics<V>(float* x, int rows, int channels, float* means, float* squares) where V : struct, IVector<V>
    {
        // One channel is one contiguous run: all lanes work on it.
        if (channels == 1)
        {
            RunStatistics<V>(x, rows, means, squares);
            return;
        }

        var blockRows = Math.Clamp(BlockFloats / channels, 8, RowsPerBlock);
        for (var first = 0; first < rows; first += blockRows)
        {
            var count = Math.Min(blockRows, rows - first);
            var share = V.Create(count / (float)(first + count));
            var weight = V.Create((float)((double)first * count / (first + count)));
            var inverse = V.Create(1f / count);
            var block = x + ((nint)first * channels);
            for (var c = 0; c < channels; c += V.Count)
            {
                var width = Math.Min(V.Count, channels - c);
                var sum = V.Zero;
                var source = block + c;
                for (var row = 0; row < count; row++, source += channels) sum += Load<V>(source, width);
                var mean = sum * inverse;
                var square = V.Zero;
                source = block + c;
                for (var row = 0; row < count; row++, source += channels)
                {
                    var difference = Load<V>(source, width) - mean;
                    square = V.MultiplyAdd(difference, difference, square);
                }

                var before = Load<V>(means + c, width);
                var delta = mean - before;
                Store(V.MultiplyAdd(delta, share, before), means + c, width);
                Store(V.MultiplyAdd(delta * delta, weight, square + Load<V>(squares + c, width)), squares + c, width);
            }
        }
    }

    private static void RunStatistics<V>(float* x, int count, float* mean, float* square) where V : struct, IVector<V>
    {
        for (var first = 0; first < count; first += BlockFloats)
        {
            var length = Math.Min(BlockFloats, count - first);
            var blockMean = ReduceLoops.Run<V, SumReduce>(x + first, length) / length;
            var sum = V.Zero;
            for (var i = 0; i < length; i += V.Count)
            {
                var width = Math.Min(V.Count, length - i);
                var difference = (Load<V>(x + first + i, width) - V.Create(blockMean)) & FirstLanes<V>(width);
                sum = V.MultiplyAdd(difference, difference, sum);
            }

            var blockSquare = V.Sum(sum);
            Join(
                first, new Span<float>(mean, 1), new Span<float>(square, 1), length, new ReadOnlySpan<float>(&blockMean, 1),
                new ReadOnlySpan<float>(&blockSquare, 1));
        }
    }

    [MethodImpl(Optimized)]
    private static void Normalize<V, TOperator>(TOperator op, float* x, int rows, int channels, float* means, float* factors, float* biases, float* y)
        where V : struct, IVector<V>
        where TOperator : struct, IUnaryOperator
    {
        if (channels == 1)
        {
            for (var i = 0; i < rows; i += V.Count)
            {
                var width = Math.Min(V.Count, rows - i);
                Store(op.Invoke(V.MultiplyAdd(Load<V>(x + i, width) - V.Create(*means), V.Create(*factors), V.Create(*biases))), y + i, width);
            }

            return;
        }

        for (var row = 0; row < rows; row++, x += channels, y += channels)
        {
            for (var c = 0; c < channels; c += V.Count)
            {
                var width = Math.Min(V.Count, channels - c);
                var value = V.MultiplyAdd(Load<V>(x + c, width) - Load<V>(means + c, width), Load<V>(factors + c, width), Load<V>(biases + c, width));
                Store(op.Invoke(value), y + c, width);
            }
        }
    }

    [MethodImpl(Optimized)]
    private static void GradientSums<V>(float* dy, float* x, int rows, int channels, float* means, float* sums, float* products)
        where V : struct, IVector<V>
    {
        if (channels == 1)
        {
            RunGradientSums<V>(dy, x, rows, *means, sums, products);
            return;
        }

        new Span<float>(sums, channels).Clear();
        new Span<float>(products, channels).Clear();
        for (var first = 0; first < rows; first += RowsPerBlock)
        {
            var end = Math.Min(first + RowsPerBlock, rows);
            for (var c = 0; c < channels; c += V.Count)
            {
                var width = Math.Min(V.Count, channels - c);
                var mean = Load<V>(means + c, width);
                var sum = V.Zero;
                var product = V.Zero;
                for (var row = first; row < end; row++)
                {
                    var at = ((nint)row * channels) + c;
                    var g = Load<V>(dy + at, width);
                    sum += g;
                    product = V.MultiplyAdd(g, Load<V>(x + at, width) - mean, product);
                }

                Store(Load<V>(sums + c, width) + sum, sums + c, width);
                Store(Load<V>(products + c, width) + product, products + c, width);
            }
        }
    }

    private static void RunGradientSums<V>(float* dy, float* x, int count, float mean, float* sum, float* product)
        where V : struct, IVector<V>
    {
        var (totalSum, totalProduct) = (0f, 0f);
        for (var first = 0; first < count; first += BlockFloats)
        {
            var (sums, products) = (V.Zero, V.Zero);
            for (var i = first; i < Math.Min(first + BlockFloats, count); i += V.Count)
            {
                // Lanes beyond the end are loaded as zeros and add nothing.
                var width = Math.Min(V.Count, count - i);
                var g = Load<V>(dy + i, width);
                sums += g;
                products = V.MultiplyAdd(g, Load<V>(x + i, width) - V.Create(mean), products);
            }

            totalSum += V.Sum(sums);
            totalProduct += V.Sum(products);
        }

        *sum = totalSum;
        *product = totalProduct;
    }

    [MethodImpl(Optimized)]
    private static void Gradient<V>(
        float* dy, float* x, int rows, int channels, float* means, float* factors, float* gradientMeans, float* slopes, float* dx)
        where V : struct, IVector<V>
    {
        if (channels == 1)
        {
            for (var i = 0; i < rows; i += V.Count)
            {
                var width = Math.Min(V.Count, rows - i);
                var g = Load<V>(dy + i, width) - V.Create(*gradientMeans);
                Store((g - ((Load<V>(x + i, width) - V.Create(*means)) * V.Create(*slopes))) * V.Create(*factors), dx + i, width);
            }

            return;
        }

        for (var row = 0; row < rows; row++)
        {
            for (var c = 0; c < channels; c += V.Count)
            {
                var width = Math.Min(V.Count, channels - c);
                var at = ((nint)row * channels) + c;
                var g = Load<V>(dy + at, width) - Load<V>(gradientMeans + c, width);
                Store((g - ((Load<V>(x + at, width) - Load<V>(means + c, width)) * Load<V>(slopes + c, width))) * Load<V>(factors + c, width), dx + at, width);
            }
        }
    }

    private readonly struct StatisticsLoop(float* x, int rows, int channels, float* means, float* squares) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => Statistics<V>(x, rows, channels, means, squares);
    }

    private readonly struct NormalizeLoop<TOperator>(
        TOperator op, float* x, int rows, int channels, float* means, float* factors, float* biases, float* y) : IVectorLoop
        where TOperator : struct, IUnaryOperator
    {
        public void Run<V>() where V : struct, IVector<V> => Normalize<V, TOperator>(op, x, rows, channels, means, factors, biases, y);
    }

    private readonly struct GradientSumsLoop(float* dy, float* x, int rows, int channels, float* means, float* sums, float* products) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => GradientSums<V>(dy, x, rows, channels, means, sums, products);
    }

    private readonly struct GradientLoop(
        float* dy, float* x, int rows, int channels, float* means, float* factors, float* gradientMeans, float* slopes, float* dx) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => Gradient<V>(dy, x, rows, channels, means, factors, gradientMeans, slopes, dx);
    }
}
