using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Batch normalization by the batch's own statistics, and its gradient: a pass for the sums, a pass for the values.</summary>
/// <remarks>
/// Where channels are not the last axis, each plane of a channel is a run with one channel, and what the planes give is joined channel by channel.
/// Operands in 16 bits are widened block by block on the stack: the layer whose input and output are the largest values of a network needs no wide copy of them.
/// </remarks>
internal static class BatchNormalizationKernels
{
    private const double NanosecondsAnElement = 0.3;

    // Widened at a time: three operands fit the first-level cache.
    private const int BlockLength = 2048;

    public static Kernel Training(KernelRequest request, BatchNormalizationTraining op) => new TrainingKernel(request, op);

    public static Kernel Gradient(KernelRequest request, BatchNormalizationGradient op) => new GradientKernel(request, op);

    /// <summary>Whether the kernels take operands of that shape in 16 bits.</summary>
    public static bool WidensBlocks(Shape shape, int axis) => new Layout(shape, axis) is { IsLast: false } or { Channels: <= BlockLength };

    /// <summary>Elements worked on at a time out of a run of rows of that width.</summary>
    private static int Block(bool narrow, int width, int count) => narrow ? BlockLength / width * width : Math.Max(1, count);

    /// <summary>A run of elements as floats: where they lie, or widened.</summary>
    private static ReadOnlySpan<float> Read(ValueBuffer buffer, int start, int count, Span<float> wide)
    {
        switch (buffer.Spec.Type)
        {
            case DType.Float16:
                WordLoops.Widen<HalfFormat>(buffer.Words.Slice(start, count), wide[..count]);
                return wide[..count];
            case DType.BFloat16:
                WordLoops.Widen<BFloat16Format>(buffer.Words.Slice(start, count), wide[..count]);
                return wide[..count];
            default:
                return buffer.Floats.Slice(start, count);
        }
    }

    /// <summary>Where a run of results goes before <see cref="Write"/>.</summary>
    private static Span<float> Target(ValueBuffer buffer, int start, int count, Span<float> wide) => buffer.Spec.Type.IsHalfWidth() ? wide[..count] : buffer.Floats.Slice(start, count);

    /// <summary>Stores what was written to <see cref="Target"/>.</summary>
    private static void Write(ValueBuffer buffer, int start, ReadOnlySpan<float> values)
    {
        if (buffer.Spec.Type == DType.Float16) WordLoops.Narrow<HalfFormat>(values, buffer.Words.Slice(start, values.Length));
        else if (buffer.Spec.Type == DType.BFloat16) WordLoops.Narrow<BFloat16Format>(values, buffer.Words.Slice(start, values.Length));
    }

    /// <summary>The input as rows of channels, or, with channels before other axes, as planes of one channel each.</summary>
    private readonly struct Layout
    {
        private readonly Cut _cut;

        public Layout(Shape shape, int axis)
        {
            axis = ShapeRules.Axis(axis, shape.Rank, "BatchNormalization");
            Channels = shape.Dims[axis];
            var (outer, inner) = (1, 1);
            for (var i = 0; i < axis; i++) outer *= shape.Dims[i];
            for (var i = axis + 1; i < shape.Rank; i++) inner *= shape.Dims[i];
            IsLast = inner == 1;
            Count = outer * inner;
            RowLength = IsLast ? Channels : inner;
            var rows = IsLast ? outer : outer * Channels;
            _cut = Cut.By(rows, RowLength * NanosecondsAnElement);

            // Planes are joined by channel: a part is whole planes, and each has results of its own.
            Results = IsLast ? _cut.Parts : rows;
        }

        public int Channels { get; }

        /// <summary>Elements of each channel.</summary>
        public int Count { get; }

        public bool IsLast { get; }

        /// <summary>A row of channels, or a plane.</summary>
        public int RowLength { get; }

        /// <summary>Rows of partial results: of all channels each, or of one.</summary>
        public int Results { get; }

        public int Parts => _cut.Parts;

        /// <summary>Floats of one kind of partial results.</summary>
        public int PartialLength => IsLast ? Results * Channels : Results;

        public (int First, int End) Range(int part) => _cut.Range(part);

        /// <summary>Elements of each channel behind one row of partial results.</summary>
        public long Weight(int result)
        {
            if (!IsLast) return RowLength;
            var (first, end) = _cut.Range(result);
            return end - first;
        }
    }

    private sealed class TrainingKernel : Kernel, IParallelWork
    {
        private readonly ValueBuffer _input;
        private readonly ValueBuffer _scale;
        private readonly ValueBuffer _bias;
        private readonly ValueBuffer? _result;
        private readonly Storage _means;
        private readonly Storage _variances;
        private readonly Storage _factors;
        private readonly Storage _partial;
        private readonly Layout _layout;
        private readonly float _epsilon;
        private readonly bool _relu;
        private readonly bool _isNarrow;
        private bool _isSecond;

