// Longer than other files: many properties of programs, all tested with the same few helpers for random programs.
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Compares programs with double arithmetic, element by element: every opcode, every broadcasting pattern, outputs in place, random chains.</summary>
[TestClass]
[TestCategory("Kernels")]
public class ElementwiseProgramTests
{
    private static readonly ElementwiseOpcode[] Opcodes =
    [
        .. Enum.GetValues<ElementwiseOpcode>().Except(
            [ElementwiseOpcode.Load, ElementwiseOpcode.MomentStep, ElementwiseOpcode.RandomUniform, ElementwiseOpcode.RandomNormal]),
    ];

    public static IEnumerable<object[]> OpcodeRows => Opcodes.Select(opcode => new object[] { opcode.ToString() });

    [TestMethod]
    [DynamicData(nameof(OpcodeRows))]
    public void Opcodes_match_double_for_every_length(string name)
    {
        var opcode = Enum.Parse<ElementwiseOpcode>(name);
        var arity = ElementwiseOpcodes.Arity(opcode);
        foreach (var length in SimdTesting.Lengths)
        {
            var x = Arguments(opcode, length, 1);
            var y = Arguments(opcode, length, 2);
            var z = Arguments(opcode, length, 3);
            var builder = new ElementwiseProgramBuilder([length]);
            var operands = new int[3];
            for (var i = 0; i < 3; i++)
            {
                operands[i] = i < arity ? builder.Input([length]) : -1;
                if (i < arity && ElementwiseOpcodes.TakesMask(opcode, i))
                {
                    operands[i] = builder.Add(ElementwiseOpcode.Greater, operands[i], builder.Constant(0f));
                }
            }

            var result = builder.Add(opcode, operands[0], operands[1], operands[2], 0.3f, 0.6f);
            if (ElementwiseOpcodes.GivesMask(opcode)) result = builder.Add(ElementwiseOpcode.MaskToFloat, result);
            builder.Output(result);
            using var run = new Run(builder.Build());
            var output = run.Inputs(new[] { x, y, z }[..arity]).FloatOutput(length);
            run.Execute();

            for (var i = 0; i < length; i++)
            {
                double a = Operand(opcode, 0, x[i]), b = Operand(opcode, 1, y[i]), c = Operand(opcode, 2, z[i]);
                var expected = ElementwiseReference.Evaluate(opcode, a, b, c, 0.3f, 0.6f);
                Assert.AreEqual(expected, output[i], 2e-6 + (2e-6 * Math.Abs(expected)), $"{opcode}({a:R}, {b:R}, {c:R}) [{i}] of {length}");
            }
        }
    }

    [TestMethod]
    public void NaN_stays_in_relu()
    {
        ElementwiseOpcode[] opcodes =
        [
            ElementwiseOpcode.Relu, ElementwiseOpcode.Clip, ElementwiseOpcode.LeakyRelu,
            ElementwiseOpcode.Elu, ElementwiseOpcode.HardSigmoid, ElementwiseOpcode.Sign,
        ];
        foreach (var opcode in opcodes)
        {
            var builder = new ElementwiseProgramBuilder([5]);
            builder.Output(builder.Add(opcode, builder.Input([5]), alpha: 0.1f, beta: 0.9f));
            using var run = new Run(builder.Build());
            var output = run.Inputs([float.NaN, 1, -1, 0, float.NaN]).FloatOutput(5);
            run.Execute();
            Assert.IsTrue(float.IsNaN(output[0]) && float.IsNaN(output[4]) && !float.IsNaN(output[1]), opcode.ToString());
        }
    }

