using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>
/// Operators on the extremes of int32 and int64, and on numbers that float32 rounds: engine and ONNX Runtime against whole numbers of any size, wrapped around.
/// </summary>
[TestClass]
public sealed class IntegerValueTests
{
    private static readonly Dictionary<string, Function> s_functions = new()
    {
        ["Add"] = new(Ops.Add, (a, b) => a + b),
        ["Sub"] = new(Ops.Subtract, (a, b) => a - b),
        ["Mul"] = new(Ops.Multiply, (a, b) => a * b),
        ["Div"] = new(Ops.Divide, BigInteger.Divide),
        ["Mod"] = new(Ops.Mod, (a, b) => (((a % b) + b) % b)),
        ["Max"] = new(Ops.Maximum, BigInteger.Max),
        ["Min"] = new(Ops.Minimum, BigInteger.Min),
        ["Equal"] = new(Ops.Equal, (a, b) => a == b ? 1 : 0),
        ["Greater"] = new(Ops.Greater, (a, b) => a > b ? 1 : 0),
        ["GreaterEqual"] = new(Ops.GreaterEqual, (a, b) => a >= b ? 1 : 0),
        ["Less"] = new(Ops.Less, (a, b) => a < b ? 1 : 0),
        ["LessEqual"] = new(Ops.LessEqual, (a, b) => a <= b ? 1 : 0),
        ["Where"] = new((a, b) => Ops.Where(Ops.Greater(a, b), a, b), BigInteger.Max),
        ["chain"] = new(
            (a, b) => Ops.Where(Ops.Equal(Ops.Mod(a + 1, 1000), 0), b, (a * 3) - b),
            (a, b) => ((((a + 1) % 1000) + 1000) % 1000) == 0 ? b : (a * 3) - b),
    };

    public static IEnumerable<object[]> Functions =>
        from name in s_functions.Keys from type in new[] { DType.Int32, DType.Int64 } select new object[] { name, type };

    [TestMethod]
    [DynamicData(nameof(Functions))]
    public void Arithmetic_of_extremes_is_exact_and_wraps_around_on_both_sides(string name, DType type)
    {
        var (make, of) = s_functions[name];
        var numbers = Extremes(type);
        var pairs = (from a in numbers from b in numbers where b != 0 || name is not ("Div" or "Mod") select (A: a, B: b)).ToArray();

        // In the chain, sums that wrap around before the remainder are left out.
        if (name == "chain") pairs = [.. pairs.Where(pair => pair.A + 1 == Wrapped(pair.A + 1, type))];
        BigInteger[] expected = [.. pairs.Select(pair => Wrapped(of(pair.A, pair.B), type))];
        var (engine, runtime) = Both(type, make, [.. pairs.Select(pair => pair.A)], [.. pairs.Select(pair => pair.B)]);
        for (var i = 0; i < pairs.Length; i++)
        {
            Assert.AreEqual(expected[i], engine[i], $"engine: {name}({pairs[i].A}, {pairs[i].B})");
            foreach (var results in runtime) Assert.AreEqual(expected[i], results[i], $"ONNX Runtime: {name}({pairs[i].A}, {pairs[i].B})");
        }
    }

    [TestMethod]
    [DataRow(DType.Int32)]
    [DataRow(DType.Int64)]
    public void Operands_are_broadcast(DType type)
    {
        SymbolicTensor a = OpRun.Input([2, 1, 3], type), b = OpRun.Input([4, 1], type);
        var large = 1 << 25;
        var sums = Integers(OpRun.Outputs([a, b], [Ops.Add(a, b)], (index, buffer) =>
        {
            for (var i = 0; i < buffer.Length; i++) Put(buffer, i, index == 0 ? large + i : 10 * i);
        })[0], type);
        for (var i = 0; i < 24; i++) Assert.AreEqual(large + (i / 12 * 3) + (i % 3) + (10 * (i / 3 % 4)), sums[i]);
    }

    /// <summary>Ids that were hashed elsewhere are larger than 2^24, from where float32 skips numbers.</summary>
    [TestMethod]
    public void Large_ids_keep_their_last_digits()
    {
        var ids = OpRun.Input([3], DType.Int64);
        var bytes = OpRun.Outputs([ids], [Ops.Mod(ids, 1000), Ops.Cast(ids, DType.Int32)], (_, buffer) =>
        {
            foreach (var (number, i) in new[] { 123456789L, 16777217L, 4294967297L }.Select((number, i) => (number, i))) buffer.Longs[i] = number;
        });
        CollectionAssert.AreEqual(new long[] { 789, 217, 297 }, MemoryMarshal.Cast<byte, long>(bytes[0]).ToArray());
        CollectionAssert.AreEqual(new[] { 123456789, 16777217, 1 }, MemoryMarshal.Cast<byte, int>(bytes[1]).ToArray());
    }

