using System.Globalization;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>
/// Values computed by Keras 3.16 with weights <c>0.5 sin(0.7 k + 1 + j)</c> (j is the index of the weight) and inputs <c>cos(0.3 k)</c> of shape [2, 3, 2].
/// </summary>
[TestClass]
[TestCategory("Kernels")]
public class RecurrentGoldenTests
{
    [TestMethod]
    [DataRow(RecurrentKind.Simple,
        "0.6717596 0.2456481 0.7171602 0.1976422 0.4988020 -0.0113913 "
        + "-0.1930800 -0.3696936 -0.5267014 -0.4924891 -0.6941945 -0.5962917")]
    [DataRow(RecurrentKind.Lstm,
        "-0.1145219 -0.1745830 -0.1561525 -0.1843125 -0.1379177 -0.0770480 "
        + "-0.0537182 0.0868544 -0.0229014 0.1512669 -0.0030138 0.1716542")]
    [DataRow(RecurrentKind.Gru,
        "-0.0860612 -0.1087404 -0.1691766 -0.1758126 -0.2535155 -0.1877789 "
        + "-0.1727558 -0.0515386 -0.2916926 -0.0070212 -0.3502276 0.0720004")]
    [DataRow(RecurrentKind.GruResetBefore,
        "-0.0316403 -0.0313754 -0.0968368 -0.0567242 -0.1838100 -0.0419022 "
        + "-0.1760394 0.0292094 -0.2843373 0.1250937 -0.3188789 0.2252976")]
    public void The_sequence_is_that_of_Keras(object kind, string expected) => Check(Run(new((RecurrentKind)kind, 2, 3, 2, 2)).Sequence, expected);

    [TestMethod]
    public void States_of_an_Lstm_are_those_of_Keras()
    {
        var test = Run(new(RecurrentKind.Lstm, 2, 3, 2, 2));
        Check(test.LastState, "-0.1379177 -0.0770480 -0.0030138 0.1716542");
        Check(test.LastCell, "-0.2478971 -0.1314624 -0.0038628 0.2326061");
    }

    [TestMethod]
    public void A_masked_Lstm_is_that_of_Keras() => Check(
        Run(new(RecurrentKind.Lstm, 2, 3, 2, 2), [1, 1, 0, 1, 0, 1]).Sequence,
        "-0.1145219 -0.1745830 -0.1561525 -0.1843125 -0.1561525 -0.1843125 -0.0537182 0.0868544 -0.0537182 0.0868544 0.0010892 0.1547280");

    [TestMethod]
    public void A_backward_Lstm_is_that_of_Keras_in_the_order_of_the_input() => Check(
        Run(new(RecurrentKind.Lstm, 2, 3, 2, 2) { Reverse = true }).Sequence,
        "-0.1581111 -0.1971752 -0.1420119 -0.1328771 -0.1001087 -0.0265961 -0.0775208 0.1240542 -0.0210522 0.1576418 0.0173546 0.1260738");

    private static RecurrentCase Run(RecurrentShape shape, byte[]? mask = null)
    {
        using var pool = new WorkerPool(1);
        var test = new RecurrentCase(shape, seed: 0)
        {
            InitialState = [],
            InitialCell = [],
            Mask = mask ?? [],
            Input = Values(12, k => Math.Cos(0.3 * k)),
            Kernel = Values(4 * shape.Gates, k => 0.5 * Math.Sin((0.7 * k) + 1)),
            RecurrentKernel = Values(4 * shape.Gates, k => 0.5 * Math.Sin((0.7 * k) + 2)),
            Bias = Values(shape.BiasLength, k => 0.5 * Math.Sin((0.7 * k) + 3)),
        };
        test.Forward(pool, training: false);
        return test;
    }

    private static float[] Values(int count, Func<int, double> function)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (float)function(i);
        return values;
    }

    private static void Check(float[] actual, string expected)
    {
        var numbers = expected.Split(' ');
        Assert.HasCount(numbers.Length, actual);
        for (var i = 0; i < numbers.Length; i++) Assert.AreEqual(float.Parse(numbers[i], CultureInfo.InvariantCulture), actual[i], 3e-7f, $"[{i}]");
    }
}
