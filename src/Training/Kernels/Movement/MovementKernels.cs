using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels of operators that only move elements: strided copies.</summary>
internal static class MovementKernels
{
    public static Kernel Transpose(KernelRequest request, Transpose op)
    {
        var dims = request.Output().Shape.Dims;
        var strides = StridedCopy.Dense(request.Input(0).Shape.Dims);
        var source = new int[dims.Length];
        for (var i = 0; i < source.Length; i++) source[i] = strides[op.Permutation[i]];
        return Copy(request, new StridedCopy(dims, 0, source, 0, StridedCopy.Dense(dims), Size(request)));
    }

    public static Kernel Slice(KernelRequest request, Slice op)
    {
        var (offset, strides) = Place(op, request.Input(0).Shape);
        var dims = request.Output().Shape.Dims;
        return Copy(request, new StridedCopy(dims, offset, strides, 0, StridedCopy.Dense(dims), Size(request)));
    }

    public static Kernel SliceGradient(KernelRequest request, SliceGradient op)
    {
        var (offset, strides) = Place(new Slice(op.Axes, op.Starts, op.Ends, op.Steps), request.Output().Shape);
        var dims = request.Input(0).Shape.Dims;
        return Copy(request, new StridedCopy(dims, 0, StridedCopy.Dense(dims), offset, strides, Size(request)), clear: true);
    }

    /// <summary>Padding; negative numbers of positions crop.</summary>
    public static Kernel Pad(KernelRequest request, Pad op)
    {
        var from = request.Input(0).Shape.Dims;
        var to = request.Output().Shape.Dims;
        if (op.Mode != PadMode.Constant) return Copy(request, [.. PaddingCopies(op, from, to, Size(request))]);
        var (sourceStrides, targetStrides) = (StridedCopy.Dense(from), StridedCopy.Dense(to));
        var dims = new int[from.Length];
        var (source, target) = (0, 0);
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = Math.Max(0, from[i] + Math.Min(op.Begin[i], 0) + Math.Min(op.End[i], 0));
            source += Math.Max(-op.Begin[i], 0) * sourceStrides[i];
            target += Math.Max(op.Begin[i], 0) * targetStrides[i];
        }

