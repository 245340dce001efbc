namespace OnnxFunctional.Training.Simd;

/// <summary>Cumulative sums, and the k largest elements of rows: what visits an axis in order.</summary>
internal static class RowScans
{
    /// <summary>Computes cumulative sums along the middle one of three axes.</summary>
    /// <param name="x">[outer, count, inner]</param>
    /// <param name="count">The length of the summed axis.</param>
    /// <param name="inner">The number of elements after it.</param>
    /// <param name="exclusive">Whether an element is excluded from its own sum.</param>
    /// <param name="reverse">Whether the sum runs from the end.</param>
    /// <param name="destination">[outer, count, inner]; not x.</param>
    public static void CumulativeSum(ReadOnlySpan<float> x, int count, int inner, bool exclusive, bool reverse, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, destination.Length);
        var slice = count * inner;
        for (var start = 0; start < x.Length; start += slice)
        {
            for (var n = 0; n < count; n++)
            {
                var at = start + ((reverse ? count - 1 - n : n) * inner);
                var before = reverse ? at + inner : at - inner;
                var target = destination.Slice(at, inner);
                if (n == 0)
                {
                    if (exclusive) target.Clear();
                    else x.Slice(at, inner).CopyTo(target);
                }
                else if (inner == 1)
                {
                    target[0] = destination[before] + x[exclusive ? before : at];
                }
                else
                {
                    ElementwiseLoops.Apply(default(AddOperator), destination.Slice(before, inner), x.Slice(exclusive ? before : at, inner), target);
                }
            }
        }
    }

    /// <summary>Finds the largest elements of each row in descending order, with their indices. The first of equal ones comes first, NaN last.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="columns">The number of elements of a row.</param>
    /// <param name="k">How many elements are taken.</param>
    /// <param name="values">[rows, k]</param>
    /// <param name="positions">[rows, k]</param>
    public static void TopK(ReadOnlySpan<float> x, int columns, int k, Span<float> values, Span<long> positions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, columns);
        if (columns == 0) return;
        for (int row = 0, rows = x.Length / columns; row < rows; row++)
        {
            TopKOfRow(x.Slice(row * columns, columns), values.Slice(row * k, k), positions.Slice(row * k, k));
        }
    }

    // A heap whose root is the worst element kept: most elements of a long row are compared with the root only.
    private static void TopKOfRow(ReadOnlySpan<float> x, Span<float> values, Span<long> positions)
    {
        var k = values.Length;
        if (k == 0) return;
        for (var i = 0; i < k; i++) (values[i], positions[i]) = (x[i], i);
        for (var i = (k / 2) - 1; i >= 0; i--) SiftDown(values, positions, i, k);
        for (var i = k; i < x.Length; i++)
        {
            if (!Worse(values[0], positions[0], x[i], i)) continue;
            (values[0], positions[0]) = (x[i], i);
            SiftDown(values, positions, 0, k);
        }

        for (var end = k - 1; end > 0; end--)
        {
            (values[0], values[end]) = (values[end], values[0]);
            (positions[0], positions[end]) = (positions[end], positions[0]);
            SiftDown(values, positions, 0, end);
        }
    }

    private static void SiftDown(Span<float> values, Span<long> positions, int at, int count)
    {
        while (true)
        {
            var worst = at;
            for (var child = (2 * at) + 1; child <= (2 * at) + 2 && child < count; child++)
            {
                if (Worse(values[child], positions[child], values[worst], positions[worst])) worst = child;
            }

            if (worst == at) return;
            (values[at], values[worst]) = (values[worst], values[at]);
            (positions[at], positions[worst]) = (positions[worst], positions[at]);
            at = worst;
        }
    }

    private static bool Worse(float value, long position, float other, long otherPosition)
    {
        if (float.IsNaN(value) || float.IsNaN(other)) return float.IsNaN(value) && (!float.IsNaN(other) || position > otherPosition);
        return value < other || (value == other && position > otherPosition);
    }
}
