using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Products with a single row or column. Every element of the matrix is read once, in place, so memory is the limit, not arithmetic.</summary>
internal static unsafe class GemmVector
{
    // A chunk of the result that stays in L1 while all rows are added to it.
    private const int Chunk = 2048;

    /// <summary>Adds the products of rows and one vector: <c>y[i] += sum_k matrix[i, k] x[k]</c>.</summary>
    // matrix: [rows, k]; x: [k]; y: [rows] with a stride
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot<V>(float* matrix, nint stride, float* x, int rows, int k, float* y, nint strideY) where V : struct, IVector<V>
    {
        var i = 0;
        for (; i + 4 <= rows; i += 4)
        {
            var row = matrix + (i * stride);
            V s0 = V.Zero, s1 = V.Zero, s2 = V.Zero, s3 = V.Zero;
            var j = 0;
            for (; j + V.Count <= k; j += V.Count)
            {
                var v = V.Load(x + j);
                s0 = V.MultiplyAdd(V.Load(row + j), v, s0);
                s1 = V.MultiplyAdd(V.Load(row + stride + j), v, s1);
                s2 = V.MultiplyAdd(V.Load(row + (2 * stride) + j), v, s2);
                s3 = V.MultiplyAdd(V.Load(row + (3 * stride) + j), v, s3);
            }

            y[i * strideY] += V.Sum(s0) + Tail(row, x, j, k);
            y[(i + 1) * strideY] += V.Sum(s1) + Tail(row + stride, x, j, k);
            y[(i + 2) * strideY] += V.Sum(s2) + Tail(row + (2 * stride), x, j, k);
            y[(i + 3) * strideY] += V.Sum(s3) + Tail(row + (3 * stride), x, j, k);
        }

        for (; i < rows; i++)
        {
            var row = matrix + (i * stride);
            var s = V.Zero;
            var j = 0;
            for (; j + V.Count <= k; j += V.Count) s = V.MultiplyAdd(V.Load(row + j), V.Load(x + j), s);
            y[i * strideY] += V.Sum(s) + Tail(row, x, j, k);
        }
    }

    /// <summary>Adds weighted rows: <c>y[j] += sum_k x[k] matrix[k, j]</c>.</summary>
    // matrix: [k, columns]; x: [k]; y: [columns]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum<V>(float* matrix, nint stride, float* x, int k, int columns, float* y) where V : struct, IVector<V>
    {
        for (var from = 0; from < columns; from += Chunk)
        {
            var count = Math.Min(Chunk, columns - from);
            var row = matrix + from;
            var i = 0;
            for (; i + 4 <= k; i += 4, row += 4 * stride) AddFourRows<V>(row, stride, x + i, count, y + from);
            for (; i < k; i++, row += stride)
            {
                var weight = V.Create(x[i]);
                var j = 0;
                for (; j + V.Count <= count; j += V.Count) V.Store(V.MultiplyAdd(V.Load(row + j), weight, V.Load(y + from + j)), y + from + j);
                for (; j < count; j++) y[from + j] += row[j] * x[i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFourRows<V>(float* row, nint stride, float* x, int count, float* y) where V : struct, IVector<V>
    {
        V x0 = V.Create(x[0]), x1 = V.Create(x[1]), x2 = V.Create(x[2]), x3 = V.Create(x[3]);
        var j = 0;
        for (; j + V.Count <= count; j += V.Count)
        {
            var sum = V.MultiplyAdd(V.Load(row + j), x0, V.Load(y + j));
            sum = V.MultiplyAdd(V.Load(row + stride + j), x1, sum);
            sum = V.MultiplyAdd(V.Load(row + (2 * stride) + j), x2, sum);
            V.Store(V.MultiplyAdd(V.Load(row + (3 * stride) + j), x3, sum), y + j);
        }

        for (; j < count; j++) y[j] += (row[j] * x[0]) + (row[stride + j] * x[1]) + (row[(2 * stride) + j] * x[2]) + (row[(3 * stride) + j] * x[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Tail(float* row, float* x, int from, int k)
    {
        var sum = 0f;
        for (; from < k; from++) sum += row[from] * x[from];
        return sum;
    }
}
