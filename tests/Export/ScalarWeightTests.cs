using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export;

/// <summary>A weight without dimensions keeps its value and its rank through arrays, files and optimizers.</summary>
[TestClass]
public sealed class ScalarWeightTests
{
    public static IEnumerable<object[]> Optimizers =>
    [
        [new Adam(0.1)], [new Adafactor(0.1)], [new Muon(0.1)], [new Lamb(0.1)], [new Sgd(0.1, momentum: 0.9)], [new Ftrl(0.1)], [new Adadelta(0.1)],
    ];

    [TestMethod]
    public void An_array_of_rank_0_keeps_its_element()
    {
        var tensor = NDArray.Create([1.5f], Shape.Of()).ToTensor();
        Assert.AreEqual(1, (int)tensor.FlattenedLength);
        Assert.AreEqual(1.5f, tensor.ToArray()[0]);
    }

    [TestMethod]
    public void It_can_be_set_from_what_an_array_gives()
    {
        var (model, scale) = Make();
        scale.Value = NDArray.Create([1.5f], Shape.Of()).ToTensor();
        Assert.AreEqual(1.5f, scale.Storage[0]);
        scale.Value = Tensor.Create([2.5f], [1]);
        Assert.AreEqual(2.5f, scale.Value.ToArray()[0]);
        Assert.AreEqual(Shape.Of(), scale.Shape);
        Assert.ThrowsExactly<ModelException>(() => scale.Value = Tensor.Create([1f, 2f], [2]));
        Assert.IsNotNull(model);
    }

    [TestMethod]
    public void Keras_and_ONNX_files_hold_it()
    {
        var (model, scale) = Make();
        scale.Value = Tensor.Create([1.5f], [1]);
        using var folder = new TemporaryFolder();
        model.Save(folder.File("a.keras"));
        model.SaveWeights(folder.File("a.weights.h5"));
        model.ExportOnnx(folder.File("a.onnx"));
        foreach (var read in new[] { Model.Load(folder.File("a.keras")), Model.Load(folder.File("a.onnx")), WithWeights() })
        {
            Assert.AreEqual(1.5f, Scale(read).Storage[0]);
            Assert.AreEqual(Shape.Of(), Scale(read).Shape);
        }

        Model WithWeights()
        {
            var fresh = Make().Model;
            fresh.LoadWeights(folder.File("a.weights.h5"));
            return fresh;
        }
    }

    [TestMethod]
    [DynamicData(nameof(Optimizers))]
    public void Optimizers_train_it_and_resume(Optimizer optimizer)
    {
        var (model, scale) = Make();
        var trainer = model.Compile(optimizer, Loss.MeanSquaredError);
        var (x, y) = (Batch(), new float[2, 1] { { 1 }, { -1 } });
        trainer.Fit(x, y, epochs: 2, verbose: Verbosity.Silent);
        Assert.AreNotEqual(1f, scale.Storage[0]);
        using var folder = new TemporaryFolder();
        trainer.Save(folder.File("a.onnx"));
        var resumed = Trainer.Load(folder.File("a.onnx"));
        trainer.Fit(x, y, epochs: 2, verbose: Verbosity.Silent);
        resumed.Fit(x, y, epochs: 2, verbose: Verbosity.Silent);
        Assert.AreEqual(scale.Storage[0], Scale(resumed.Model).Storage[0]);
    }

    [TestMethod]
    public void An_exported_step_trains_it_and_its_state_comes_home()
    {
        var (model, scale) = Make();
        var trainer = model.Compile(new Adam(0.1), Loss.MeanSquaredError);
        using var folder = new TemporaryFolder();
        trainer.ExportTraining(folder.File("step"));
        using var onnx = OnnxTrainer.Load(folder.File("step"));
        var (x, y) = (Batch(), new float[2, 1] { { 1 }, { -1 } });
        onnx.TrainOnBatch(x, y);
        trainer.TrainOnBatch(x, y);
        onnx.Save(folder.File("state.npz"));
        var name = onnx.StateNames.First(name => name.EndsWith("scale", StringComparison.Ordinal));
        Assert.AreEqual(1, (int)onnx.GetState(name).FlattenedLength);
        Assert.AreEqual(1, (int)Npz.Read<float>(folder.File("state.npz"), name).FlattenedLength);
        var home = onnx.ToModel(Make().Model);
        Assert.AreEqual(scale.Storage[0], Scale(home).Storage[0], 1e-5f);
        using var again = OnnxTrainer.Load(folder.File("step"));
        again.Restore(folder.File("state.npz"));
        Assert.AreEqual(onnx.GetState(name).ToArray()[0], again.GetState(name).ToArray()[0]);
    }

    private static NDArray Batch() => NDArray.Create([.. Enumerable.Range(0, 2 * 3 * 4).Select(i => MathF.Sin(i))], Shape.Of(2, 3, 4));

    private static (Model Model, Weight Scale) Make()
    {
        var input = Model.Input([3, 4]);
        var attended = new Attention(useScale: true).Call(input, input);
        var model = new Model(input, new Dense(1).Call(new GlobalAveragePooling1D().Call(attended)));
        return (model, Scale(model));
    }

    private static Weight Scale(Model model) => model.WeightPaths().Single(named => named.Path.EndsWith("/scale", StringComparison.Ordinal)).Weight;
}