    /// <summary>A number in a program or a file is not rounded to float32 before it meets an integer.</summary>
    [TestMethod]
    public void Large_numbers_in_programs_and_files_are_exact()
    {
        SymbolicTensor ids = Model.Input([2], DType.Int64), small = Model.Input([2], DType.Int32), real = Model.Input([2]);
        SymbolicTensor[] outputs =
        [
            Ops.Cast(Ops.Equal(ids, 123456789), DType.Float32), Ops.Cast(Ops.Mod(ids + 4294967297, 1000), DType.Float32),
            Ops.Cast(Ops.Mod(small - 16777217, 1000), DType.Float32), Ops.Cast(Ops.Mod(small + 10000000001, 1000), DType.Float32), real * 16777217,
        ];
        var model = new Model([ids, small, real], outputs);
        foreach (var each in new[] { model, Model.FromJson(model.ToJson()) })
        {
            var y = each.PredictAll(NDArrays.Create([new long[,] { { 123456789, 123456792 } }, new int[,] { { 16777218, 0 } }, new float[,] { { 1, 2 } }]));
            float[][] expected = [[1, 0], [86, 89], [1, 783], [219, 1], [16777216, 33554432]];
            for (var i = 0; i < expected.Length; i++) for (var j = 0; j < 2; j++) Assert.AreEqual(expected[i][j], y[i][0, j], $"output {i}, element {j}");
        }
    }

    /// <summary>Exact in the engine; ONNX Runtime computes float64, and makes the smallest integer of what does not fit.</summary>
    [TestMethod]
    [DataRow(DType.Int32)]
    [DataRow(DType.Int64)]
    public void Powers_agree_where_they_fit(DType type)
    {
        var pairs = (from a in new BigInteger[] { -3, -1, 0, 1, 2, 10 } from b in new BigInteger[] { 0, 1, 2, 9 } select (A: a, B: b)).ToArray();
        var (engine, runtime) = Both(type, Ops.Power, [.. pairs.Select(pair => pair.A)], [.. pairs.Select(pair => pair.B)]);
        for (var i = 0; i < pairs.Length; i++)
        {
            Assert.AreEqual(BigInteger.Pow(pairs[i].A, (int)pairs[i].B), engine[i]);
            foreach (var results in runtime) Assert.AreEqual(engine[i], results[i], $"{pairs[i]}");
        }

        SymbolicTensor x = OpRun.Input([4], type), y = OpRun.Input([4], type);
        var powers = Integers(OpRun.Outputs([x, y], [Ops.Power(x, y)], (index, buffer) =>
        {
            foreach (var (number, i) in new[] { index == 0 ? 3 : 40, index == 0 ? 2 : -1, index == 0 ? -1 : -3, index == 0 ? 1 : -9 }.Select((n, i) => (n, i)))
                Put(buffer, i, number);
        })[0], type);
        CollectionAssert.AreEqual(new[] { Wrapped(BigInteger.Pow(3, 40), type), 0, -1, 1 }, powers);
    }

