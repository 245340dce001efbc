using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Functions of <see cref="Ops"/> called in C#: Keras' numbers, and the same after the model was written in Keras' words and read again.</summary>
[TestClass]
public sealed class KerasFunctionTests
{
    public static IEnumerable<object[]> Names => KerasFunctionCases.All.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_function_gives_the_numbers_of_Keras_and_again_when_it_was_written(string name)
    {
        var operation = KerasOperation.Named(name);
        var inputs = OpRun.Placeholders(operation.Inputs, unknownBatch: true);
        var model = new Model(inputs, KerasFunctionCases.All[name](inputs));
        operation.AreOfKeras(operation.Run(model));
        var again = Model.FromJson(model.ToJson());
        operation.AreOfKeras(operation.Run(again));
        Assert.AreEqual(model.ToJson(), again.ToJson());
    }

    [TestMethod]
    public void Functions_of_constants_follow_their_formulas()
    {
        Holds(Ops.Arange(2, 9, 3), [2, 5, 8]);
        Holds(Ops.Arange(3), [0, 1, 2]);
        Holds(Ops.Arange(5, 0, -2), [5, 3, 1]);
        Holds(Ops.Linspace(1, 2, 5), [1, 1.25, 1.5, 1.75, 2]);
        Holds(Ops.Linspace(1, 2, 4, endpoint: false), [1, 1.25, 1.5, 1.75]);
        Holds(Ops.Logspace(0, 2, 3), [1, 10, 100]);
        Holds(Ops.Geomspace(-1, -8, 4), [-1, -2, -4, -8]);
        Holds(Ops.Eye(2, 3, 1), [0, 1, 0, 0, 0, 1]);
        Holds(Ops.Tri(2, 3), [1, 0, 0, 1, 1, 0]);
        Holds(Ops.Bartlett(5), [0, 0.5, 1, 0.5, 0]);
        Holds(Ops.Blackman(5), [0, 0.34, 1, 0.34, 0]);
        Holds(Ops.Hamming(5), [0.08, 0.54, 1, 0.54, 0.08]);
        Holds(Ops.Hanning(5), [0, 0.5, 1, 0.5, 0]);
        Holds(Ops.Hanning(1), [1]);

        // I0(14) and I0(14 sqrt(3 / 4)) by the integral of exp(x cos t) from 0 to pi over pi.
        var edge = 1 / Bessel(14);
        Holds(Ops.Kaiser(5, 14), [edge, Bessel(14 * Math.Sqrt(0.75)) * edge, 1, Bessel(14 * Math.Sqrt(0.75)) * edge, edge]);
    }

    [TestMethod]
    public void The_inverse_of_a_transform_gives_the_signal_back()
    {
        var x = OpRun.Input([2, 12]);
        var (real, imaginary) = Ops.Ifft(Ops.Fft((x, x * 2)));
        var signal = Enumerable.Range(0, 24).Select(i => Math.Sin(i) + (i % 5)).ToArray();
        using var pool = new WorkerPool(1);
        var results = OpRun.Of([x], [real, imaginary, Ops.Istft(Ops.Stft(x, 4, 1, 6), 4, 1, 6, length: 12)]).Run(pool, [signal]);
        for (var i = 0; i < signal.Length; i++)
        {
            Assert.AreEqual(signal[i], results[0][i], 1e-5);
            Assert.AreEqual(2 * signal[i], results[1][i], 1e-5);
            Assert.AreEqual(signal[i], results[2][i], 1e-5);
        }
    }

    [TestMethod]
    public void What_does_not_fit_is_told_with_the_shape()
    {
        var x = OpRun.Input([Shape.Unknown, 3, 4]);
        Refuses(() => Ops.Sort(x, 0), "Sort needs the size of axis 0");
        Refuses(() => Ops.BroadcastTo(x, [null, 5, 4]), "axis 1 is 3; expected 1 or 5");
        Refuses(() => Ops.Det(x), "square matrices");
        Refuses(() => Ops.Det(OpRun.Input([80, 80])), "at most 64 rows");
        Refuses(() => Ops.Quantile(x, 1.5, 1), "q is 1.5");
        Refuses(() => Ops.Tensordot(x, x, [1, 2], 1), "expected as many of both");
        Refuses(() => Ops.Cross(x, x), "2 or 3 elements");
        Refuses(() => Ops.Einsum("bij,bjk->bik", [x]), "names 2 tensors, but got 1");
        Refuses(() => Ops.BitwiseAnd(x, x), "takes integers");
        Refuses(() => Ops.Repeat(x, [1, 2], 1), "expected 3");
        Refuses(() => Ops.Stft(x, 4, 2, 2), "fftLength is 2");
        Refuses(() => Ops.Correlate(x, x), "two vectors");
        Refuses(() => Ops.Fold(x, 5, 2), "Fold to (5, 5)");
        Refuses(() => Ops.DepthToSpace(x, 2), "images");
    }

    private static void Refuses(Func<object> call, string part) => Assert.Contains(part, Assert.ThrowsExactly<ModelException>(call).Message);

    private static void Holds(SymbolicTensor constant, double[] expected)
    {
        var values = ((Operators.Constant)constant.Value.Producer.Op).Data.As<float>().ToArray();
        Assert.HasCount(expected.Length, values);
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], values[i], 1e-6);
    }

    private static double Bessel(double x)
    {
        const int Steps = 2000;
        return Enumerable.Range(0, Steps).Sum(i => Math.Exp(x * Math.Cos(Math.PI * (i + 0.5) / Steps))) / Steps;
    }
}
