using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// The rows of a component at the size of the image. Twice as many samples are made as libjpeg's default makes them: three quarters of the nearer sample and
/// one quarter of the farther; other factors repeat samples.
/// </summary>
internal sealed class JpegRows : IDisposable
{
    // The vectors of a loop may read and write so much more.
    private const int Padding = 64;

    private readonly JpegComponent _component;
    private readonly int _across;
    private readonly int _down;
    private readonly bool _isSmooth;
    private readonly byte[] _row;
    private readonly ushort[] _sums;

    /// <param name="frame">The image.</param>
    /// <param name="component">What is enlarged.</param>
    public JpegRows(JpegFrame frame, JpegComponent component)
    {
        (_component, _across, _down) = (component, frame.MaxAcross / component.Across, frame.MaxDown / component.Down);
        _isSmooth = (_across, _down) is (1, 2) || ((_across, _down) is (2, 1) or (2, 2) && component.Width > 2);
        _row = ArrayPool<byte>.Shared.Rent((component.Width * _across) + Padding);
        _sums = ArrayPool<ushort>.Shared.Rent(component.Width + Padding);
    }

    /// <summary>A row, and what lies behind it to fill vectors.</summary>
    public ReadOnlySpan<byte> Row(int y)
    {
        if (!_isSmooth) return Repeated(y);
        var width = _component.Width;
        var sums = _sums.AsSpan(0, width + 2);
        var near = Source(y / _down);
        if (_down == 1)
        {
            for (var i = 0; i < width; i++) sums[i + 1] = near[i];
        }
        else
        {
            var far = Source(Math.Clamp((y / 2) + (y % 2 == 0 ? -1 : 1), 0, _component.Height - 1));
            for (var i = 0; i < width; i++) sums[i + 1] = (ushort)((3 * near[i]) + far[i]);
        }

        // Beside the first and the last sample lie these themselves.
        (sums[0], sums[^1]) = (sums[1], sums[width]);
        if (_across == 2) Double(_down == 1 ? 1 : 8, _down == 1 ? 2 : 7, _down == 1 ? 2 : 4);
        else Quarter(1 + (y % 2));
        return _row;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_row);
        ArrayPool<ushort>.Shared.Return(_sums);
    }

    private ReadOnlySpan<byte> Source(int row) => _component.Samples.Slice(row * _component.Stride, _component.Width);

    private ReadOnlySpan<byte> Repeated(int y)
    {
        var source = Source(y / _down);
        if (_across == 1)
        {
            source.CopyTo(_row);
            return _row;
        }

        for (var i = 0; i < source.Length; i++) _row.AsSpan(i * _across, _across).Fill(source[i]);
        return _row;
    }

    /// <summary>Two samples of each sum: it counts three times, its neighbor once.</summary>
    private void Double(int left, int right, int shift)
    {
        ReadOnlySpan<ushort> sums = _sums;
        var target = MemoryMarshal.Cast<byte, ushort>(_row.AsSpan());
        var step = Vector128<ushort>.Count;
        for (var i = 0; i < _component.Width; i += step)
        {
            var middle = Vector128.Create(sums[(i + 1)..]) * 3;
            var before = (middle + Vector128.Create(sums[i..]) + Vector128.Create((ushort)left)) >> shift;
            var after = (middle + Vector128.Create(sums[(i + 2)..]) + Vector128.Create((ushort)right)) >> shift;
            (before | (after << 8)).CopyTo(target[i..]);
        }
    }

    private void Quarter(int half)
    {
        for (var i = 0; i < _component.Width; i++) _row[i] = (byte)((_sums[i + 1] + half) >> 2);
    }
}