    [TestMethod]
    [DataRow("5,7", "7")]
    [DataRow("5,7", "5,1")]
    [DataRow("5,7", "1")]
    [DataRow("5,7", "")]
    [DataRow("3,1,7", "1,1,7")]
    [DataRow("300,3", "3")]
    [DataRow("300,3", "300,1")]
    [DataRow("3,2500", "2500")]
    [DataRow("3,2500", "3,1")]
    [DataRow("3,4100,1", "4100,1")]
    [DataRow("2,3,5,7", "3,1,7")]
    [DataRow("2,3,5,7", "2,1,5,1")]
    [DataRow("2,3,5,7", "1,3,1,1")]
    [DataRow("4,1,600", "4,1,1")]
    [DataRow("2,70,33", "2,1,33")]
    [DataRow("2,3,2100", "2,1,2100")]
    [DataRow("2,3,2100", "3,1")]
    [DataRow("", "")]
    [DataRow("1,1", "1")]
    [DataRow("0,4", "4")]
    [DataRow("17", "17")]
    public void Broadcasting_one_side_matches_the_rule_of_NumPy(string shapeText, string otherText)
    {
        int[] shape = Parse(shapeText), other = Parse(otherText);
        var length = shape.Aggregate(1, (a, b) => a * b);
        var otherLength = other.Aggregate(1, (a, b) => a * b);
        var x = SimdTesting.Random(length);
        var y = SimdTesting.Random(otherLength, seed: 3);
        var strides = ElementwiseGeometry.BroadcastStrides(other, shape);
        foreach (var type in Enum.GetValues<ElementwiseType>())
        {
            var builder = new ElementwiseProgramBuilder(shape);
            var a = builder.Input(shape);
            var b = builder.Input(other, type);
            var value = type == ElementwiseType.Bool ? builder.Add(ElementwiseOpcode.MaskToFloat, b) : b;

            // A value that depends on the broadcast input alone, so that work hoisted to a row, tile or run is covered.
            var twice = builder.Add(ElementwiseOpcode.Add, value, value);
            builder.Output(builder.Add(ElementwiseOpcode.Subtract, a, twice));
            using var run = new Run(builder.Build());
            var output = run.Inputs(x).TypedInput(y, type).FloatOutput(length);
            run.Execute();
            for (var i = 0; i < length; i++)
            {
                var place = 0L;
                var rest = i;
                for (var axis = shape.Length - 1; axis >= 0; axis--)
                {
                    place += rest % shape[axis] * strides[axis];
                    rest /= shape[axis];
                }

                Assert.AreEqual(x[i] - (2 * Run.Convert(y[place], type)), output[i], 1e-6f, $"{type} [{i}]");
            }
        }
    }

    [TestMethod]
    public void Transposed_and_skipping_strides_read_the_right_elements()
    {
        const int rows = 37, columns = 53;
        var x = SimdTesting.Random(rows * columns * 2);
        var builder = new ElementwiseProgramBuilder([columns, rows]);
        var transposed = builder.InputStrided([1, columns]);
        var skipping = builder.InputStrided([2 * rows, 2]);
        builder.Output(builder.Add(ElementwiseOpcode.Subtract, transposed, skipping));
        using var run = new Run(builder.Build());
        var output = run.Inputs(x, x).FloatOutput(rows * columns);
        run.Execute();
        for (var c = 0; c < columns; c++)
        {
            for (var r = 0; r < rows; r++) Assert.AreEqual(x[(r * columns) + c] - x[(c * 2 * rows) + (2 * r)], output[(c * rows) + r]);
        }
    }

    [TestMethod]
    [DataRow(1, false)]
    [DataRow(17, false)]
    [DataRow(17, true)]
    [DataRow(5000, true)]
    public void Adam_in_place_matches_double(int length, bool byDifference)
    {
        float[] w = SimdTesting.Random(length), g = SimdTesting.Random(length, seed: 2);
        float[] m = SimdTesting.Random(length, seed: 3), v = SimdTesting.Random(length, 0, 2, 4);
        const float rate = 0.01f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-7f;
        var b = new ElementwiseProgramBuilder([length]);
        int wi = b.Input([length]), gi = b.Input([length]), mi = b.Input([length]), vi = b.Input([length]), ri = b.Input([]);
        var square = b.Add(ElementwiseOpcode.Multiply, gi, gi);
        var m2 = byDifference
            ? b.Add(ElementwiseOpcode.Add, mi, Scale(b.Add(ElementwiseOpcode.Subtract, gi, mi), 1 - beta1))
            : b.Add(ElementwiseOpcode.Add, Scale(mi, beta1), Scale(gi, 1 - beta1));
        var v2 = byDifference
            ? b.Add(ElementwiseOpcode.Add, vi, Scale(b.Add(ElementwiseOpcode.Subtract, square, vi), 1 - beta2))
            : b.Add(ElementwiseOpcode.Add, Scale(vi, beta2), Scale(square, 1 - beta2));
        var root = b.Add(ElementwiseOpcode.Add, b.Add(ElementwiseOpcode.Sqrt, v2), b.Constant(epsilon));
        var w2 = b.Add(ElementwiseOpcode.Subtract, wi, b.Add(ElementwiseOpcode.Divide, b.Add(ElementwiseOpcode.Multiply, m2, ri), root));
        b.Output(m2, overwrites: 2);
        b.Output(v2, overwrites: 3);
        b.Output(w2, overwrites: 0);
        var program = b.Build();
        Assert.AreEqual(byDifference ? 1 : 5, program.InstructionsPerTile, "two blends, the step, the quotient, the difference; or all in one");
        using var run = new Run(program);
        run.Inputs(w, g, m, v, [rate]).OutputOver(2).OutputOver(3).OutputOver(0);
        run.Execute();
        for (var i = 0; i < length; i++)
        {
            var em = (beta1 * (double)m[i]) + ((1 - beta1) * (double)g[i]);
            var ev = (beta2 * (double)v[i]) + ((1 - beta2) * (double)g[i] * g[i]);
            Assert.AreEqual(em, run.Input(2)[i], 1e-6);
            Assert.AreEqual(ev, run.Input(3)[i], 1e-6);
            Assert.AreEqual(w[i] - (em * rate / (Math.Sqrt(ev) + epsilon)), run.Input(0)[i], 1e-5 * Math.Max(1, Math.Abs(em * rate / Math.Sqrt(ev))));
        }

        int Scale(int value, float factor) => b.Add(ElementwiseOpcode.Multiply, value, b.Constant(factor));
    }

