using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Engine;

[TestClass]
public sealed class FusionTests
{
    [TestMethod]
    public void Chains_do_not_read_views_of_what_they_compute_themselves()
    {
        var x = new InputLayer(Shape.Of(Shape.Unknown), DType.Float32, "x").Tensor;
        var sum = x + 1;
        var view = Ops.Reshape(Ops.Reshape(sum, 2, 2), 4);
        var last = Ops.Cast(view, DType.Int64);
        var request = new PlanRequest(PlanOptions.WithoutModel(), [x.Value], [(sum * view).Value, last.Value], []);
        var plan = Planner.Plan(request, [new TensorSpec(Shape.Of(4), DType.Float32)]);
        new float[] { 3, 1, 2, 4 }.CopyTo(plan.Inputs[0].Floats);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        CollectionAssert.AreEqual(new float[] { 16, 4, 9, 25 }, plan.Outputs[0].Floats.ToArray());
        CollectionAssert.AreEqual(new long[] { 4, 2, 3, 5 }, plan.Outputs[1].Longs.ToArray());
    }
}
