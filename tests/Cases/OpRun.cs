using System.Runtime.InteropServices;
using OnnxFunctional.Tests.Training.Simd;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Cases;

/// <summary>A function of tensors as a plan for fixed shapes, run on given values.</summary>
internal sealed class OpRun
{
    private readonly ExecutionPlan _plan;

    private OpRun(ExecutionPlan plan) => _plan = plan;

    public IReadOnlyList<Shape> Shapes => [.. _plan.Outputs.Select(output => output.Shape)];

    /// <summary>An input of a graph that is run alone.</summary>
    public static SymbolicTensor Input(int[] shape, DType type = DType.Float32, string? name = null) => new InputLayer(Shape.Of(shape), type, name).Tensor;

    /// <summary>Placeholders for the inputs, with an unknown batch if requested.</summary>
    public static SymbolicTensor[] Placeholders(IEnumerable<OpInput> inputs, bool unknownBatch) =>
        [.. inputs.Select((input, i) => new InputLayer(unknownBatch ? input.OpenSpec.Shape : input.Spec.Shape, input.Type, "x" + i).Tensor)];

    /// <summary>Plans the outputs as functions of the inputs.</summary>
    /// <param name="inputs">The inputs of the graph.</param>
    /// <param name="outputs">What is computed.</param>
    /// <param name="shapes">The shapes of a batch; omitted if the inputs have known shapes.</param>
    /// <param name="training">Whether the training side of the graph is planned.</param>
    /// <param name="seed">The seed of random operators.</param>
    /// <param name="pieceBytes">See <see cref="PlanOptions.PieceBytes"/>.</param>
    public static OpRun Of(
        IReadOnlyList<SymbolicTensor> inputs,
        IReadOnlyList<SymbolicTensor> outputs,
        IEnumerable<OpInput>? shapes = null,
        bool training = false,
        ulong seed = 7,
        long? pieceBytes = null)
    {
        Value[] given = [.. inputs.Select(input => input.Value)];
        Value[] wanted = [.. outputs.Select(output => output.Value)];
        var map = Specialization.Of(given, wanted, training);
        var options = PlanOptions.WithoutModel(seed);
        if (pieceBytes is { } bytes) options = options with { PieceBytes = bytes };
        var request = new PlanRequest(options, given, [.. wanted.Select(value => map[value])], []);
        return new OpRun(Planner.Plan(request, [.. shapes?.Select(shape => shape.Spec) ?? given.Select(value => value.Spec)]));
    }

    /// <summary>Runs the plan.</summary>
    public double[][] Run(WorkerPool pool, double[][] inputs, ulong step = 3)
    {
        for (var i = 0; i < inputs.Length; i++) Put(inputs[i], _plan.Inputs[i]);
        _plan.Run(pool, step);
        return [.. _plan.Outputs.Select(Take)];
    }

    /// <summary>Runs the plan and gives all bytes of the outputs.</summary>
    public byte[] Bytes(WorkerPool pool, double[][] inputs, ulong step = 3)
    {
        Run(pool, inputs, step);
        return [.. _plan.Outputs.SelectMany(output => output.Bytes.ToArray())];
    }

    /// <summary>The outputs' bytes of warm runs, which must not allocate; <paramref name="fill"/> gets the number and the buffer of each input.</summary>
    public static List<byte[]> Outputs(SymbolicTensor[] inputs, IReadOnlyList<SymbolicTensor> outputs, Action<int, ValueBuffer> fill, int threads = 1)
    {
        var plan = Of(inputs, outputs)._plan;
        using var pool = new WorkerPool(threads);
        var allocated = 0L;

        // Early runs may allocate on behalf of the runtime, which is still compiling; a kernel that allocates does so in every run.
        for (var run = 0; run < 2 || (allocated > 0 && run < 20); run++)
        {
            // Inputs may share memory with later values, so each run fills them again.
            for (var i = 0; i < inputs.Length; i++) fill(i, plan.Inputs[i]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            plan.Run(pool);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.AreEqual(0, allocated, "a warm run allocates");
        return [.. plan.Outputs.Select(output => output.Bytes.ToArray())];
    }

    /// <summary>Fails unless an operator agrees with its definition, with the same bits for three threads.</summary>
    public static void AssertLikeDefinition(
        SymbolicTensor[] inputs,
        SymbolicTensor[] actual,
        SymbolicTensor[] expected,
        Action<int, ValueBuffer> fill,
        double tolerance = 1e-5)
    {
        var one = Outputs(inputs, actual, fill);
        var three = Outputs(inputs, actual, fill, threads: 3);
        var definition = Outputs(inputs, expected, fill);
        for (var i = 0; i < one.Count; i++)
        {
            CollectionAssert.AreEqual(one[i], three[i], $"output {i}: threads changed the bits");
            var floats = MemoryMarshal.Cast<byte, float>(one[i]);
            SimdTesting.AssertClose(MemoryMarshal.Cast<byte, float>(definition[i]), floats, tolerance, tolerance, $"output {i}");
        }
    }

    /// <summary>Stores values in the type of a buffer.</summary>
    public static void Put(double[] values, ValueBuffer buffer)
    {
        for (var i = 0; i < values.Length; i++)
        {
            switch (buffer.Spec.Type)
            {
                case DType.Float16: buffer.Words[i] = BitConverter.HalfToUInt16Bits((Half)values[i]); break;
                case DType.BFloat16: buffer.Words[i] = (ushort)(BitConverter.SingleToUInt32Bits((float)values[i]) >> 16); break;
                case DType.Float32: buffer.Floats[i] = (float)values[i]; break;
                case DType.Int64: buffer.Longs[i] = (long)values[i]; break;
                case DType.Int32: buffer.Ints[i] = (int)values[i]; break;
                case DType.Int8: buffer.Bytes[i] = (byte)(sbyte)values[i]; break;
                case DType.UInt8: buffer.Bytes[i] = (byte)values[i]; break;
                default: buffer.Bools[i] = values[i] != 0; break;
            }
        }
    }

    private static double[] Take(ValueBuffer buffer) => buffer.Spec.Type switch
    {
        DType.Float16 => [.. buffer.Words.ToArray().Select(word => (double)BitConverter.UInt16BitsToHalf(word))],
        DType.BFloat16 => [.. buffer.Words.ToArray().Select(word => (double)BitConverter.UInt32BitsToSingle((uint)word << 16))],
        DType.Float32 => [.. buffer.Floats.ToArray().Select(value => (double)value)],
        DType.Int64 => [.. buffer.Longs.ToArray().Select(value => (double)value)],
        DType.Int32 => [.. buffer.Ints.ToArray().Select(value => (double)value)],
        DType.Int8 => [.. buffer.Bytes.ToArray().Select(value => (double)(sbyte)value)],
        DType.UInt8 => [.. buffer.Bytes.ToArray().Select(value => (double)value)],
        _ => [.. buffer.Bools.ToArray().Select(value => value ? 1.0 : 0)],
    };
}
