using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Kernels;

/// <summary>Every operator on operands in 16 bits, whole and in small pieces, against the kernel in float32 on the same values.</summary>
[TestClass]
public sealed class StagedKernelTests
{
    private static readonly WorkerPool s_pool = new(1);

    // Quantization rounds by itself, and its scales are float32 under any policy.
    public static IEnumerable<object[]> Rows => OpCases.All
        .Where(row => row.Inputs.Any(input => input.Type == DType.Float32))
        .Where(row => row.Op is not (QuantizeLinear or DequantizeLinear or DynamicQuantizeLinear))
        .Select(row => new object[] { row.Name });

    [TestMethod]
    [TestCategory("Ops")]
    [DynamicData(nameof(Rows))]
    public void An_operator_in_16_bits_rounds_what_Float32_gives(string name)
    {
        var row = OpCases.Named(name);
        var random = new Random(5);
        double[][] values = [.. row.Inputs.Select(input => input.Fill(random))];
        foreach (var type in new[] { DType.Float16, DType.BFloat16 })
        {
            double[][] rounded =
            [
                .. row.Inputs.Zip(values, (input, numbers) =>
                    input.Type == DType.Float32 ? [.. numbers.Select(number => Rounded((float)number, type))] : numbers),
            ];
            var expected = Run(row, DType.Float32, rounded, StagedKernel.PieceBytes);
            // A loop is written out, and rounds at each step.
            var lastPlace = (type == DType.Float16 ? 1.0 / 1024 : 1.0 / 128) * (row.Op is Scan or ScanGradient ? row.Inputs[1].Dims[1] : 1);
            foreach (var pieceBytes in new[] { StagedKernel.PieceBytes, 200L })
            {
                var actual = Run(row, type, rounded, pieceBytes);
                for (var i = 0; i < expected.Length; i++)
                    Compare(expected[i], actual[i], lastPlace, $"{type}, pieces of {pieceBytes}, output {i}");
            }
        }
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(3, 2)]
    [DataRow(7, 3)]
    [DataRow(17, 5)]
    public void A_convolution_in_pieces_gives_the_same_bits_as_in_one(int batch, int rows)
    {
        // Rows do not see one another, so cutting between them changes nothing; sums over the batch are added in another order.
        int[] image = [batch, 6, 5, 8];
        var x = new InputLayer(Shape.Of(image), DType.Float16, "x").Tensor;
        var w = new InputLayer(Shape.Of(3, 3, 8, 16), DType.Float16, "w").Tensor;
        var b = new InputLayer(Shape.Of(16), DType.Float16, "b").Tensor;
        var window = new Window([1, 1], [1, 1], Padding.Same);
        var y = Ops.Relu(Ops.Make(new Conv(window), x, w, b));
        var dw = Ops.Make(new ConvWeightGradient(window), x, y, w);
        var db = Ops.Sum(y, Axes.Create([0, 1, 2]));
        var bytesPerRow = (6 * 5 * 8 * 4) + (6 * 5 * 16 * 4);
        var whole = Outputs([x, w, b], [y, dw, db], StagedKernel.PieceBytes);
        var pieces = Outputs([x, w, b], [y, dw, db], bytesPerRow * rows);
        CollectionAssert.AreEqual(whole[0], pieces[0]);
        for (var i = 1; i < 3; i++)
        {
            var largest = whole[i].Max(word => Math.Abs((float)BitConverter.UInt16BitsToHalf(word)));
            for (var j = 0; j < whole[i].Length; j++)
            {
                var (expected, actual) = ((float)BitConverter.UInt16BitsToHalf(whole[i][j]), (float)BitConverter.UInt16BitsToHalf(pieces[i][j]));
                Assert.AreEqual(expected, actual, largest / 1024, $"output {i} [{j}]");
            }
        }

        static ushort[][] Outputs(SymbolicTensor[] inputs, SymbolicTensor[] outputs, long pieceBytes)
        {
            var plan = Planner.Plan(
                new PlanRequest(
                    PlanOptions.WithoutModel() with { PieceBytes = pieceBytes },
                    [.. inputs.Select(input => input.Value)],
                    [.. outputs.Select(output => output.Value)],
                    []),
                [.. inputs.Select(input => input.Value.Spec)]);
            var random = new Random(3);
            foreach (var input in plan.Inputs)
            {
                foreach (ref var word in input.Words) word = BitConverter.HalfToUInt16Bits((Half)(random.NextSingle() - 0.5f));
            }

            plan.Run(s_pool);
            return [.. plan.Outputs.Select(output => output.Words.ToArray())];
        }
    }

