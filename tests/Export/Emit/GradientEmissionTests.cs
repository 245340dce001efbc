using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Gradients written as standard operators, compared with finite differences of ONNX Runtime's forward results.</summary>
[TestClass]
public sealed class GradientEmissionTests
{
    private static readonly bool[] Counts = [true, true, true, true, true, false, false, true, false, true, false, true, false, false, false];

    public static IEnumerable<object[]> Cases()
    {
        yield return Case("convolution", [[2, 6, 5, 3], [3, 3, 3, 4]], x => Convolve(x, Padding.Valid, 1, 1));
        yield return Case("convolution_same_strided", [[2, 6, 5, 3], [3, 3, 3, 4]], x => Convolve(x, Padding.Same, 2, 1));
        yield return Case("convolution_leftover", [[2, 8, 6, 2], [2, 2, 2, 3]], x => Convolve(x, Padding.Valid, 3, 1));
        yield return Case("convolution_dilated", [[2, 7, 7, 2], [3, 3, 2, 3]], x => Convolve(x, Padding.Same, 1, 2));
        yield return Case("convolution_groups", [[2, 5, 5, 4], [3, 3, 2, 6]], x => Convolve(x, Padding.Same, 2, 1, 2));
        yield return Case("convolution_depthwise", [[2, 5, 5, 3], [3, 3, 1, 6]], x => Convolve(x, Padding.Same, 1, 1, 3));
        yield return Case("convolution_one_axis_causal", [[2, 7, 3], [3, 3, 4]], x => Convolve(x, Padding.Causal, 1, 2));
        yield return Case("convolution_three_axes", [[1, 4, 4, 4, 2], [2, 2, 2, 2, 3]], x => Convolve(x, Padding.Same, 2, 1));
        yield return Case(
            "transposed_same", [[2, 4, 5, 3], [3, 3, 2, 3]], x => Ops.Make(new ConvTranspose(new Window([2, 2], [1, 1], Padding.Same), []), x[0], x[1]));
        yield return Case(
            "transposed_valid", [[2, 4, 5, 3], [2, 2, 2, 3]], x => Ops.Make(new ConvTranspose(new Window([3, 3], [1, 1], Padding.Valid), []), x[0], x[1]));
        yield return Case("max_pool_overlapping", [[2, 6, 5, 3]], x => Ops.Make(new MaxPool([3, 3], [2, 2], Padding.Same), x[0]));
        yield return Case("average_pool_same", [[2, 6, 5, 3]], x => Ops.Make(new AveragePool([3, 3], [2, 2], Padding.Same), x[0]));
        yield return Case("average_pool_valid", [[2, 7, 3]], x => Ops.Make(new AveragePool([2], [2], Padding.Valid), x[0]));
        yield return Case("global_average", [[2, 4, 4, 3]], x => Ops.Mean(x[0], [1, 2]));
        yield return Case(
            "batch_norm",
            [[3, 4, 2, 5], [5], [5], [5]],
            x => Ops.Make(new Operators.BatchNormalization(3, 1e-3f), x[0], x[1], x[2], x[3], Ops.Square(x[3]) + 0.5f));
        yield return Case("batch_norm_training", [[3, 4, 2, 5], [5], [5]], x => Ops.MakeAll(new BatchNormalizationTraining(3, 1e-3f), x[0], x[1], x[2])[0]);
        yield return Case("layer_norm", [[3, 4, 5], [5], [5]], x => Ops.MakeAll(new Operators.LayerNormalization(2, 1e-3f), x[0], x[1], x[2])[0]);
        yield return Case("softmax", [[3, 5]], x => Ops.Softmax(x[0]));
        yield return Case("log_softmax", [[3, 5, 2]], x => Ops.LogSoftmax(x[0], 1));
        yield return Case("cross_entropy", [[4, 5], [4, 5]], x => Ops.MakeAll(new SoftmaxCrossEntropy(false), x[0], Ops.Softmax(x[1]))[0]);
        yield return Case("gemm", [[3, 4], [4, 5], [5]], x => Ops.Make(new Gemm(), x[0], x[1], x[2]));
        yield return Case("matmul_batched", [[3, 2, 4], [3, 4, 5]], x => Ops.MatMul(x[0], x[1]));
        yield return Case("matmul_rows", [[3, 2, 4], [4, 5]], x => Ops.MatMul(x[0], x[1]));
        yield return Case("matmul_transposed", [[3, 4, 2], [3, 5, 4]], x => Ops.Make(new MatMul(true, true), x[0], x[1]));
        yield return Case("gather_rows", [[6, 4]], x => Ops.Take(x[0], Ops.Constant([2, 3], (ReadOnlySpan<long>)[0, 5, 5, 2, -1, 0])));
        yield return Case("gather_columns", [[3, 6, 2]], x => Ops.Take(x[0], Ops.Constant([2, 2], (ReadOnlySpan<long>)[0, 5, 5, 2]), 1));
        yield return Case("slice", [[3, 6, 2]], x => Ops.Slice(x[0], 1, 1, 5));
        yield return Case("slice_in_steps", [[3, 7, 2]], x => Ops.Slice(x[0], 1, 5, 0, -2));
        yield return Case("pad", [[2, 3]], x => Ops.Pad(x[0], [0, 2], [0, 1]));
        yield return Case("tile", [[2, 3]], x => Ops.Tile(x[0], 1, 2));
        yield return Case("concat", [[2, 3], [2, 4]], x => Ops.Concatenate([x[0], x[1]]));
        yield return Case("split", [[2, 6]], x => Ops.Split(x[0], [2, 4])[1]);
        yield return Case("resize_nearest", [[2, 3, 4, 2]], x => Ops.Make(new Resize([0, 0], [2, 3], ResizeMode.Nearest), x[0]));
        yield return Case("resize_nearest_sizes", [[2, 5, 4, 2]], x => Ops.Make(new Resize([3, 7], [0, 0], ResizeMode.Nearest), x[0]));
        yield return Case("resize_linear", [[2, 3, 4, 2]], x => Ops.Make(new Resize([7, 9], [0, 0], ResizeMode.Linear), x[0]));
        yield return Case("resize_linear_factor", [[2, 3, 4, 2]], x => Ops.Make(new Resize([0, 0], [2, 2], ResizeMode.Linear), x[0]));
        yield return Case("resize_cubic", [[2, 5, 4, 2]], x => Ops.Make(new Resize([8, 9], [0, 0], ResizeMode.Cubic), x[0]));
        yield return Case("reduce", [[3, 4, 2]], x => Ops.LogSumExp(x[0], 1) + Ops.Norm(x[0], 1) + Ops.Max(x[0], 1) + Ops.Prod(x[0], 1));
        yield return Case("broadcast", [[3, 4, 2], [4, 1], [2]], x => (x[0] * x[1]) / (Ops.Square(x[2]) + 1));
        yield return Case("cum_sum", [[3, 4]], x => Ops.CumSum(x[0], 1));
        yield return Case("top_k", [[3, 5]], x => Ops.TopK(x[0], 2).Values);
        yield return Case("transpose", [[2, 3, 4]], x => Ops.Transpose(Ops.Square(x[0]), 2, 0, 1));
        yield return Case(
            "activations",
            [[3, 8]],
            x => Activation.Gelu.Apply(x[0]) + Activation.Mish.Apply(x[0]) + Activation.Elu.Apply(x[0]) + Activation.HardSilu.Apply(x[0])
                + Activation.Softsign.Apply(x[0]));
        yield return Case(
            "lstm_sequence",
            [[3, 5, 2], [2, 12], [3, 12], [12]],
            x => Ops.MakeAll(new Operators.Lstm(GateActivation.Tanh, GateActivation.Sigmoid, new(false, true, false, false, false)), x.Span)[0]);
        yield return Case("lstm_states", [[3, 5, 2], [2, 12], [3, 12], [12], [3, 3], [3, 3]], x =>
        {
            var results = Ops.MakeAll(new Operators.Lstm(GateActivation.Tanh, GateActivation.Sigmoid, new(true, true, true, false, false)), x.Span);
            return results[0] + Ops.ExpandDims((results[1] * 2) - results[2], 1);
        });
        yield return Case("lstm_masked", [[3, 5, 2], [2, 12], [3, 12], [12], [3, 3], [3, 3]], x =>
        {
            var results = Ops.MakeAll(
                new Operators.Lstm(GateActivation.Tanh, GateActivation.Sigmoid, new(false, true, true, true, false)), [.. x.Span, Mask()]);
            return results[0] + Ops.ExpandDims(results[1] + results[2], 1);
        });
        yield return Case(
            "lstm_masked_zero",
            [[3, 5, 2], [2, 12], [3, 12]],
            x => Ops.MakeAll(new Operators.Lstm(GateActivation.Tanh, GateActivation.Sigmoid, new(true, false, false, true, true)), [.. x.Span, Mask()])[0]);
        yield return Case(
            "gru_after",
            [[3, 5, 2], [2, 9], [3, 9], [2, 9]],
            x => Ops.MakeAll(new Operators.Gru(GateActivation.Tanh, GateActivation.Sigmoid, true, new(false, true, false, false, false)), x.Span)[0]);
        yield return Case(
            "gru_before",
            [[3, 5, 2], [2, 9], [3, 9], [9]],
            x => Ops.MakeAll(new Operators.Gru(GateActivation.Tanh, GateActivation.HardSigmoid, false, new(true, true, false, false, false)), x.Span)[1]);
        yield return Case(
            "gru_masked",
            [[3, 5, 2], [2, 9], [3, 9], [2, 9]],
            x =>
            {
                var gru = new Operators.Gru(GateActivation.Tanh, GateActivation.Sigmoid, true, new(true, true, false, true, false));
                return Ops.MakeAll(gru, [.. x.Span, Mask()])[0];
            });
        yield return Case(
            "rnn_selu",
            [[3, 5, 2], [2, 3], [3, 3], [3]],
            x => Ops.MakeAll(new Operators.Rnn(GateActivation.Selu, new(false, true, false, false, false)), x.Span)[0]);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Gradient_is_the_slope(string name, object shapes, object function)
    {
        var dims = (int[][])shapes;
        SymbolicTensors inputs = [.. dims.Select((shape, i) => Model.Input(Shape.Of(shape.AsSpan(1)), name: "x" + i, batchSize: i == 0 ? null : shape[0]))];
        var y = ((Func<SymbolicTensors, SymbolicTensor>)function)(inputs);

        // Different weights for all elements, so that a misplaced gradient is detected.
        var loss = Ops.Sum(y * Ops.Sin((y * 0) + Ops.Constant(0.3) + (Ops.Sum(Ops.OnesLike(y), y.Rank - 1, keepdims: true) * 0) + Ramp(y)));
        var emitted = new Model(inputs, [loss, .. Gradient.Of(loss, inputs)]).Emit();
        var forward = new Model(inputs, loss).Emit();
        var at = dims.Select(EmittedRun.Random).ToArray();
        var results = emitted.Run(Values(at));

        for (var i = 0; i < dims.Length; i++)
        {
            var direction = EmittedRun.Data(EmittedRun.Random([.. dims[i], 1]));
            const float Step = 4e-3f;
            var difference = (Loss(Step) - Loss(-Step)) / (2 * Step);
            var slope = direction.Zip(results[1 + i], (d, g) => (double)d * g).Sum();
            var size = Math.Sqrt(results[1 + i].Sum(g => (double)g * g) * direction.Sum(d => (double)d * d));
            Assert.IsLessThan(
                5e-3 * Math.Max(size, 0.1),
                Math.Abs(difference - slope),
                $"{name}, input {i}: slope {slope}, difference {difference}, size {size}");

            double Loss(float step)
            {
                var moved = at.ToArray();
                moved[i] = Tensor.Create(EmittedRun.Data(at[i]).Zip(direction, (value, d) => value + (step * d)).ToArray(), at[i].Lengths);
                return forward.Run(Values(moved))[0][0];
            }
        }
    }

    private static OnnxValue[] Values(Tensor<float>[] tensors) => [.. tensors.Select(tensor => (OnnxValue)tensor)];

    /// <summary>A number for each element, computed from its positions along the axes.</summary>
    private static SymbolicTensor Ramp(SymbolicTensor y)
    {
        SymbolicTensor ramp = Ops.Constant(0);
        for (var axis = 0; axis < y.Rank; axis++)
        {
            var positions = Ops.Cast(Ops.Make(new Positions(axis), y), DType.Float32) * (0.7f + (axis * 0.31f));
            ramp += axis == y.Rank - 1 ? positions : Ops.ExpandDims(positions, Axes.Create([.. Enumerable.Range(1, y.Rank - 1 - axis)]));
        }

        return ramp;
    }

    private static SymbolicTensor Mask() => Ops.Cast(Ops.Constant([3, 5], [.. Counts.Select(counts => counts ? 1f : 0)]), DType.Bool);

    private static SymbolicTensor Convolve(SymbolicTensors x, Padding padding, int stride, int dilation, int groups = 1) =>
        Ops.Make(new Conv(new Window(IntList.Repeat(stride, x[0].Rank - 2), IntList.Repeat(dilation, x[0].Rank - 2), padding, groups)), x[0], x[1]);

    private static object[] Case(string name, int[][] shapes, Func<SymbolicTensors, SymbolicTensor> function) => [name, shapes, function];
}
