using OnnxFunctional.Tests.Training.Simd;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Kernels;

/// <summary>Runs a few operators in the engine on given numbers.</summary>
internal static class OpRun
{
    /// <summary>An input of a graph that is run alone.</summary>
    public static SymbolicTensor Input(int[] shape, DType type = DType.Float32) => new InputLayer(Shape.Of(shape), type, null).Tensor;

    /// <summary>Runs a graph; all inputs are filled by <paramref name="fill"/> with their number and buffer.</summary>
    public static List<byte[]> Outputs(SymbolicTensor[] inputs, IEnumerable<SymbolicTensor> outputs, Action<int, ValueBuffer> fill, int threads = 1)
    {
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [.. inputs.Select(input => input.Value)], [.. outputs.Select(output => output.Value)], []), [.. inputs.Select(input => input.Value.Spec)]);
        using var pool = new WorkerPool(threads);
        var allocated = 0L;

        // Early runs may allocate on behalf of the runtime, which is still compiling; a kernel that allocates does so in every run.
        for (var run = 0; run < 2 || (allocated > 0 && run < 20); run++)
        {
            // Inputs may share their memory with what comes later, so each run needs them anew.
            for (var i = 0; i < inputs.Length; i++) fill(i, plan.Inputs[i]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            plan.Run(pool);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.AreEqual(0, allocated, "a warm run allocates");
        return [.. plan.Outputs.Select(output => output.Bytes.ToArray())];
    }

    /// <summary>Fails unless an operator gives what its definition gives, and the same bits with three threads.</summary>
    public static void AssertLikeDefinition(SymbolicTensor[] inputs, SymbolicTensor[] actual, SymbolicTensor[] expected, Action<int, ValueBuffer> fill, double tolerance = 1e-5)
    {
        var one = Outputs(inputs, actual, fill);
        var three = Outputs(inputs, actual, fill, threads: 3);
        var definition = Outputs(inputs, expected, fill);
        for (var i = 0; i < one.Count; i++)
        {
            CollectionAssert.AreEqual(one[i], three[i], $"output {i}: threads changed the bits");
            var floats = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(one[i]);
            SimdTesting.AssertClose(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(definition[i]), floats, tolerance, tolerance, $"output {i}");
        }
    }
}