        public TrainingKernel(KernelRequest request, BatchNormalizationTraining op)
        {
            (_input, _scale, _bias, _epsilon) = (request.Input(0), request.Input(1), request.Input(2), op.Epsilon);
            _relu = request.Epilogue.Activation == EpilogueActivation.Relu;
            _layout = new Layout(_input.Shape, op.Axis);
            _result = request.Outputs[0];
            _isNarrow = _input.Spec.Type.IsHalfWidth() || _result?.Spec.Type.IsHalfWidth() == true;
            _means = request.Outputs[1]?.Storage ?? request.Scratch(_layout.Channels);
            _variances = request.Outputs[2]?.Storage ?? request.Scratch(_layout.Channels);
            _factors = request.Scratch(_layout.Channels);
            _partial = request.Scratch(2L * _layout.PartialLength);
        }

        public override void Run(in RunContext context)
        {
            _isSecond = false;
            context.Pool.Run(this, _layout.Parts);
            Join();
            if (_result is null) return;
            _isSecond = true;
            context.Pool.Run(this, _layout.Parts);
        }

        public void Execute(int part)
        {
            var (first, end) = _layout.Range(part);
            var length = _layout.RowLength;
            if (_layout.IsLast)
            {
                Piece(first * length, (end - first) * length, 0, length, part * length);
                return;
            }

            for (var plane = first; plane < end; plane++) Piece(plane * length, length, plane % _layout.Channels, 1, plane);
        }

        // x and y [count / width, width] of the channels from the first on
        private void Piece(int start, int count, int channel, int width, int partial)
        {
            if (_isSecond) Normalize(start, count, channel, width);
            else Statistics(start, count, width, partial);
        }

        [SkipLocalsInit]
        private void Statistics(int start, int count, int width, int partial)
        {
            var means = _partial.Memory.Span.Slice(partial, width);
            var squares = _partial.Memory.Span.Slice(_layout.PartialLength + partial, width);
            var block = Block(_isNarrow, width, count);
            Span<float> wide = stackalloc float[_isNarrow ? BlockLength * 3 : 0];
            BatchNormLoops.Statistics(Read(_input, start, Math.Min(block, count), wide), means, squares);
            for (var done = block; done < count; done += block)
            {
                var rest = Math.Min(block, count - done);
                var moreMeans = wide.Slice(BlockLength, width);
                var moreSquares = wide.Slice(2 * BlockLength, width);
                BatchNormLoops.Statistics(Read(_input, start + done, rest, wide), moreMeans, moreSquares);
                BatchNormLoops.Join(done / width, means, squares, rest / width, moreMeans, moreSquares);
            }
        }

        [SkipLocalsInit]
        private void Normalize(int start, int count, int channel, int width)
        {
            var means = _means.Memory.Span.Slice(channel, width);
            var factors = _factors.Memory.Span.Slice(channel, width);
            var biases = _bias.Floats.Slice(channel, width);
            var block = Block(_isNarrow, width, count);
            Span<float> wide = stackalloc float[_isNarrow ? BlockLength * 2 : 0];
            for (var done = 0; done < count; done += block)
            {
                var rest = Math.Min(block, count - done);
                var x = Read(_input, start + done, rest, wide);
                var y = Target(_result!, start + done, rest, wide[(wide.Length / 2)..]);
                if (_relu) BatchNormLoops.Normalize(default(ReluOperator), x, means, factors, biases, y);
                else BatchNormLoops.Normalize(default(CopyOperator), x, means, factors, biases, y);
                Write(_result!, start + done, y);
            }
        }

        private void Join()
        {
            var channels = _layout.Channels;
            var means = _means.Memory.Span[..channels];
            var variances = _variances.Memory.Span[..channels];
            var partial = _partial.Memory.Span;
            var squares = partial[_layout.PartialLength..];
            means.Clear();
            variances.Clear();
            if (_layout.IsLast)
            {
                var rows = 0L;
                for (var part = 0; part < _layout.Results; part++)
                {
                    BatchNormLoops.Join(rows, means, variances, _layout.Weight(part), partial.Slice(part * channels, channels), squares.Slice(part * channels, channels));
                    rows += _layout.Weight(part);
                }
            }
            else
            {
                for (var plane = 0; plane < _layout.Results; plane += channels)
                {
                    BatchNormLoops.Join((long)plane / channels * _layout.RowLength, means, variances, _layout.RowLength, partial.Slice(plane, channels), squares.Slice(plane, channels));
                }
            }

            var factors = _factors.Memory.Span;
            for (var c = 0; c < channels; c++)
            {
                variances[c] /= _layout.Count;
                factors[c] = _scale.Floats[c] / MathF.Sqrt(variances[c] + _epsilon);
            }
        }
    }

    private sealed class GradientKernel : Kernel, IParallelWork
    {
        private readonly ValueBuffer _upstream;
        private readonly ValueBuffer _input;
        private readonly ValueBuffer _scale;
        private readonly ValueBuffer _means;
        private readonly ValueBuffer _variances;
        private readonly ValueBuffer? _result;
        private readonly ValueBuffer? _scaleGradient;
        private readonly ValueBuffer? _biasGradient;
        private readonly Storage _partial;
        private readonly Storage _channels;
        private readonly Layout _layout;
        private readonly float _epsilon;
        private readonly bool _isNarrow;
        private bool _isSecond;

