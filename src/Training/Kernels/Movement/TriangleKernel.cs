using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Copies the part of each matrix on one side of a diagonal and clears the other.</summary>
internal sealed class TriangleKernel(KernelRequest request, Trilu op)
    : CutKernel(Cut.By(Rows(request.Output().Shape), NanosecondsPerRow + (Columns(request.Output().Shape) * NanosecondsPerElement)))
{
    private const double NanosecondsPerRow = 10;
    private const double NanosecondsPerElement = 0.5;

    private readonly ValueBuffer _source = request.Input(0);
    private readonly ValueBuffer _target = request.Output();
    private readonly int _rows = request.Output().Shape.Dims[^2];
    private readonly int _columns = Columns(request.Output().Shape);
    private readonly int _size = request.Output().Spec.Type.Size();

    protected override void Compute(int first, int end)
    {
        for (var row = first; row < end; row++)
        {
            // The first column of the upper part, or the end of the lower one.
            var border = (int)Math.Clamp((long)(row % _rows) + op.K + (op.Upper ? 0 : 1), 0, _columns) * _size;
            var source = RowOf(_source, row);
            var target = RowOf(_target, row);
            if (op.Upper)
            {
                target[..border].Clear();
                source[border..].CopyTo(target[border..]);
            }
            else
            {
                source[..border].CopyTo(target);
                target[border..].Clear();
            }
        }
    }

    private Span<byte> RowOf(ValueBuffer buffer, int row) => buffer.Bytes.Slice(row * _columns * _size, _columns * _size);

    private static int Columns(Shape shape) => shape.Dims[^1];

    private static int Rows(Shape shape) => Columns(shape) == 0 ? 0 : (int)(shape.ElementCount / Columns(shape));
}