    [TestMethod]
    public void Pairs_that_every_network_has_are_one_instruction()
    {
        const int length = 40;
        float[] x = SimdTesting.Random(length, 0.5f, 2), y = SimdTesting.Random(length, seed: 2);
        Check(b => b.Add(ElementwiseOpcode.Where, b.Add(ElementwiseOpcode.Greater, 1, b.Constant(0)), 0, b.Constant(0)), (a, c) => c > 0 ? a : 0);
        Check(b => b.Add(ElementwiseOpcode.Multiply, 1, b.Add(ElementwiseOpcode.Sigmoid, 1)), (_, c) => c / (1 + Math.Exp(-c)));
        Check(b => b.Add(ElementwiseOpcode.Multiply, b.Add(ElementwiseOpcode.Sigmoid, 1), 1), (_, c) => c / (1 + Math.Exp(-c)));
        Check(b => b.Add(ElementwiseOpcode.Reciprocal, b.Add(ElementwiseOpcode.Sqrt, 0)), (a, _) => 1 / Math.Sqrt(a));
        Check(b => b.Add(ElementwiseOpcode.Subtract, 0, b.Add(ElementwiseOpcode.Multiply, 0, 1)), (a, c) => a - ((double)a * c));
        Check(b => b.Add(ElementwiseOpcode.Subtract, b.Add(ElementwiseOpcode.Multiply, 0, 1), 1), (a, c) => ((double)a * c) - c);

        // Not if the value is used elsewhere as well, nor for a comparison with another constant.
        Check(b => b.Add(ElementwiseOpcode.Where, b.Add(ElementwiseOpcode.Greater, 1, b.Constant(0.5f)), 0, b.Constant(0)), (a, c) => c > 0.5f ? a : 0, 2);
        Check(b => b.Add(ElementwiseOpcode.Multiply, 0, b.Add(ElementwiseOpcode.Sigmoid, 1)), (a, c) => a / (1 + Math.Exp(-c)), 2);

        void Check(Func<ElementwiseProgramBuilder, int> make, Func<float, float, double> exact, int instructions = 1)
        {
            var builder = new ElementwiseProgramBuilder([length]);
            builder.Input([length]);
            builder.Input([length]);
            builder.Output(make(builder));
            var program = builder.Build();
            Assert.AreEqual(instructions, program.InstructionsPerTile);
            using var run = new Run(program);
            var output = run.Inputs(x, y).FloatOutput(length);
            run.Execute();
            for (var i = 0; i < length; i++) Assert.AreEqual(exact(x[i], y[i]), output[i], 1e-5);
        }
    }

