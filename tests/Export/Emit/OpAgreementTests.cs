using OnnxFunctional.Export;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Every operator case, written as ONNX, gives the engine's results in ONNX Runtime.</summary>
[TestClass]
public sealed class OpAgreementTests
{
    private static readonly WorkerPool s_pool = new(1);

    /// <summary>Operators that draw random numbers cannot be written, and a file holds the inference side of a graph.</summary>
    public static IEnumerable<object[]> Names =>
        OpCases.All.Where(row => !row.Random && !row.Training && row.Op is not Operators.Dropout).Select(row => new object[] { row.Name });

    [TestMethod]
    [TestCategory("Ops")]
    [DynamicData(nameof(Names))]
    public void Operator_gives_the_same_in_ONNX_Runtime(string name)
    {
        var row = OpCases.Named(name);
        var random = new Random(3);
        double[][] values = [.. row.Inputs.Select(input => input.Fill(random))];
        var inputs = OpRun.Placeholders(row.Inputs, row.UnknownBatch);
        var outputs = row.Apply(inputs);
        var expected = OpRun.Of(inputs, outputs, row.Inputs).Run(s_pool, values);
        var actual = new Model(inputs, outputs).Emit().Run([.. row.Inputs.Zip(values, Value)]);
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.HasCount(expected[i].Length, actual[i], $"output {i}");
            for (var j = 0; j < actual[i].Length; j++)
            {
                if (expected[i][j].Equals(actual[i][j])) continue;
                Assert.IsTrue(
                    Math.Abs(expected[i][j] - actual[i][j]) <= Math.Max(row.Tolerance, 1e-5) + (1e-4 * Math.Abs(expected[i][j])),
                    $"output {i}, element {j}: engine {expected[i][j]:G8}, ONNX Runtime {actual[i][j]:G8}");
            }
        }
    }

    internal static OnnxValue Value(OpInput input, double[] values)
    {
        nint[] lengths = [.. input.Dims.Select(dim => (nint)dim)];
        return input.Type switch
        {
            DType.Float32 => OnnxValue.Of([.. values.Select(value => (float)value)], lengths),
            DType.Int64 => OnnxValue.Of([.. values.Select(value => (long)value)], lengths),
            DType.Int32 => OnnxValue.Of([.. values.Select(value => (int)value)], lengths),
            DType.Int8 => OnnxValue.Of([.. values.Select(value => (sbyte)value)], lengths),
            DType.UInt8 => OnnxValue.Of([.. values.Select(value => (byte)value)], lengths),
            _ => OnnxValue.Of([.. values.Select(value => value != 0)], lengths),
        };
    }
}