    [TestMethod]
    [DataRow(3, 17, 7)]
    [DataRow(7, 130, 33)]
    [DataRow(17, 64, 1)]
    public void A_weight_gradient_cut_along_its_rows_gives_the_same_bits(int samples, int inputs, int units)
    {
        // More inputs than samples: each piece takes its own columns of x, whether they are stored in 16 bits or in 32.
        var dy = new InputLayer(Shape.Of(samples, units), DType.Float16, "dy").Tensor;
        foreach (var type in new[] { DType.Float16, DType.Float32 })
        {
            var x = new InputLayer(Shape.Of(samples, inputs), type, "x").Tensor;
            var dw = Ops.Make(new MatMul(TransposeLeft: true), type == DType.Float16 ? x : Ops.Make(new Cast(DType.Float16, IsStorage: true), x), dy);
            var whole = Outputs(x, dy, dw, StagedKernel.PieceBytes);
            CollectionAssert.AreEqual(whole, Outputs(x, dy, dw, 4L * 5 * (samples + units)), $"{type}, five rows at a time");
            CollectionAssert.AreEqual(whole, Outputs(x, dy, dw, 1), $"{type}, row by row");
        }

        static ushort[] Outputs(SymbolicTensor x, SymbolicTensor dy, SymbolicTensor dw, long pieceBytes)
        {
            var options = PlanOptions.WithoutModel() with { PieceBytes = pieceBytes };
            var plan = Planner.Plan(new PlanRequest(options, [x.Value, dy.Value], [dw.Value], []), [x.Value.Spec, dy.Value.Spec]);
            var random = new Random(3);
            foreach (var input in plan.Inputs) OpRun.Put([.. Enumerable.Range(0, input.Length).Select(_ => (double)(Half)(random.NextSingle() - 0.5f))], input);
            plan.Run(s_pool);
            return plan.Outputs[0].Words.ToArray();
        }
    }

    [TestMethod]
    public void Requested_conversions_round_and_those_of_storage_need_not()
    {
        var x = new InputLayer(Shape.Of(3), DType.Float32, "x").Tensor;
        SymbolicTensor[] outputs =
        [
            Ops.Cast(Ops.Cast(x, DType.Float16), DType.Float32), Ops.Cast(Ops.Cast(x + 1, DType.BFloat16), DType.Float32) * 2,
            Ops.Cast(Ops.Make(new Cast(DType.Float16, IsStorage: true), x), DType.Float32) * 2,
        ];
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [x.Value], [.. outputs.Select(output => output.Value)], []), [x.Value.Spec]);
        float[] values = [1.0001f, -3.14159f, 0.3f];
        values.CopyTo(plan.Inputs[0].Floats);
        plan.Run(s_pool);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.AreEqual((float)(Half)values[i], plan.Outputs[0].Floats[i]);
            Assert.AreEqual(Rounded(values[i] + 1, DType.BFloat16) * 2, plan.Outputs[1].Floats[i], 1e-9);
            Assert.AreEqual(values[i] * 2, plan.Outputs[2].Floats[i]);
        }
    }

    private static double[][] Run(OpCase row, DType type, double[][] values, long pieceBytes)
    {
        OpInput[] given = [.. row.Inputs.Select(input => input.Type == DType.Float32 ? input with { Type = type } : input)];
        var inputs = OpRun.Placeholders(given, unknownBatch: false);
        return OpRun.Of(inputs, [.. row.Apply(inputs)], given, row.Training, pieceBytes: pieceBytes).Run(s_pool, values);
    }

    private static double Rounded(float value, DType type) => type == DType.Float16
        ? (float)(Half)value
        : BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(value) + 0x8000) & unchecked((int)0xFFFF0000));

    /// <summary>Within a few last places of the largest value: a case may be several nodes, with rounding between them.</summary>
    private static void Compare(double[] expected, double[] actual, double lastPlace, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        var largest = expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i].Equals(actual[i])) continue;
            Assert.AreEqual(expected[i], actual[i], (3 * lastPlace * Math.Max(Math.Abs(expected[i]), largest)) + 1e-6, $"{what} [{i}]");
        }
    }
}