    [TestMethod]
    public void An_overwritten_input_that_is_still_needed_is_stored_at_the_end()
    {
        // The first output overwrites x although the second still reads x; the third copies y over z.
        const int length = 3000;
        float[] x = SimdTesting.Random(length), y = SimdTesting.Random(length, seed: 2), z = SimdTesting.Random(length, seed: 3);
        var b = new ElementwiseProgramBuilder([length]);
        int xi = b.Input([length]), yi = b.Input([length]), zi = b.Input([length]);
        var sum = b.Add(ElementwiseOpcode.Add, xi, yi);
        var product = b.Add(ElementwiseOpcode.Max, b.Add(ElementwiseOpcode.Multiply, xi, zi), sum);
        b.Output(sum, overwrites: 0);
        b.Output(product, overwrites: 1);
        b.Output(yi, overwrites: 2);
        using var run = new Run(b.Build());
        run.Inputs(x, y, z).OutputOver(0).OutputOver(1).OutputOver(2);
        run.Execute();
        for (var i = 0; i < length; i++)
        {
            Assert.AreEqual(x[i] + y[i], run.Input(0)[i]);
            Assert.AreEqual(MathF.Max(x[i] * z[i], x[i] + y[i]), run.Input(1)[i]);
            Assert.AreEqual(y[i], run.Input(2)[i]);
        }
    }

    [TestMethod]
    public void Outputs_of_every_type_are_stored()
    {
        foreach (var length in SimdTesting.Lengths)
        {
            var x = SimdTesting.Random(length, -50, 50);
            var b = new ElementwiseProgramBuilder([length]);
            var input = b.Input([length]);
            var mask = b.Add(ElementwiseOpcode.Less, input, b.Constant(3f));
            b.Output(mask, ElementwiseType.Bool);
            b.Output(input, ElementwiseType.Int32);
            b.Output(input, ElementwiseType.Int64);
            b.Output(b.Constant(2.5f));
            b.Output(b.Add(ElementwiseOpcode.Not, mask), ElementwiseType.Bool);
            b.Output(input, ElementwiseType.Float16);
            b.Output(b.Constant(-2.5f), ElementwiseType.Float16);
            b.Output(b.Add(ElementwiseOpcode.Negate, input), ElementwiseType.BFloat16);
            b.Output(input, ElementwiseType.Int8);
            b.Output(b.Add(ElementwiseOpcode.Abs, input), ElementwiseType.UInt8);
            using var run = new Run(b.Build());
            run.Inputs(x);
            var less = run.Output<byte>(length);
            var int32 = run.Output<int>(length);
            var int64 = run.Output<long>(length);
            var constant = run.FloatOutput(length);
            var not = run.Output<byte>(length);
            var half = run.Output<Half>(length);
            var constantHalf = run.Output<Half>(length);
            var upper = run.Output<ushort>(length);
            var int8 = run.Output<sbyte>(length);
            var uint8 = run.Output<byte>(length);
            run.Execute();
            for (var i = 0; i < length; i++)
            {
                Assert.AreEqual(x[i] < 3 ? 1 : 0, less[i]);
                Assert.AreEqual((int)x[i], int32[i]);
                Assert.AreEqual((Half)x[i], half[i]);
                Assert.AreEqual((Half)(-2.5f), constantHalf[i]);
                Assert.AreEqual(-x[i], BitConverter.Int32BitsToSingle(upper[i] << 16), Math.Abs(x[i]) / 256);
                Assert.AreEqual((long)x[i], int64[i]);
                Assert.AreEqual((sbyte)x[i], int8[i]);
                Assert.AreEqual((byte)MathF.Abs(x[i]), uint8[i]);
                Assert.AreEqual(2.5f, constant[i]);
                Assert.AreEqual(x[i] < 3 ? 0 : 1, not[i]);
            }
        }
    }

    [TestMethod]
    public void Masks_copied_selected_and_compared_stay_masks()
    {
        const int length = 37;
        float[] x = SimdTesting.Random(length), y = SimdTesting.Random(length, seed: 2), z = SimdTesting.Random(length, seed: 3);
        var b = new ElementwiseProgramBuilder([length]);
        int a = b.Input([length], ElementwiseType.Bool), c = b.Input([length], ElementwiseType.Bool), d = b.Input([length], ElementwiseType.Bool);
        b.Output(b.Add(ElementwiseOpcode.Copy, a), ElementwiseType.Bool);
        b.Output(b.Add(ElementwiseOpcode.Where, a, c, d), ElementwiseType.Bool);
        b.Output(b.Add(ElementwiseOpcode.Equal, a, c), ElementwiseType.Bool);
        b.Output(b.Add(ElementwiseOpcode.NotEqual, a, c), ElementwiseType.Bool);
        Assert.ThrowsExactly<ArgumentException>(() => b.Add(ElementwiseOpcode.Less, a, c));
        using var run = new Run(b.Build());
        run.TypedInput(x, ElementwiseType.Bool).TypedInput(y, ElementwiseType.Bool).TypedInput(z, ElementwiseType.Bool);
        ReadOnlySpan<byte> copy = run.Output<byte>(length), where = run.Output<byte>(length);
        ReadOnlySpan<byte> equal = run.Output<byte>(length), notEqual = run.Output<byte>(length);
        run.Execute();
        for (var i = 0; i < length; i++)
        {
            Assert.AreEqual(x[i] > 0 ? 1 : 0, copy[i]);
            Assert.AreEqual((x[i] > 0 ? y[i] : z[i]) > 0 ? 1 : 0, where[i]);
            Assert.AreEqual(x[i] > 0 == y[i] > 0 ? 1 : 0, equal[i]);
            Assert.AreEqual(x[i] > 0 != y[i] > 0 ? 1 : 0, notEqual[i]);
        }
    }

