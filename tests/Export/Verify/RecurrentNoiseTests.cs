using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Export.Verify;

/// <summary>Recurrent operators with noise in their steps: the same results and gradients but for rounding, of all forms of the operators.</summary>
[TestClass]
public sealed class RecurrentNoiseTests
{
    private const int Batch = 3;
    private const int Time = 5;
    private const int Units = 4;

    public static IEnumerable<object[]> Forms =>
        from name in new[] { "lstm", "gru", "gru, reset before", "rnn" }
        from masked in new[] { false, true }
        from reverse in new[] { false, true }
        from zeros in new[] { false, true }
        where masked || !zeros
        select new object[] { name, masked, reverse, zeros };

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void Values_and_gradients_stay_the_same_but_for_rounding(string name, bool masked, bool reverse, bool zeros)
    {
        var x = Model.Input([null, 3]);
        var state = Model.Input([Units]);
        var steps = masked ? new Masking().Call(x) : x;
        RecurrentLayer layer = name switch
        {
            "lstm" => new Layers.Lstm(Units, returnSequences: true, returnState: true, goBackwards: reverse, zeroOutputForMask: zeros),
            "rnn" => new SimpleRnn(Units, returnSequences: true, returnState: true, goBackwards: reverse, zeroOutputForMask: zeros),
            _ => new Layers.Gru(
                Units,
                returnSequences: true,
                returnState: true,
                goBackwards: reverse,
                resetAfter: name == "gru",
                zeroOutputForMask: zeros),
        };
        var initial = name == "lstm" ? new[] { state, state * 0.5f } : [state];
        var results = layer.CallAll([steps, .. initial], new CallOptions { Mask = steps.Mask });
        var model = new Model([x, state], results);
        var loss = results.Aggregate(Ops.Constant(0), (sum, result) => sum + Ops.Sum(Ops.Sin(result * 2)));
        SymbolicTensor[] weights = [.. model.Weights.Select(weight => new SymbolicTensor(weight.Variable))];
        SymbolicTensor[] wanted = [.. results, .. Gradient.Of(loss, [x, state, .. weights])];
        Value[] outputs = [.. wanted.Select(y => y.Value)];
        Value[] inputs = [x.Value, state.Value];
        var map = Specialization.Of(inputs, outputs, training: true);
        outputs = [.. outputs.Select(output => map[output])];
        var graph = Graph.Between(inputs, outputs);
        Assert.IsTrue(graph.Nodes.Any(node => node.Op is RecurrentGradient));

        TensorSpec[] specs = [new(Shape.Of(Batch, Time, 3), DType.Float32), new(Shape.Of(Batch, Units), DType.Float32)];
        var plain = Run(new(PlanOptions.WithoutModel(7), inputs, outputs, []));
        var (stands, noisy) = RoundingNoise.Of(graph, 1, [], specs);
        var rounded = Run(new(PlanOptions.WithoutModel(7), stands, [.. outputs.Select(output => noisy[output])], []) { Original = graph });
        for (var i = 0; i < plain.Length; i++)
        {
            for (var j = 0; j < plain[i].Length; j++) Assert.AreEqual(plain[i][j], rounded[i][j], 1e-4, $"output {i}, element {j}");
            CollectionAssert.AreNotEqual(plain[i], rounded[i], $"output {i}");
        }

        float[][] Run(PlanRequest request)
        {
            using var pool = new WorkerPool(1);
            var plan = Planner.Plan(request, specs);
            var random = new Random(3);
            foreach (ref var value in plan.Inputs[0].Floats) value = random.NextSingle() - 0.5f;
            if (masked) plan.Inputs[0].Floats.Slice(3, 9).Clear();
            foreach (ref var value in plan.Inputs[1].Floats) value = random.NextSingle() - 0.5f;
            plan.Run(pool, 1);
            return [.. plan.Outputs.Select(output => output.Floats.ToArray())];
        }
    }
}
