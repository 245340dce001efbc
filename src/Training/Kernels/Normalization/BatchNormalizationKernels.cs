using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Batch normalization by the statistics of the batch, and its gradient: one pass for sums, one for values.</summary>
/// <remarks>
/// If channels are not the last axis, each plane is a run of one channel, and the sums of the planes are joined by channel.
/// </remarks>
internal static class BatchNormalizationKernels
{
    public static Kernel Training(KernelRequest request, BatchNormalizationTraining op) =>
        new TrainingKernel(request, op, new ChannelLayout(request.Input(0).Shape, op.Axis));

    public static Kernel Gradient(KernelRequest request, BatchNormalizationGradient op) =>
        new GradientKernel(request, op, new ChannelLayout(request.Input(1).Shape, op.Axis));

    /// <summary>Whether the kernels accept operands of a shape in 16 bits.</summary>
    public static bool WidensBlocks(Shape shape, int axis) =>
        new ChannelLayout(shape, axis) is { IsLast: false } or { Channels: <= ChannelKernel.BlockLength };

    private sealed class TrainingKernel : ChannelKernel
    {
        private readonly ValueBuffer _input;
        private readonly ValueBuffer _scale;
        private readonly ValueBuffer _bias;
        private readonly Storage _means;
        private readonly Storage _variances;
        private readonly Storage _factors;
        private readonly Storage _partial;
        private readonly float _epsilon;
        private readonly bool _relu;

        public TrainingKernel(KernelRequest request, BatchNormalizationTraining op, ChannelLayout layout)
            : base(layout, request.Outputs[0], request.Input(0))
        {
            (_input, _scale, _bias, _epsilon) = (request.Input(0), request.Input(1), request.Input(2), op.Epsilon);
            _relu = request.Epilogue.Activation == EpilogueActivation.Relu;
            _means = request.Outputs[1]?.Storage ?? request.Scratch(layout.Channels);
            _variances = request.Outputs[2]?.Storage ?? request.Scratch(layout.Channels);
            _factors = request.Scratch(layout.Channels);
            _partial = request.Scratch(2L * layout.PartialLength);
        }

        [SkipLocalsInit]
        protected override void Sum(int start, int count, int channel, int width, int partial)
        {
            var means = _partial.Memory.Span.Slice(partial, width);
            var squares = _partial.Memory.Span.Slice(Layout.PartialLength + partial, width);
            var block = Block(width, count);
            Span<float> wide = stackalloc float[IsNarrow ? BlockLength * 3 : 0];
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
        protected override void Compute(int start, int count, int channel, int width)
        {
            var means = _means.Memory.Span.Slice(channel, width);
            var factors = _factors.Memory.Span.Slice(channel, width);
            var biases = _bias.Floats.Slice(channel, width);
            var block = Block(width, count);
            Span<float> wide = stackalloc float[IsNarrow ? BlockLength * 2 : 0];
            for (var done = 0; done < count; done += block)
            {
                var rest = Math.Min(block, count - done);
                var x = Read(_input, start + done, rest, wide);
                var y = Target(Result!, start + done, rest, wide[(wide.Length / 2)..]);
                if (_relu) BatchNormLoops.Normalize(default(ReluOperator), x, means, factors, biases, y);
                else BatchNormLoops.Normalize(default(CopyOperator), x, means, factors, biases, y);
                Write(Result!, start + done, y);
            }
        }

        protected override void Join()
        {
            var channels = Layout.Channels;
            var means = _means.Memory.Span[..channels];
            var variances = _variances.Memory.Span[..channels];
            var partial = _partial.Memory.Span;
            var squares = partial[Layout.PartialLength..];
            means.Clear();
            variances.Clear();
            if (Layout.IsLast)
            {
                var rows = 0L;
                for (var part = 0; part < Layout.Results; part++)
                {
                    var weight = Layout.Weight(part);
                    BatchNormLoops.Join(rows, means, variances, weight, partial.Slice(part * channels, channels), squares.Slice(part * channels, channels));
                    rows += weight;
                }
            }
            else
            {
                for (var plane = 0; plane < Layout.Results; plane += channels)
                {
                    var rows = (long)plane / channels * Layout.RowLength;
                    BatchNormLoops.Join(rows, means, variances, Layout.RowLength, partial.Slice(plane, channels), squares.Slice(plane, channels));
                }
            }

            var factors = _factors.Memory.Span;
            for (var c = 0; c < channels; c++)
            {
                variances[c] /= Layout.Count;
                factors[c] = _scale.Floats[c] / MathF.Sqrt(variances[c] + _epsilon);
            }
        }
    }