        var onlyCrops = op.Begin.All(count => count <= 0) && op.End.All(count => count <= 0);
        var copy = new StridedCopy(dims, source, sourceStrides, target, targetStrides, Size(request));
        return new MoveKernel(request.Output(), onlyCrops ? null : op.Value, [(request.Input(0), copy)]);
    }

    public static Kernel Tile(KernelRequest request, Tile op)
    {
        // Each axis as (repeats, positions); repeats have a stride of 0 in the source.
        var dims = request.Input(0).Shape.Dims;
        var strides = StridedCopy.Dense(dims);
        var (block, source) = (new int[dims.Length * 2], new int[dims.Length * 2]);
        for (var i = 0; i < dims.Length; i++) (block[i * 2], block[(i * 2) + 1], source[(i * 2) + 1]) = (op.Repeats[i], dims[i], strides[i]);
        return Copy(request, new StridedCopy(block, 0, source, 0, StridedCopy.Dense(block), Size(request)));
    }

    /// <summary>Broadcasting of element types that chains do not compute with.</summary>
    public static Kernel Expand(KernelRequest request)
    {
        var from = request.Input(0).Shape.Dims;
        var to = request.Output().Shape.Dims;
        var strides = StridedCopy.Dense(from);
        var source = new int[to.Length];
        for (var i = 1; i <= from.Length; i++) source[^i] = from[^i] == 1 ? 0 : strides[^i];
        return Copy(request, new StridedCopy(to, 0, source, 0, StridedCopy.Dense(to), Size(request)));
    }

    public static Kernel Concat(KernelRequest request, Concat op)
    {
        var to = request.Output().Shape;
        var axis = ShapeRules.Axis(op.Axis, to.Rank, op.Name);
        var targetStrides = StridedCopy.Dense(to.Dims);
        var pieces = new List<(ValueBuffer, StridedCopy)>();
        var start = 0;
        foreach (var input in request.Inputs)
        {
            var dims = input.Shape.Dims;
            pieces.Add((input, new StridedCopy(dims, 0, StridedCopy.Dense(dims), start * targetStrides[axis], targetStrides, Size(request))));
            start += dims[axis];
        }

        return new MoveKernel(request.Output(), null, [.. pieces]);
    }

    public static Kernel Split(KernelRequest request, int axis)
    {
        var from = request.Input(0);
        axis = ShapeRules.Axis(axis, from.Shape.Rank, request.Op.Name);
        var strides = StridedCopy.Dense(from.Shape.Dims);
        var pieces = new List<(ValueBuffer, StridedCopy)>();
        var start = 0;
        for (var i = 0; i < request.Outputs.Length; i++)
        {
            var dims = request.Node.Outputs[i].Spec.Shape.Dims;
            var copy = new StridedCopy(dims, start * strides[axis], strides, 0, StridedCopy.Dense(dims), Size(request));
            if (request.Outputs[i] is { } output) pieces.Add((output, copy));
            start += dims[axis];
        }

        return new SplitKernel(from, [.. pieces]);
    }

    private static int Size(KernelRequest request) => request.Input(0).Spec.Type.Size();

    private static (int Offset, int[] Strides) Place(Slice op, Shape whole)
    {
        var strides = StridedCopy.Dense(whole.Dims);
        var offset = 0;
        for (var i = 0; i < op.Axes.Count; i++)
        {
            var axis = ShapeRules.Axis(op.Axes[i], whole.Rank, op.Name);
            offset += op.Range(i, whole.Dims[axis]).Start * strides[axis];
            strides[axis] *= op.Steps[i];
        }

        return (offset, strides);
    }

    /// <summary>
    /// Padding by reflection or by the edge: each target position has one source position along each axis, and runs of equal steps become copies.
    /// </summary>
    private static List<StridedCopy> PaddingCopies(Pad op, ReadOnlySpan<int> from, ReadOnlySpan<int> to, int size)
    {
        var (sourceStrides, targetStrides) = (StridedCopy.Dense(from), StridedCopy.Dense(to));
        var runs = new List<(int Target, int Count, int Source, int Step)>[from.Length];
        for (var axis = 0; axis < from.Length; axis++)
        {
            runs[axis] = [];
            for (var i = 0; i < to[axis];)
            {
                var start = SourceOf(op, i - op.Begin[axis], from[axis]);
                var step = i + 1 < to[axis] ? SourceOf(op, i + 1 - op.Begin[axis], from[axis]) - start : 0;
                var count = 1;
                while (i + count < to[axis] && SourceOf(op, i + count - op.Begin[axis], from[axis]) == start + (count * step)) count++;
                runs[axis].Add((i, count, start, step));
                i += count;
            }
        }

        var copies = new List<StridedCopy>();
        var (dims, source, target) = (new int[runs.Length], new int[runs.Length], new int[runs.Length]);
        Cross(0, 0, 0);
        return copies;

        void Cross(int axis, int sourceOffset, int targetOffset)
        {
            if (axis == runs.Length)
            {
                copies.Add(new StridedCopy(dims, sourceOffset, source, targetOffset, target, size));
                return;
            }

            foreach (var run in runs[axis])
            {
                (dims[axis], source[axis], target[axis]) = (run.Count, run.Step * sourceStrides[axis], targetStrides[axis]);
                Cross(axis + 1, sourceOffset + (run.Source * sourceStrides[axis]), targetOffset + (run.Target * targetStrides[axis]));
            }
        }

        static int SourceOf(Pad op, int position, int size)
        {
            if (op.Mode == PadMode.Edge) return Math.Clamp(position, 0, size - 1);
            position = Math.Abs(position);
            return position < size ? position : (2 * (size - 1)) - position;
        }
    }

    private static MoveKernel Copy(KernelRequest request, StridedCopy copy, bool clear = false) =>
        new(request.Output(), clear ? 0 : null, [(request.Input(0), copy)]);

    private static MoveKernel Copy(KernelRequest request, StridedCopy[] copies) =>
        new(request.Output(), null, [.. copies.Select(copy => (request.Input(0), copy))]);

    /// <summary>Copies several pieces into one output, which is filled with a value first if one is given.</summary>
    private sealed class MoveKernel(ValueBuffer target, float? fill, (ValueBuffer Source, StridedCopy Copy)[] pieces) : Kernel
    {
        public override void Run(in RunContext context)
        {
            if (fill is { } value) Fill(value);
            foreach (var (source, copy) in pieces) copy.Run(context.Pool, source, target);
        }

        private void Fill(float value)
        {
            if (value == 0) target.Bytes.Clear();
            else if (target.Spec.Type == DType.Float32) target.Floats.Fill(value);
            else if (target.Spec.Type == DType.Int64) target.Longs.Fill((long)value);
            else if (target.Spec.Type == DType.Int32) target.Ints.Fill((int)value);
            else target.Bytes.Fill(target.Spec.Type == DType.Bool ? (byte)1 : unchecked((byte)(int)value));
        }
    }

    private sealed class SplitKernel(ValueBuffer source, (ValueBuffer Target, StridedCopy Copy)[] pieces) : Kernel
    {
        public override void Run(in RunContext context)
        {
            foreach (var (target, copy) in pieces) copy.Run(context.Pool, source, target);
        }
    }
}
