using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Kernels;

/// <summary>The kernels of softmax, cross-entropy and the normalizations against their definitions in simpler operators, run by the same engine.</summary>
[TestClass]
[TestCategory("Kernels")]
public class NormalizationKernelsTests
{
    [TestMethod]
    [DataRow("7,5", 1)]
    [DataRow("3,4,5", 1)]
    [DataRow("3,4,5", 0)]
    [DataRow("300,130", -1)]
    [DataRow("9,40,33", 1)]
    public void Softmax_its_logarithm_and_gradient_match_double(string shapeText, int axis)
    {
        var shape = Parse(shapeText);
        SymbolicTensor x = OpRun.Input(shape), dy = OpRun.Input(shape);
        var exponentials = Ops.Exp(x);
        var expected = exponentials / Ops.Sum(exponentials, axis, keepdims: true);
        OpRun.AssertLikeDefinition([x], [Ops.Softmax(x, axis)], [expected], Floats);
        OpRun.AssertLikeDefinition([x], [Ops.LogSoftmax(x, axis)], [Ops.Log(expected)], Floats);
        var gradient = new SoftmaxGradient(axis);
        OpRun.AssertLikeDefinition([dy, x], [Ops.Make(gradient, dy, x)], [.. Decompositions.Of(gradient, new[] { dy, x })], Floats, 1e-4);
    }

    [TestMethod]
    [DataRow("5,1", false)]
    [DataRow("5,10", false)]
    [DataRow("2,3,17", false)]
    [DataRow("600,100", false)]
    [DataRow("600,100", true)]
    public void LayerNormalization_and_its_gradient_match_double(string shapeText, bool twoAxes)
    {
        var shape = Parse(shapeText);
        if (twoAxes) shape = [shape[0], 4, shape[1] / 4];
        var axis = twoAxes ? 1 : shape.Length - 1;
        var parameters = shape[axis..];
        SymbolicTensor x = OpRun.Input(shape), scale = OpRun.Input(parameters), bias = OpRun.Input(parameters), dy = OpRun.Input(shape);
        var forward = new LayerNormalization(axis, 1e-3f);
        SymbolicTensor[] inputs = [x, scale, bias];
        OpRun.AssertLikeDefinition(inputs, [.. Ops.MakeAll(forward, x, scale, bias)], [.. Decompositions.Of(forward, inputs)], Floats, 1e-4);

        var statistics = Ops.MakeAll(forward, x, scale, bias);
        var backward = new LayerNormalizationGradient(axis);
        OpRun.AssertLikeDefinition(
            [dy, x, scale, bias],
            [.. Ops.MakeAll(backward, dy, x, scale, statistics[1], statistics[2])],
            [.. Decompositions.Of(backward, new[] { dy, x, scale, statistics[1], statistics[2] })],
            Floats,
            1e-3);
    }

    [TestMethod]
    [DataRow("1,1", -1)]
    [DataRow("7,3", -1)]
    [DataRow("4,5,6,17", -1)]
    [DataRow("9,12,13,64", -1)]
    [DataRow("3,5,7,2", 1)]
    [DataRow("2,7,90,70", 1)]
    [DataRow("30,1,9", 1)]
    public void BatchNormalization_and_its_gradient_match_double(string shapeText, int axis)
    {
        var shape = Parse(shapeText);
        int[] channels = [shape[axis < 0 ? axis + shape.Length : axis]];
        SymbolicTensor x = OpRun.Input(shape), scale = OpRun.Input(channels), bias = OpRun.Input(channels), dy = OpRun.Input(shape);
        var forward = new BatchNormalizationTraining(axis, 1e-3f);
        SymbolicTensor[] inputs = [x, scale, bias];
        OpRun.AssertLikeDefinition(inputs, [.. Ops.MakeAll(forward, x, scale, bias)], [.. Decompositions.Of(forward, inputs)], Floats, 1e-4);

        var statistics = Ops.MakeAll(forward, x, scale, bias);

        // A ReLU that follows is part of the kernel.
        OpRun.AssertLikeDefinition(
            inputs,
            [Ops.Relu(statistics[0]), statistics[1]],
            [Ops.Relu(Decompositions.Of(forward, inputs)[0]), Decompositions.Of(forward, inputs)[1]],
            Floats,
            1e-4);

        var backward = new BatchNormalizationGradient(axis, 1e-3f);
        OpRun.AssertLikeDefinition(
            [dy, x, scale, bias],
            [.. Ops.MakeAll(backward, dy, x, scale, statistics[1], statistics[2])],
            [.. Decompositions.Of(backward, new[] { dy, x, scale, statistics[1], statistics[2] })],
            Floats,
            1e-3);
    }