    [TestMethod]
    public void Random_numbers_in_any_part_are_those_of_Philox()
    {
        foreach (var shape in new int[][] { [63], [64], [5000], [70, 33], [3, 2500] })
        {
            var length = shape.Aggregate(1, (a, b) => a * b);
            var builder = new ElementwiseProgramBuilder(shape);
            builder.Output(builder.Random(ElementwiseOpcode.RandomUniform, 0x123456789ABCDEFUL, 5));
            builder.Output(builder.Random(ElementwiseOpcode.RandomNormal, 77, 6));
            using var run = new Run(builder.Build());
            var uniform = run.FloatOutput(length);
            var normal = run.FloatOutput(length);
            run.Execute(step: 3);
            var expected = new float[length];
            PhiloxReference.FillUniform(0x123456789ABCDEFUL, 5, 3, expected);
            CollectionAssert.AreEqual(expected, uniform.ToArray());
            PhiloxReference.FillNormal(77, 6, 3, expected);
            CollectionAssert.AreEqual(expected, normal.ToArray());
        }
    }

    [TestMethod]
    public void Random_chains_of_many_seeds_match_double()
    {
        ElementwiseOpcode[] pool =
        [
            ElementwiseOpcode.Add, ElementwiseOpcode.Subtract, ElementwiseOpcode.Multiply, ElementwiseOpcode.Max, ElementwiseOpcode.Min, ElementwiseOpcode.Tanh,
            ElementwiseOpcode.Sigmoid, ElementwiseOpcode.Relu, ElementwiseOpcode.Abs, ElementwiseOpcode.Negate, ElementwiseOpcode.LeakyRelu,
            ElementwiseOpcode.Softsign,
        ];
        int[][] shapes = [[33], [7, 9], [40, 3], [3, 2600], [2, 3, 5], [4, 1, 800]];
        for (var seed = 0; seed < 120; seed++)
        {
            var random = new Random(seed);
            var shape = shapes[random.Next(shapes.Length)];
            var length = shape.Aggregate(1, (a, b) => a * b);
            var builder = new ElementwiseProgramBuilder(shape);
            var values = new List<(int Id, double[] Exact)>();
            var inputs = new List<float[]>();
            for (var i = 0; i < 4; i++)
            {
                var other = shape.Select(size => random.Next(3) == 0 ? 1 : size).ToArray();
                if (i == 0) other = shape;
                var data = SimdTesting.Random(other.Aggregate(1, (a, b) => a * b), seed: (seed * 10) + i);
                inputs.Add(data);
                var strides = ElementwiseGeometry.BroadcastStrides(other, shape);
                values.Add((builder.Input(other), [.. Enumerable.Range(0, length).Select(e => (double)data[Place(e, shape, strides)])]));
            }

            values.Add((builder.Constant(0.75f), [.. Enumerable.Repeat(0.75, length)]));
            for (var i = 0; i < 14; i++)
            {
                var opcode = pool[random.Next(pool.Length)];
                var a = values[random.Next(values.Count)];
                var b = values[random.Next(values.Count)];
                var id = ElementwiseOpcodes.Arity(opcode) == 1 ? builder.Add(opcode, a.Id, alpha: 0.2f) : builder.Add(opcode, a.Id, b.Id);
                values.Add((id, [.. Enumerable.Range(0, length).Select(e => ElementwiseReference.Evaluate(opcode, a.Exact[e], b.Exact[e], 0, 0.2f, 0))]));
            }

            // Three results, the first of them in the memory of the only input that is never broadcast.
            int[] results = [values.Count - 1, values.Count - 3, 5 + random.Next(values.Count - 5)];
            builder.Output(values[results[0]].Id, overwrites: 0);
            builder.Output(values[results[1]].Id);
            builder.Output(values[results[2]].Id);
            using var run = new Run(builder.Build());
            run.Inputs([.. inputs]).OutputOver(0);
            var second = run.FloatOutput(length);
            var third = run.FloatOutput(length);
            run.Execute();
            for (var e = 0; e < length; e++)
            {
                Check(values[results[0]].Exact[e], run.Input(0)[e]);
                Check(values[results[1]].Exact[e], second[e]);
                Check(values[results[2]].Exact[e], third[e]);

                void Check(double expected, float actual) =>
                    Assert.AreEqual(expected, actual, 1e-4 * Math.Max(1, Math.Abs(expected)), $"seed {seed}, element {e} of [{string.Join(", ", shape)}]");
            }
        }
    }