    private sealed class GradientKernel : ChannelKernel
    {
        private readonly ValueBuffer _upstream;
        private readonly ValueBuffer _input;
        private readonly ValueBuffer _scale;
        private readonly ValueBuffer _means;
        private readonly ValueBuffer _variances;
        private readonly ValueBuffer? _scaleGradient;
        private readonly ValueBuffer? _biasGradient;
        private readonly Storage _partial;
        private readonly Storage _channels;
        private readonly float _epsilon;

        public GradientKernel(KernelRequest request, BatchNormalizationGradient op, ChannelLayout layout)
            : base(layout, request.Outputs[0], request.Input(0), request.Input(1))
        {
            (_upstream, _input, _scale, _means, _variances) = (request.Input(0), request.Input(1), request.Input(2), request.Input(3), request.Input(4));
            (_scaleGradient, _biasGradient, _epsilon) = (request.Outputs[1], request.Outputs[2], op.Epsilon);
            _partial = request.Scratch(2L * layout.PartialLength);

            // Per channel: the sums of the gradient and of its product with the input, then mean gradient, slope and factor.
            _channels = request.Scratch(5L * layout.Channels);
        }

        [SkipLocalsInit]
        protected override void Sum(int start, int count, int channel, int width, int partial)
        {
            var means = _means.Floats.Slice(channel, width);
            var sums = _partial.Memory.Span.Slice(partial, width);
            var products = _partial.Memory.Span.Slice(Layout.PartialLength + partial, width);
            var block = Block(width, count);
            Span<float> wide = stackalloc float[IsNarrow ? BlockLength * 4 : 0];
            var second = wide[(wide.Length / 4)..];
            var begin = Math.Min(block, count);
            BatchNormLoops.GradientSums(Read(_upstream, start, begin, wide), Read(_input, start, begin, second), means, sums, products);
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
        protected override void Compute(int start, int count, int channel, int width)
        {
            var means = _means.Floats.Slice(channel, width);
            var block = Block(width, count);
            Span<float> wide = stackalloc float[IsNarrow ? BlockLength * 3 : 0];
            for (var done = 0; done < count; done += block)
            {
                var rest = Math.Min(block, count - done);
                var dy = Read(_upstream, start + done, rest, wide);
                var x = Read(_input, start + done, rest, wide[(wide.Length / 3)..]);
                var dx = Target(Result!, start + done, rest, wide[(wide.Length / 3 * 2)..]);
                BatchNormLoops.Gradient(dy, x, means, Of(4, channel, width), Of(2, channel, width), Of(3, channel, width), dx);
                Write(Result!, start + done, dx);
            }
        }

        protected override void Join()
        {
            var channels = Layout.Channels;
            var partial = _partial.Memory.Span;
            var rows = Layout.PartialLength / Math.Max(1, channels);
            var (sums, products) = (0, Layout.PartialLength);
            ReduceLoops.Columns<SumReduce>(partial.Slice(sums, Layout.PartialLength), rows, channels, Of(0, 0, channels));
            ReduceLoops.Columns<SumReduce>(partial.Slice(products, Layout.PartialLength), rows, channels, Of(1, 0, channels));
            for (var c = 0; c < channels; c++)
            {
                var inverse = 1f / MathF.Sqrt(_variances.Floats[c] + _epsilon);
                var (sum, product) = (Of(0, c, 1)[0], Of(1, c, 1)[0]);
                if (_biasGradient is not null) _biasGradient.Floats[c] = sum;
                if (_scaleGradient is not null) _scaleGradient.Floats[c] = product * inverse;
                Of(2, c, 1)[0] = sum / Layout.Count;
                Of(3, c, 1)[0] = product / Layout.Count * inverse * inverse;
                Of(4, c, 1)[0] = _scale.Floats[c] * inverse;
            }
        }

        private Span<float> Of(int kind, int channel, int width) => _channels.Memory.Span.Slice((kind * Layout.Channels) + channel, width);
    }
}
