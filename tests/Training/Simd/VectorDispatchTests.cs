using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>The choice of a vector width, and what it costs.</summary>
[TestClass]
[TestCategory("Kernels")]
public unsafe class VectorDispatchTests
{
    [TestMethod]
    public void A_loop_runs_with_the_widest_vectors() => Assert.AreEqual(VectorDispatch.Lanes, Chosen());

    [TestMethod]
    public void A_loop_over_short_runs_takes_the_widest_vectors_they_fill_by_more_than_half()
    {
        for (var length = 0; length <= 33; length++)
        {
            var wanted = length > 8 ? 16 : length > 4 ? 8 : 4;
            Assert.AreEqual(Math.Min(wanted, VectorDispatch.Lanes), Chosen(length), $"{length}");
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_dispatch_allocates_nothing()
    {
        Chosen();
        Chosen(5);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Chosen();
        Chosen(5);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int Chosen()
    {
        var lanes = 0;
        VectorDispatch.Run(new LanesLoop(&lanes));
        return lanes;
    }

    private static int Chosen(int length)
    {
        var lanes = 0;
        VectorDispatch.Run(length, new LanesLoop(&lanes));
        return lanes;
    }

    private readonly struct LanesLoop(int* lanes) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => *lanes = V.Count;
    }
}
