using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Tests.Export.Runtime;

[TestClass]
public class OnnxSessionTests
{
    [TestMethod]
    [DataRow(GraphOptimization.None)]
    [DataRow(GraphOptimization.All)]
    public void Extra_outputs_give_values_inside_the_graph(GraphOptimization optimization)
    {
        var model = HandmadeModels.Dense();
        var before = model.ToByteArray();
        var options = new OnnxModelOptions { Optimization = optimization, IntraOpThreads = 1 };
        using var session = OnnxSession.Open(model, ["z", "y"], "the model", ExecutionProvider.Cpu, options);
        CollectionAssert.AreEqual(new[] { "y", "z" }, session.Outputs.Select(output => output.Name).ToArray());

        OnnxValue x = Tensor.Create([1f, 2, 3], [1, 3]);
        var all = session.Run(["x"], [x], null, CancellationToken.None);
        Assert.AreEqual(-72f, all[1].As<float>()[0, 1]);
        var one = session.Run(["x"], [x], ["z"], CancellationToken.None);
        Assert.HasCount(1, one);
        Assert.AreEqual(22.5f, one[0].As<float>()[0, 0]);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => session.Run(["x"], [x], ["q"], CancellationToken.None)).Message, "has no output 'q'");
        CollectionAssert.AreEqual(before, model.ToByteArray());
    }

    [TestMethod]
    public void Dispose_during_a_run_lets_it_end_and_refuses_the_next()
    {
        using var session = OnnxSession.Open(
            HandmadeModels.Loop().ToByteArray(), "the model", ExecutionProvider.Cpu, new OnnxModelOptions { IntraOpThreads = 1 });
        using var stop = new CancellationTokenSource();
        string[] names = ["x", "times"];
        OnnxValue[] values = [OnnxValue.Scalar(0f), OnnxValue.Scalar(long.MaxValue)];
        var run = Task.Run(() => session.Run(names, values, null, stop.Token), CancellationToken.None);
        Assert.IsTrue(SpinWait.SpinUntil(() => session.RunsInFlight == 1 || run.IsCompleted, TimeSpan.FromSeconds(30)));
        session.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => session.Run(names, values, null, CancellationToken.None));
        Assert.AreEqual(1, session.RunsInFlight);
        stop.Cancel();
        Assert.IsInstanceOfType<OperationCanceledException>(Assert.ThrowsExactly<AggregateException>(run.Wait).InnerException);
        Assert.AreEqual(0, session.RunsInFlight);
    }
}
