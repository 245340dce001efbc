using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Steps of many layers: ONNX Runtime's time to open them grows with the number of nodes that could run and wait for others.</summary>
[TestClass]
public sealed class ManyLayersTests
{
    private const int Layers = 40;

    [TestMethod]
    [DynamicData(nameof(Optimizers))]
    public void Nodes_that_could_run_do_not_pile_up_with_layers(Optimizer optimizer, int perWeight)
    {
        var (most, first) = MostReady(Step(Layers, optimizer));
        Assert.IsTrue(most <= first + (perWeight * 2 * Layers) + 8, $"{most} nodes could run at one time, {first} of them from the start.");
    }

    [TestMethod]
    public void What_updates_have_in_common_is_computed_once()
    {
        var step = Step(20, new Adam());
        Assert.AreEqual(2, step.Node.Count(node => node.OpType == "Pow"), "powers of Adam's two betas");
        Assert.AreEqual(
            step.Node.Count,
            step.Node.DistinctBy(node => (node.OpType, string.Join(' ', node.Input), string.Join(' ', node.Attribute), Result(step, node))).Count(),
            "equal nodes");
    }

    /// <summary>Optimizers, and how many nodes per weight need only the state and a number that follows from the step.</summary>
    private static IEnumerable<object[]> Optimizers()
    {
        yield return [new Adam(), 0];
        yield return [new AdamW(weightDecay: 0.01), 0];
        yield return [new Nadam(), 1];
        yield return [new Sgd(0.01, momentum: 0.9), 0];
        yield return [new RmsProp(), 0];
        yield return [new Ftrl(), 0];
        yield return [new Lamb(), 0];
    }

    private static string? Result(GraphProto graph, NodeProto node) => graph.Output.FirstOrDefault(output => node.Output.Contains(output.Name))?.Name;

    private static GraphProto Step(int layers, Optimizer optimizer)
    {
        var x = Model.Input([5], name: "x");
        var y = x;
        for (var i = 0; i < layers; i++) y = y.Apply(new Dense(4, Activation.Tanh));
        var trainer = new Model(x, y).Compile(optimizer, new MeanSquaredError());
        return ModelProto.Parser.ParseFrom(TrainingFiles.Of(trainer, new TrainingExportOptions()).Graphs[TrainingFolder.TrainFile]).Graph;
    }

    /// <summary>
    /// The longest list of nodes that could run, if of these the first in the file always does, as ONNX Runtime sorts; and that list at the start.
    /// </summary>
    private static (int Most, int First) MostReady(GraphProto graph)
    {
        var producers = new Dictionary<string, int>();
        for (var i = 0; i < graph.Node.Count; i++)
        {
            foreach (var output in graph.Node[i].Output) producers.Add(output, i);
        }

        var before = graph.Node.Select(node => node.Input.Where(producers.ContainsKey).Select(input => producers[input]).ToHashSet()).ToArray();
        var readers = before.SelectMany((producers, i) => producers.Select(producer => (producer, i))).ToLookup(edge => edge.producer, edge => edge.i);
        var ready = new SortedSet<int>(Enumerable.Range(0, before.Length).Where(i => before[i].Count == 0));
        var (most, first, done) = (0, ready.Count, 0);
        while (ready.Count > 0)
        {
            most = Math.Max(most, ready.Count);
            var next = ready.Min;
            ready.Remove(next);
            done++;
            foreach (var reader in readers[next])
            {
                before[reader].Remove(next);
                if (before[reader].Count == 0) ready.Add(reader);
            }
        }

        Assert.AreEqual(graph.Node.Count, done);
        return (most, first);
    }
}
