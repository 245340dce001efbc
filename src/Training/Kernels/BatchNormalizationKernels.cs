using OnnxFunctional.Operators;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Batch normalization by the batch's own statistics, and its gradient: a pass for the sums, a pass for the values.</summary>
/// <remarks>
/// Where channels are not the last axis, each plane of a channel is a run with one channel, and what the planes give is joined channel by channel.
/// </remarks>
internal static class BatchNormalizationKernels
{
    private const double NanosecondsAnElement = 0.3;

    public static Kernel Training(KernelRequest request, BatchNormalizationTraining op) => new TrainingKernel(request, op);

    public static Kernel Gradient(KernelRequest request, BatchNormalizationGradient op) => new GradientKernel(request, op);

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
        private readonly Storage _result;
        private readonly Storage _means;
        private readonly Storage _variances;
        private readonly Storage _factors;
        private readonly Storage _partial;
        private readonly Layout _layout;
        private readonly float _epsilon;
        private readonly bool _relu;
        private bool _isSecond;

        public TrainingKernel(KernelRequest request, BatchNormalizationTraining op)
        {
            (_input, _scale, _bias, _epsilon) = (request.Input(0), request.Input(1), request.Input(2), op.Epsilon);
            _relu = request.Epilogue.Activation == EpilogueActivation.Relu;
            _layout = new Layout(_input.Shape, op.Axis);
            _result = request.Outputs[0]?.Storage ?? request.Scratch(_input.Length);
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
            _isSecond = true;
            context.Pool.Run(this, _layout.Parts);
        }

        public void Execute(int part)
        {
            var (first, end) = _layout.Range(part);
            var length = _layout.RowLength;
            var channels = _layout.Channels;
            var source = _input.Floats;
            var target = _result.Memory.Span;
            if (!_isSecond)
            {
                var partial = _partial.Memory.Span;
                var squares = partial[_layout.PartialLength..];
                if (_layout.IsLast)
                {
                    BatchNormLoops.Statistics(source[(first * length)..(end * length)], partial.Slice(part * channels, channels), squares.Slice(part * channels, channels));
                    return;
                }

                for (var plane = first; plane < end; plane++) BatchNormLoops.Statistics(source.Slice(plane * length, length), partial.Slice(plane, 1), squares.Slice(plane, 1));
                return;
            }

            if (_layout.IsLast)
            {
                var range = (first * length)..(end * length);
                Normalize(source[range], 0, channels, target[range]);
                return;
            }

            for (var plane = first; plane < end; plane++) Normalize(source.Slice(plane * length, length), plane % channels, 1, target.Slice(plane * length, length));
        }

        // x and y [rows, width] of the channels from the first on
        private void Normalize(ReadOnlySpan<float> x, int channel, int width, Span<float> y)
        {
            var means = _means.Memory.Span.Slice(channel, width);
            var factors = _factors.Memory.Span.Slice(channel, width);
            var biases = _bias.Floats.Slice(channel, width);
            if (_relu) BatchNormLoops.Normalize(default(ReluOperator), x, means, factors, biases, y);
            else BatchNormLoops.Normalize(default(CopyOperator), x, means, factors, biases, y);
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
        private bool _isSecond;

        public GradientKernel(KernelRequest request, BatchNormalizationGradient op)
        {
            (_upstream, _input, _scale, _means, _variances, _epsilon) = (request.Input(0), request.Input(1), request.Input(2), request.Input(3), request.Input(4), op.Epsilon);
            (_result, _scaleGradient, _biasGradient) = (request.Outputs[0], request.Outputs[1], request.Outputs[2]);
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
            var channels = _layout.Channels;
            var (upstream, source, means) = (_upstream.Memory, _input.Memory, _means.Memory);
            if (_layout.IsLast)
            {
                Piece(first * length, (end - first) * length, 0, channels, part * channels);
                return;
            }

            for (var plane = first; plane < end; plane++) Piece(plane * length, length, plane % channels, 1, plane);

            void Piece(int start, int count, int channel, int width, int partial)
            {
                var dy = upstream.Span.Slice(start, count);
                var x = source.Span.Slice(start, count);
                var mean = means.Span.Slice(channel, width);
                if (!_isSecond)
                {
                    var sums = _partial.Memory.Span;
                    BatchNormLoops.GradientSums(dy, x, mean, sums.Slice(partial, width), sums.Slice(_layout.PartialLength + partial, width));
                    return;
                }

                BatchNormLoops.Gradient(
                    dy, x, mean, Of(4, channel, width), Of(2, channel, width), Of(3, channel, width), _result!.Floats.Slice(start, count));
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