    [TestMethod]
    public void A_wrong_use_of_the_builder_is_reported()
    {
        var builder = new ElementwiseProgramBuilder([4, 5]);
        Assert.ThrowsExactly<ArgumentException>(() => builder.Input([4]));
        var x = builder.Input([4, 5]);
        var row = builder.Input([5]);
        Assert.ThrowsExactly<ArgumentException>(() => builder.Add(ElementwiseOpcode.Add, x));
        Assert.ThrowsExactly<ArgumentException>(() => builder.Add(ElementwiseOpcode.Not, x));
        Assert.ThrowsExactly<ArgumentException>(() => builder.Output(x, ElementwiseType.Bool));
        Assert.ThrowsExactly<InvalidOperationException>(() => builder.Build());
        builder.Output(x, overwrites: 1);
        Assert.ThrowsExactly<InvalidOperationException>(() => builder.Build());
        _ = row;
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_warm_run_allocates_nothing()
    {
        var builder = new ElementwiseProgramBuilder([100, 33]);
        builder.Output(builder.Add(ElementwiseOpcode.Tanh, builder.Add(ElementwiseOpcode.Add, builder.Input([100, 33]), builder.Input([33]))));
        using var run = new Run(builder.Build());
        run.Inputs(SimdTesting.Random(3300), SimdTesting.Random(33)).FloatOutput(3300);
        run.Execute(0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        run.ExecuteParts(1);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static long Place(int element, int[] shape, long[] strides)
    {
        var place = 0L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            place += element % shape[axis] * strides[axis];
            element /= shape[axis];
        }

        return place;
    }

    private static int[] Parse(string text) =>
        text.Length == 0 ? [] : [.. text.Split(',').Select(s => int.Parse(s, System.Globalization.CultureInfo.InvariantCulture))];

    // Arguments inside the function's domain and away from its poles and jumps.
    private static float[] Arguments(ElementwiseOpcode opcode, int length, int operand)
    {
        var (low, high) = opcode switch
        {
            ElementwiseOpcode.Acosh => (1.1f, 4f),
            ElementwiseOpcode.Log or ElementwiseOpcode.Sqrt or ElementwiseOpcode.ReciprocalSqrt or ElementwiseOpcode.Power
                or ElementwiseOpcode.Reciprocal => (0.1f, 3f),
            ElementwiseOpcode.Divide or ElementwiseOpcode.FloorMod or ElementwiseOpcode.DivideByRoot => (0.3f, 3f),
            ElementwiseOpcode.Asin or ElementwiseOpcode.Acos or ElementwiseOpcode.Atanh or ElementwiseOpcode.Log1p => (-0.9f, 0.9f),
            ElementwiseOpcode.Tan => (-1.4f, 1.4f),
            _ => (-3f, 3f),
        };
        var values = SimdTesting.Random(length, low, high, operand * 100);
        if (opcode is ElementwiseOpcode.Equal or ElementwiseOpcode.NotEqual or ElementwiseOpcode.LessOrEqual or ElementwiseOpcode.GreaterOrEqual
            or ElementwiseOpcode.FloatToMask)
        {
            for (var i = 0; i < length; i++) values[i] = MathF.Round(values[i]);
        }

        if (opcode is ElementwiseOpcode.IsInfinity or ElementwiseOpcode.IsNaN)
        {
            for (var i = 0; i < length; i += 3)
            {
                values[i] = (i % 4) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.NegativeInfinity, _ => 0f };
            }
        }

        return values;
    }

    private static double Operand(ElementwiseOpcode opcode, int operand, float value) =>
        ElementwiseOpcodes.TakesMask(opcode, operand) ? value > 0 ? 1 : 0 : value;

    /// <summary>Pinned memory with NaN on both sides of every buffer; runs all parts in reverse order.</summary>
    private sealed unsafe class Run(ElementwiseProgram program) : IDisposable
    {
        private const int Slack = 64;
        private readonly List<byte[]> _buffers = [];
        private readonly List<(byte[] Buffer, int Bytes)> _inputs = [];
        private readonly List<nint> _inputAddresses = [];
        private readonly List<nint> _outputAddresses = [];
        private nint[] _in = [];
        private nint[] _out = [];

        public static float Convert(float value, ElementwiseType type) => type switch
        {
            ElementwiseType.Float32 => value,
            ElementwiseType.Bool => value > 0 ? 1 : 0,
            ElementwiseType.Float16 => (float)(Half)value,
            ElementwiseType.BFloat16 => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & unchecked((int)0xFFFF0000)),
            ElementwiseType.UInt8 => (int)(MathF.Abs(value) * 10),
            _ => (int)(value * 10),
        };

        public Run Inputs(params float[][] arrays)
        {
            foreach (var array in arrays) TypedInput(array, ElementwiseType.Float32);
            return this;
        }

        public Run Inputs(float[] array) => TypedInput(array, ElementwiseType.Float32);

        public Run TypedInput(float[] array, ElementwiseType type)
        {
            switch (type)
            {
                case ElementwiseType.Float32: Fill(array); break;
                case ElementwiseType.Bool: Fill(Array.ConvertAll(array, v => (byte)(v > 0 ? 255 : 0))); break;
                case ElementwiseType.Float16: Fill(Array.ConvertAll(array, v => (Half)v)); break;
                case ElementwiseType.BFloat16: Fill(Array.ConvertAll(array, v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))); break;
                case ElementwiseType.Int32: Fill(Array.ConvertAll(array, v => (int)(v * 10))); break;
                case ElementwiseType.Int8: Fill(Array.ConvertAll(array, v => (sbyte)(v * 10))); break;
                case ElementwiseType.UInt8: Fill(Array.ConvertAll(array, v => (byte)(MathF.Abs(v) * 10))); break;
                default: Fill(Array.ConvertAll(array, v => (long)(v * 10))); break;
            }

            return this;
        }

