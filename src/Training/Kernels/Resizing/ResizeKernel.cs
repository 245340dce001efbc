using System.Numerics.Tensors;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Resizing of images and its gradient: one linear map per axis, applied axis after axis.</summary>
/// <remarks>
/// The map of an axis is a sparse matrix with at most four values per row (see <see cref="ResizeWeights"/>); the gradient applies the transposed matrices.
/// The axis that shrinks the image most comes first, so that intermediate results are small.
/// </remarks>
internal sealed class ResizeKernel : Kernel
{
    private readonly AxisPass[] _passes;

    private ResizeKernel(AxisPass[] passes) => _passes = passes;

    public static Kernel Forward(KernelRequest request, Resize op) =>
        Create(request, (from, to) => ResizeWeights.Rows(from, to, op.Mode));

    public static Kernel Gradient(KernelRequest request, ResizeGradient op) =>
        Create(request, (from, to) => ResizeWeights.Transposed(ResizeWeights.Rows(to, from, op.Mode), to));

    public override void Run(in RunContext context)
    {
        foreach (var pass in _passes) context.Pool.Run(pass, pass.Parts);
    }

    private static ResizeKernel Create(KernelRequest request, Func<int, int, ResizeWeights.Row[]> rows)
    {
        var source = request.Input(0);
        var target = request.Output();
        var dims = source.Shape.Dims.ToArray();
        int[] order = [.. Enumerable.Range(1, dims.Length - 2).OrderBy(Growth).ThenBy(axis => axis)];
        var passes = new AxisPass[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            var axis = order[i];
            var split = AxisSplit.Of(Shape.Of(dims), axis);
            dims[axis] = target.Shape.Dims[axis];
            var shape = Shape.Of(dims);
            var result = i == order.Length - 1 ? target : new ValueBuffer(new TensorSpec(shape, DType.Float32), request.Scratch(shape.ElementCount));
            passes[i] = new AxisPass(source, result, split, rows(split.Count, dims[axis]));
            source = result;
        }

        return new ResizeKernel(passes);

        double Growth(int axis) => (double)target.Shape.Dims[axis] / Math.Max(1, dims[axis]);
    }

    /// <summary><c>target[o, i, :] = sum_k weight[i, k] source[o, position[i, k], :]</c>.</summary>
    private sealed class AxisPass(ValueBuffer source, ValueBuffer target, AxisSplit split, ResizeWeights.Row[] rows) : IParallelWork
    {
        // About 20 microseconds at 4 multiplications per element.
        private const int FloatsPerPart = 1 << 15;
        private const int MaxParts = 32;

        public int Parts { get; } = split.Outer * rows.Length == 0
            ? 0
            : Math.Clamp(Math.Min(target.Length / FloatsPerPart, split.Outer * rows.Length), 1, MaxParts);

        public void Execute(int part)
        {
            var inner = split.Inner;
            var count = (long)split.Outer * rows.Length;
            var from = source.Floats;
            var to = target.Floats;
            for (var i = (int)(count * part / Parts); i < (int)(count * (part + 1) / Parts); i++)
            {
                var row = rows[i % rows.Length];
                var block = from.Slice(i / rows.Length * split.Slice, split.Slice);
                var result = to.Slice(i * inner, inner);
                if (row.Positions.Length == 0)
                {
                    result.Clear();
                    continue;
                }

                TensorPrimitives.Multiply(block.Slice(row.Positions[0] * inner, inner), row.Weights[0], result);
                for (var k = 1; k < row.Positions.Length; k++)
                    TensorPrimitives.MultiplyAdd(block.Slice(row.Positions[k] * inner, inner), row.Weights[k], result, result);
            }
        }
    }
}