        public GradientKernel(KernelRequest request, BatchNormalizationGradient op)
        {
            (_upstream, _input, _scale, _means, _variances, _epsilon) = (request.Input(0), request.Input(1), request.Input(2), request.Input(3), request.Input(4), op.Epsilon);
            (_result, _scaleGradient, _biasGradient) = (request.Outputs[0], request.Outputs[1], request.Outputs[2]);
            _isNarrow = _upstream.Spec.Type.IsHalfWidth() || _input.Spec.Type.IsHalfWidth() || _result?.Spec.Type.IsHalfWidth() == true;
            _layout = new Layout(_input.Shape, op.Axis);
            _partial = request.Scratch(2L * _layout.PartialLength);

            // Of each channel: the sums of the gradient and of its product with the input, then mean gradient, slope and factor.
            _channels = request.Scratch(5L * _layout.Channels);
        }

        public override void Run(in RunContext context)
        {
            _isSecond = false;
            context.Pool.Run(this, _layout.Parts);
            Join();
            if (_result is null) return;
            _isSecond = true;
            context.Pool.Run(this, _layout.Parts);
        }

        public void Execute(int part)
        {
            var (first, end) = _layout.Range(part);
            var length = _layout.RowLength;
            if (_layout.IsLast)
            {
                Piece(first * length, (end - first) * length, 0, length, part * length);
                return;
            }

            for (var plane = first; plane < end; plane++) Piece(plane * length, length, plane % _layout.Channels, 1, plane);
        }

        // dy, x and dx [count / width, width] of the channels from the first on
        private void Piece(int start, int count, int channel, int width, int partial)
        {
            if (_isSecond) Gradients(start, count, channel, width);
            else Sums(start, count, channel, width, partial);
        }

        [SkipLocalsInit]
        private void Sums(int start, int count, int channel, int width, int partial)
        {
            var means = _means.Floats.Slice(channel, width);
            var sums = _partial.Memory.Span.Slice(partial, width);
            var products = _partial.Memory.Span.Slice(_layout.PartialLength + partial, width);
            var block = Block(_isNarrow, width, count);
            Span<float> wide = stackalloc float[_isNarrow ? BlockLength * 4 : 0];
            var second = wide[(wide.Length / 4)..];
            BatchNormLoops.GradientSums(Read(_upstream, start, Math.Min(block, count), wide), Read(_input, start, Math.Min(block, count), second), means, sums, products);
            for (var done = block; done < count; done += block)
            {
                var rest = Math.Min(block, count - done);
                var moreSums = wide.Slice(2 * BlockLength, width);
                var moreProducts = wide.Slice(3 * BlockLength, width);
                BatchNormLoops.GradientSums(Read(_upstream, start + done, rest, wide), Read(_input, start + done, rest, second), means, moreSums, moreProducts);
                TensorPrimitives.Add(sums, moreSums, sums);
                TensorPrimitives.Add(products, moreProducts, products);
            }
        }

        [SkipLocalsInit]
        private void Gradients(int start, int count, int channel, int width)
        {
            var means = _means.Floats.Slice(channel, width);
            var block = Block(_isNarrow, width, count);
            Span<float> wide = stackalloc float[_isNarrow ? BlockLength * 3 : 0];
            for (var done = 0; done < count; done += block)
            {
                var rest = Math.Min(block, count - done);
                var dy = Read(_upstream, start + done, rest, wide);
                var x = Read(_input, start + done, rest, wide[(wide.Length / 3)..]);
                var dx = Target(_result!, start + done, rest, wide[(wide.Length / 3 * 2)..]);
                BatchNormLoops.Gradient(dy, x, means, Of(4, channel, width), Of(2, channel, width), Of(3, channel, width), dx);
                Write(_result!, start + done, dx);
            }
        }

        private void Join()
        {
            var channels = _layout.Channels;
            var partial = _partial.Memory.Span;
            var rows = _layout.PartialLength / Math.Max(1, channels);
            var (sums, products) = (0, _layout.PartialLength);
            ReduceLoops.Columns<SumReduce>(partial.Slice(sums, _layout.PartialLength), rows, channels, Of(0, 0, channels));
            ReduceLoops.Columns<SumReduce>(partial.Slice(products, _layout.PartialLength), rows, channels, Of(1, 0, channels));
            for (var c = 0; c < channels; c++)
            {
                var inverse = 1f / MathF.Sqrt(_variances.Floats[c] + _epsilon);
                var (sum, product) = (Of(0, c, 1)[0], Of(1, c, 1)[0]);
                if (_biasGradient is not null) _biasGradient.Floats[c] = sum;
                if (_scaleGradient is not null) _scaleGradient.Floats[c] = product * inverse;
                Of(2, c, 1)[0] = sum / _layout.Count;
                Of(3, c, 1)[0] = product / _layout.Count * inverse * inverse;
                Of(4, c, 1)[0] = _scale.Floats[c] * inverse;
            }
        }

        private Span<float> Of(int kind, int channel, int width) => _channels.Memory.Span.Slice((kind * _layout.Channels) + channel, width);
    }
}