        public ReadOnlySpan<float> Input(int index) =>
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(_inputs[index].Buffer.AsSpan(Slack, _inputs[index].Bytes));

        public ReadOnlySpan<float> FloatOutput(int length) => Output<float>(length);

        public ReadOnlySpan<T> Output<T>(int length) where T : unmanaged
        {
            _outputAddresses.Add(Allocate(length * sizeof(T)));
            return new ReadOnlySpan<T>((void*)_outputAddresses[^1], length);
        }

        public Run OutputOver(int input)
        {
            _outputAddresses.Add(_inputAddresses[input]);
            return this;
        }

        public void Execute(ulong step = 0)
        {
            _in = [.. _inputAddresses];
            _out = [.. _outputAddresses];
            ExecuteParts(step);
            foreach (var buffer in _buffers)
            {
                for (var i = 0; i < Slack; i++) Assert.IsTrue(buffer[i] == 0xFF && buffer[^(i + 1)] == 0xFF, "written outside the range");
            }
        }

        public void ExecuteParts(ulong step)
        {
            for (var part = program.Parts - 1; part >= 0; part--) program.Run(_in, _out, part, step);
        }

        public void Dispose() => GC.KeepAlive(_buffers);

        private void Fill<T>(T[] array) where T : unmanaged
        {
            _inputAddresses.Add(Allocate(array.Length * sizeof(T)));
            array.CopyTo(new Span<T>((void*)_inputAddresses[^1], array.Length));
            _inputs.Add((_buffers[^1], array.Length * sizeof(T)));
        }

        private nint Allocate(int bytes)
        {
            var buffer = GC.AllocateUninitializedArray<byte>(bytes + (2 * Slack), pinned: true);
            Array.Fill(buffer, (byte)0xFF);
            _buffers.Add(buffer);
            return (nint)Unsafe.AsPointer(ref buffer[0]) + Slack;
        }
    }
}