    [TestMethod]
    [DataRow("5,1", true)]
    [DataRow("5,10", true)]
    [DataRow("5,10", false)]
    [DataRow("3,7,33", true)]
    [DataRow("900,100", true)]
    [DataRow("900,100", false)]
    public void Cross_entropy_and_its_gradient_match_double(string shapeText, bool sparse)
    {
        var shape = Parse(shapeText);
        var rows = shape[..^1];
        foreach (var type in sparse ? new[] { DType.Int32, DType.Int64 } : [DType.Float32])
        {
            SymbolicTensor logits = OpRun.Input(shape), targets = OpRun.Input(sparse ? rows : shape, type), dy = OpRun.Input(rows);
            var forward = new SoftmaxCrossEntropy(sparse);
            SymbolicTensor[] inputs = [logits, targets];
            OpRun.AssertLikeDefinition(inputs, [.. Ops.MakeAll(forward, logits, targets)], [.. Decompositions.Of(forward, inputs)], Fill, 1e-4);

            // The gradient of the definition comes from the gradient rules, so it is independent of the formula in the kernel.
            var outputs = Ops.MakeAll(forward, logits, targets);
            var actual = Ops.Make(new SoftmaxCrossEntropyGradient(sparse), dy, logits, targets, outputs[1], outputs[2]);
            var loss = Ops.Sum(Decompositions.Of(forward, new[] { logits, targets })[0] * dy);
            OpRun.AssertLikeDefinition([logits, targets, dy], [actual], [Gradient.Of(loss, logits)], Fill, 1e-4);
        }

        void Fill(int index, ValueBuffer buffer)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                if (buffer.Spec.Type == DType.Int32) buffer.Ints[i] = i * 7 % shape[^1];
                else if (buffer.Spec.Type == DType.Int64) buffer.Longs[i] = i * 7 % shape[^1];
                else buffer.Floats[i] = Number(index, i);
            }
        }
    }

    [TestMethod]
    public void A_label_out_of_range_is_a_sentence()
    {
        SymbolicTensor logits = OpRun.Input([3, 4]), labels = OpRun.Input([3], DType.Int64);
        var error = Assert.ThrowsExactly<ModelException>(() => OpRun.Outputs(
            [logits, labels],
            Ops.MakeAll(new SoftmaxCrossEntropy(true), logits, labels),
            (_, buffer) =>
            {
                buffer.Bytes.Clear();
                if (buffer.Spec.Type == DType.Int64) buffer.Longs[1] = 4;
            }));
        Assert.Contains("sample 1", error.Message);
        Assert.Contains("expected 0 to 3", error.Message);
    }

    private static void Floats(int index, ValueBuffer buffer)
    {
        for (var i = 0; i < buffer.Length; i++) buffer.Floats[i] = Number(index, i);
    }

    private static float Number(int index, int i) => (float)(0.3 + (Math.Sin((i * 0.7) + (index * 2.1)) * 1.2));

    private static int[] Parse(string text) => [.. text.Split(',').Select(s => int.Parse(s, System.Globalization.CultureInfo.InvariantCulture))];
}
