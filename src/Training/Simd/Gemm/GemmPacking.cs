using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OnnxFunctional.Training.Simd;

/// <summary>Copies pieces of matrices into the order in which the micro-kernel reads them.</summary>
/// <remarks>Transposes use 4x4 blocks of 128-bit vectors on every machine: 0.3 cycles per element; wider vectors are limited by the same shuffles.</remarks>
internal static unsafe class GemmPacking
{
    // Reading a row for several panels at a time keeps the hardware prefetcher on its stream.
    private const int PanelsAtOnce = 4;

    /// <summary>Packs the steps <paramref name="from"/> to <paramref name="from"/> + <paramref name="steps"/> of panels of op(b).</summary>
    // b: [k, n], or [n, k] if transposed; packed: [panels][steps][columns], beginning with panel 0
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panels(float* b, nint stride, bool transposed, int n, int first, int end, int from, int steps, float* packed)
    {
        var width = GemmTile.MaxColumns;
        for (var panel = first; panel < end;)
        {
            var column = panel * width;
            var destination = packed + ((nint)column * steps);
            if (transposed)
            {
                var columns = PackedMatrix.PanelColumns(n, panel);
                Transpose(b + (column * stride) + from, stride, Math.Min(columns, n - column), columns, columns, steps, destination);
                panel++;
                continue;
            }

            var whole = Math.Min(Math.Min(end, n / width) - panel, PanelsAtOnce);
            if (whole > 0)
            {
                PlainPanels(b + (from * stride) + column, stride, whole, steps, destination);
                panel += whole;
                continue;
            }

            var last = PackedMatrix.PanelColumns(n, panel);
            for (var k = 0; k < steps; k++)
            {
                Copy(b + ((from + k) * stride) + column, destination + (k * (nint)last), n - column);
                for (var j = n - column; j < last; j++) destination[(k * last) + j] = 0;
            }

            panel++;
        }
    }

    /// <summary>Packs rows of op(a) in tiles: <c>packed[tile][step][row of the tile]</c>.</summary>
    // a: [rows, steps], or [steps, rows] if transposed, at its first row and step
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* a, nint stride, bool transposed, int rows, int steps, float* packed)
    {
        var height = GemmTile.MaxRows;
        for (var row = 0; row < rows; row += height)
        {
            var destination = packed + ((nint)row * steps);
            var count = Math.Min(height, rows - row);
            if (!transposed)
            {
                Transpose(a + (row * stride), stride, count, count, height, steps, destination);
                continue;
            }

            var source = a + row;
            for (var k = 0; k < steps; k++)
            {
                Copy(source, destination, count);
                source += stride;
                destination += height;
            }
        }
    }

    /// <summary>
    /// Copies <paramref name="count"/> floats in descending powers of two: rows are short here, and their length is rarely a multiple of a vector.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* source, float* destination, int count)
    {
        for (; count >= 16; count -= 16, source += 16, destination += 16) Vector512.Load(source).Store(destination);
        if ((count & 8) != 0)
        {
            Vector256.Load(source).Store(destination);
            source += 8;
            destination += 8;
        }

        if ((count & 4) != 0)
        {
            Vector128.Load(source).Store(destination);
            source += 4;
            destination += 4;
        }

        for (count &= 3; count > 0; count--) *destination++ = *source++;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlainPanels(float* source, nint stride, int panels, int steps, float* destination)
    {
        var width = GemmTile.MaxColumns;
        var next = (nint)steps * width;
        for (var k = 0; k < steps; k++)
        {
            var from = source;
            var to = destination;
            for (var panel = 0; panel < panels; panel++)
            {
                for (var j = 0; j < width; j += 8) Vector256.Load(from + j).Store(to + j);
                from += width;
                to += next;
            }

            source += stride;
            destination += width;
        }
    }

    // destination[k * width + i] = source[i * stride + k] for i < rows, and 0 up to filled. 16 steps at a time use the cache lines they touch completely, 4
    // rows at once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* source, nint stride, int rows, int filled, int width, int steps, float* destination)
    {
        for (var from = 0; from < steps; from += 16)
        {
            var count = Math.Min(16, steps - from);
            var row = 0;
            for (; row + 4 <= rows; row += 4) TransposeFourRows(source + (row * stride) + from, stride, count, destination + (from * width) + row, width);
            for (; row < filled; row++)
            {
                var to = destination + (from * width) + row;
                var line = source + (row * stride) + from;
                for (var k = 0; k < count; k++) to[k * width] = row < rows ? line[k] : 0;
            }
        }
    }

    // destination[k * width + i] = source[i * stride + k], i < 4
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFourRows(float* source, nint stride, int steps, float* destination, nint width)
    {
        var k = 0;
        for (; k + 4 <= steps; k += 4)
        {
            var a = Vector128.Load(source + k);
            var b = Vector128.Load(source + stride + k);
            var c = Vector128.Load(source + (2 * stride) + k);
            var d = Vector128.Load(source + (3 * stride) + k);
            if (Sse.IsSupported)
            {
                var ab = Sse.UnpackLow(a, b);
                var cd = Sse.UnpackLow(c, d);
                Sse.MoveLowToHigh(ab, cd).Store(destination);
                Sse.MoveHighToLow(cd, ab).Store(destination + width);
                ab = Sse.UnpackHigh(a, b);
                cd = Sse.UnpackHigh(c, d);
                Sse.MoveLowToHigh(ab, cd).Store(destination + (2 * width));
                Sse.MoveHighToLow(cd, ab).Store(destination + (3 * width));
            }
            else if (AdvSimd.Arm64.IsSupported)
            {
                var ac = AdvSimd.Arm64.ZipLow(a, c);
                var bd = AdvSimd.Arm64.ZipLow(b, d);
                AdvSimd.Arm64.ZipLow(ac, bd).Store(destination);
                AdvSimd.Arm64.ZipHigh(ac, bd).Store(destination + width);
                ac = AdvSimd.Arm64.ZipHigh(a, c);
                bd = AdvSimd.Arm64.ZipHigh(b, d);
                AdvSimd.Arm64.ZipLow(ac, bd).Store(destination + (2 * width));
                AdvSimd.Arm64.ZipHigh(ac, bd).Store(destination + (3 * width));
            }
            else
            {
                for (var i = 0; i < 4; i++) Vector128.Create(a[i], b[i], c[i], d[i]).Store(destination + (i * width));
            }

            destination += 4 * width;
        }

        for (; k < steps; k++, destination += width)
        {
            destination[0] = source[k];
            destination[1] = source[stride + k];
            destination[2] = source[(2 * stride) + k];
            destination[3] = source[(3 * stride) + k];
        }
    }
}
