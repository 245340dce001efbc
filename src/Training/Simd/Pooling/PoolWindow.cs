

namespace OnnxFunctional.Training.Simd;

/// <summary>
/// The taps of one window that are inside the input: a box of tap indices, and the position of its first tap. It is set up for an output row and moved along
/// it.
/// </summary>
internal struct PoolWindow
{
    public readonly int FirstDepth, EndDepth, FirstRow, EndRow;
    public readonly nint DepthStep, RowStep, ColumnStep;
    private readonly WindowAxis _width;
    private readonly nint _row;
    private readonly int _channels;

    public PoolWindow(PoolingGeometry geometry, int image, int oz, int oy)
    {
        var (depth, height) = (geometry.Depth, geometry.Height);
        _width = geometry.Width;
        _channels = geometry.Channels;
        (FirstDepth, EndDepth) = (depth.FirstTap(oz), depth.EndTap(oz));
        (FirstRow, EndRow) = (height.FirstTap(oy), height.EndTap(oy));
        _row = (((nint)image * depth.Input + depth.Origin(oz)) * height.Input + height.Origin(oy)) * _width.Input;
        ColumnStep = (nint)_width.Dilation * _channels;
        RowStep = (nint)height.Dilation * _width.Input * _channels;
        DepthStep = (nint)depth.Dilation * height.Input * _width.Input * _channels;
    }

    /// <summary>The number of taps inside the input along the width.</summary>
    public int Columns { readonly get; private set; }

    /// <summary>The element under tap (0, 0, first column); it is outside of the input where the first taps along depth and height are.</summary>
    public nint Origin { readonly get; private set; }

    public readonly int Count => (EndDepth - FirstDepth) * (EndRow - FirstRow) * Columns;

    /// <summary>Moves to position <paramref name="ox"/> of the row.</summary>
    public void Move(int ox)
    {
        var origin = _width.Origin(ox);
        var isInside = origin >= 0 && origin + (_width.Kernel - 1) * _width.Dilation < _width.Input;
        var first = isInside ? 0 : _width.FirstTap(ox);
        Columns = isInside ? _width.Kernel : _width.EndTap(ox) - first;
        Origin = (_row + origin + first * _width.Dilation) * _channels;
    }
}