    [TestMethod]
    [DataRow("Div", DType.Int32)]
    [DataRow("Div", DType.Int64)]
    [DataRow("Mod", DType.Int32)]
    [DataRow("Mod", DType.Int64)]
    public void Division_by_zero_is_an_error_on_both_sides(string name, DType type)
    {
        var x = Model.Input([2], type);
        var divisor = Model.Input([2], type);
        var model = new Model([x, divisor], s_functions[name].Make(x, divisor));
        NDArray[] data = type == DType.Int32 ? [new int[,] { { 1, 2 } }, new int[,] { { 1, 0 } }] : [new long[,] { { 1, 2 } }, new long[,] { { 1, 0 } }];
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.PredictAll(NDArrays.Create(data))).Message, "divides an integer by zero");
        var emitted = model.Emit();
        using var session = Open(emitted.Proto.ToByteArray(), GraphOptimization.All);
        OnnxValue[] values = [Value(type, [1, 2], 1, 2), Value(type, [1, 0], 1, 2)];
        var failure = Assert.ThrowsExactly<ExportException>(() => session.Run([.. emitted.Inputs.Select(input => input.Name)], values, null, default));
        StringAssert.Contains(failure.Message, "by zero");
    }

    /// <summary>Functions of one number compute in float32, as the file says with a Cast.</summary>
    [TestMethod]
    [DataRow(DType.Int32)]
    [DataRow(DType.Int64)]
    public void Functions_of_one_extreme_and_sums_are_the_same_in_the_file(DType type)
    {
        var numbers = Extremes(type);
        foreach (var make in (Func<SymbolicTensor, SymbolicTensor>[])[
            Ops.Abs, Ops.Negative, Ops.Sign, x => Ops.Cast(x, DType.Float32), x => Ops.Cast(x, DType.Bool), x => Ops.Sum(x, -1), x => Ops.Max(x, -1)])
        {
            var x = new InputLayer(Shape.Of(1, numbers.Length), type, "x").Tensor;
            var y = make(x);
            var engine = OpRun.Of([x], [y]).Run(new WorkerPool(1), [[.. numbers.Select(number => (double)Clamped(number, type))]])[0];
            var emitted = new Model(x, y).Emit();
            using var session = Open(emitted.Proto.ToByteArray(), GraphOptimization.All);
            BigInteger[] clamped = [.. numbers.Select(number => Clamped(number, type))];
            var runtime = EmittedRun.Floats(session.Run(["x"], [Value(type, clamped, 1, numbers.Length)], null, default)[0]);
            for (var i = 0; i < engine.Length; i++)
                Assert.AreEqual((float)engine[i], runtime[i], 4e-7f * MathF.Abs(runtime[i]), $"{y.Value.Producer.Op.Name} {i}");
        }

        // What a double cannot say exactly is left to the tests of two operands.
        static BigInteger Clamped(BigInteger number, DType type) =>
            type == DType.Int64 && BigInteger.Abs(number) > 1L << 53 ? number.Sign * (BigInteger.One << 62) : number;
    }

    private static (BigInteger[] Engine, BigInteger[][] Runtime) Both(
        DType type, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> make, BigInteger[] a, BigInteger[] b)
    {
        SymbolicTensor x = new InputLayer(Shape.Of(a.Length), type, "a").Tensor, y = new InputLayer(Shape.Of(a.Length), type, "b").Tensor;
        var result = make(x, y);
        var bytes = OpRun.Outputs([x, y], [result], (index, buffer) =>
        {
            for (var i = 0; i < a.Length; i++) Put(buffer, i, (index == 0 ? a : b)[i]);
        });
        var emitted = new Model([x, y], result).Emit();
        var runtime = new List<BigInteger[]>();
        foreach (var optimization in new[] { GraphOptimization.None, GraphOptimization.All })
        {
            using var session = Open(emitted.Proto.ToByteArray(), optimization);
            var value = session.Run(["a", "b"], [Value(type, a, a.Length), Value(type, b, b.Length)], null, CancellationToken.None)[0];
            runtime.Add(value.ElementType == typeof(bool) ? All<bool>(value, flag => flag ? 1 : 0)
                : value.ElementType == typeof(int) ? All<int>(value, number => number) : All<long>(value, number => number));
        }

        return (Integers(bytes[0], result.DType), [.. runtime]);

        static BigInteger[] All<T>(OnnxValue value, Func<T, BigInteger> convert)
        {
            var tensor = value.As<T>();
            var data = new T[tensor.FlattenedLength];
            tensor.FlattenTo(data);
            return [.. data.Select(convert)];
        }
    }

    private static OnnxSession Open(byte[] model, GraphOptimization optimization) => OnnxSession.Open(
        model, "the model", ExecutionProvider.Cpu, new OnnxModelOptions { Optimization = optimization, IntraOpThreads = 1 });

    private static BigInteger[] Extremes(DType type)
    {
        BigInteger least = type == DType.Int32 ? int.MinValue : long.MinValue, most = type == DType.Int32 ? int.MaxValue : long.MaxValue;
        return [least, least + 1, -16777217, -7, -1, 0, 1, 3, 1000, 16777217, 123456789, most - 1, most];
    }

    private static BigInteger Wrapped(BigInteger number, DType type) =>
        type == DType.Int32 ? unchecked((int)(uint)(number & uint.MaxValue)) : unchecked((long)(ulong)(number & ulong.MaxValue));

    private static BigInteger[] Integers(byte[] bytes, DType type) => type switch
    {
        DType.Int32 => [.. MemoryMarshal.Cast<byte, int>(bytes).ToArray().Select(number => (BigInteger)number)],
        DType.Int64 => [.. MemoryMarshal.Cast<byte, long>(bytes).ToArray().Select(number => (BigInteger)number)],
        _ => [.. bytes.Select(number => (BigInteger)number)],
    };

    private static void Put(ValueBuffer buffer, int i, BigInteger number)
    {
        if (buffer.Spec.Type == DType.Int32) buffer.Ints[i] = (int)number;
        else buffer.Longs[i] = (long)number;
    }

    private static OnnxValue Value(DType type, BigInteger[] numbers, params int[] dims)
    {
        nint[] lengths = [.. dims.Select(dim => (nint)dim)];
        return type == DType.Int32
            ? OnnxValue.Of([.. numbers.Select(number => (int)number)], lengths)
            : OnnxValue.Of([.. numbers.Select(number => (long)number)], lengths);
    }

    /// <summary>A function of tensors, and the same of whole numbers of any size.</summary>
    private sealed record Function(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> Make, Func<BigInteger, BigInteger, BigInteger> Of);
}
