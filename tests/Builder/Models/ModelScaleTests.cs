using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder;

/// <summary>
/// What models of many layers, inputs and outputs cost beside their computing grows with their number and not with its square. What is counted is the memory
/// that is asked for, which is the same on every machine.
/// </summary>
[TestClass]
public sealed class ModelScaleTests
{
    // Four times the size may ask for four times the memory, and for what tables take that grow in powers of two; a square would be sixteen times.
    private const int Factor = 4;
    private const double Most = 6;

    [TestMethod]
    public void Lists_of_names_and_layers_are_made_once()
    {
        var model = ManyOutputs(3);
        var (inputs, outputs, layers) = (model.InputNames, model.OutputNames, model.Layers);
        Assert.AreSame(inputs, model.InputNames);
        Assert.AreSame(outputs, model.OutputNames);
        Assert.AreSame(layers, model.Layers);
        CollectionAssert.AreEqual(new[] { "in0", "in1", "in2" }, model.InputNames.ToArray());
        CollectionAssert.AreEqual(new[] { "out0", "out1", "out2" }, model.OutputNames.ToArray());
    }

    [TestMethod]
    public void Lists_are_made_anew_when_a_layer_is_added_or_removed()
    {
        var model = new Sequential([3], new Dense(4, name: "a"));
        Assert.AreEqual("a", model.OutputNames.Single());
        model.Add(new Dense(2, name: "b"));
        Assert.AreEqual("b", model.OutputNames.Single());
        Assert.HasCount(3, model.Layers);
        model.Pop();
        Assert.AreEqual("a", model.OutputNames.Single());
        Assert.HasCount(2, model.Layers);
    }

    [TestMethod]
    public void Outputs_of_one_layer_have_different_names()
    {
        var x = Model.Input([3]);
        var y = new Dense(2, name: "y").Call(x);
        var model = new Model(x, new[] { y, y, y });
        CollectionAssert.AreEqual(new[] { "y", "y_1", "y_2" }, model.OutputNames.ToArray());
    }

    [TestMethod]
    public void Names_are_numbered_from_where_the_last_was()
    {
        var names = new NameSet("dense_2");
        CollectionAssert.AreEqual(
            new[] { "dense", "dense_1", "dense_3", "dense_1_1", "dense_4" },
            new[] { "dense", "dense", "dense", "dense_1", "dense" }.Select(names.Unique).ToArray());
    }

    [TestMethod]
    public void Trainable_weights_are_those_that_no_frozen_layer_holds()
    {
        var inner = new Sequential([4], new Dense(4), new BatchNormalization());
        var x = Model.Input([4]);
        var model = new Model(x, new Dense(1).Call(inner.Call(x)));
        Assert.HasCount(6, model.TrainableWeights);
        inner.Layers[1].Trainable = false;
        Assert.HasCount(4, model.TrainableWeights);
        Assert.HasCount(4, model.NonTrainableWeights);
        model.Trainable = false;
        Assert.IsEmpty(model.TrainableWeights);
    }

    [TestMethod]
    public void Building_and_summing_up_a_deep_model_grows_with_its_layers() => GrowsWith(250, layers =>
    {
        var x = Model.Input([4]);
        var y = x;
        for (var i = 0; i < layers; i++) y = new Dense(4).Call(y);
        var model = new Model(x, y);
        Assert.HasCount(2 * layers, model.TrainableWeights);
        Assert.Contains($"dense_{layers - 1}", model.ToString());
    });

    [TestMethod]
    public void Compiling_and_the_first_step_grow_with_the_layers() => GrowsWith(100, layers =>
    {
        var x = Model.Input([4]);
        var y = x;
        for (var i = 0; i < layers; i++) y = new BatchNormalization().Call(new Dense(4).Call(y));
        new Model(x, y).Compile(new Sgd(), Loss.MeanSquaredError, threads: 1).TrainOnBatch(Zeros(2), Zeros(2));
    });

    [TestMethod]
    public void What_a_batch_costs_before_its_step_grows_with_the_outputs()
    {
        var (few, many) = (BytesOfBatch(25), BytesOfBatch(25 * Factor));
        Assert.IsLessThan(Most, (double)many / few, $"{many} after {few} bytes");

        static long BytesOfBatch(int count)
        {
            var model = ManyOutputs(count);
            var (losses, metrics, x, y) = (new LossList(), new MetricList(), new NDArrays(), new NDArrays());
            for (var i = 0; i < count; i++)
            {
                (losses[$"out{i}"], metrics[$"out{i}"]) = (Loss.MeanSquaredError, Metric.MeanAbsoluteError);
                (x[$"in{i}"], y[$"out{i}"]) = (Zeros(2), Zeros(2));
            }

            var trainer = model.Compile(new Sgd(), losses, metrics: metrics, threads: 1);
            trainer.TrainOnBatch(x, y);
            return Allocated(() => trainer.TrainOnBatch(x, y));
        }
    }

    private static Model ManyOutputs(int count)
    {
        SymbolicTensor[] inputs = [.. Enumerable.Range(0, count).Select(i => Model.Input([4], name: $"in{i}"))];
        return new Model(inputs, inputs.Select((input, i) => new Dense(4, name: $"out{i}").Call(input)).ToArray());
    }

    private static NDArray Zeros(int samples) => NDArray.Create(new float[samples * 4], [samples, 4]);

    private static void GrowsWith(int size, Action<int> work)
    {
        work(size / 10);
        var (few, many) = (Allocated(() => work(size)), Allocated(() => work(size * Factor)));
        Assert.IsLessThan(Most, (double)many / few, $"{many} after {few} bytes");
    }

    private static long Allocated(Action work)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
