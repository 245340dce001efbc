using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>States that are carried from batch to batch, in every use of a model.</summary>
[TestClass]
public sealed class StatefulTests
{
    /// <summary>A layer that adds up what it sees has seen 1 + 2 = 3 more after each batch.</summary>
    private static readonly float[,,] s_x = { { { 1 }, { 2 } } };

    private static readonly float[,] s_y = { { 0 } };

    [TestMethod]
    public void Training_evaluation_and_prediction_move_one_state()
    {
        var model = Adding();
        Assert.AreEqual(3, model.Predict(s_x)[0, 0]);
        Assert.AreEqual(6, model.Predict(s_x)[0, 0]);
        var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError);
        Assert.AreEqual(81, trainer.Evaluate(s_x, s_y)["loss"], 1e-4);
        Assert.AreEqual(144, trainer.TestOnBatch(s_x, s_y)["loss"], 1e-4);
        Assert.AreEqual(225, trainer.TrainOnBatch(s_x, s_y)["loss"], 1e-4);
        Assert.AreEqual(18, model.Predict(s_x)[0, 0]);
        Assert.AreEqual(21, model.PredictAll(s_x)[0][0, 0]);
        model.ResetState();
        Assert.AreEqual(3, model.Predict(s_x)[0, 0]);

        // What only looks does not move it.
        trainer.ComputeGradients(s_x, s_y);
        trainer.MeasureMemory(s_x, s_y, batchSize: 1);
        Assert.AreEqual(6, model.Predict(s_x)[0, 0]);
    }

    [TestMethod]
    public void A_prediction_in_batches_is_one_of_all_steps_at_once()
    {
        foreach (var make in (Func<Layer>[])[
            () => new Lstm(3, stateful: true), () => new Gru(3, goBackwards: false, stateful: true), () => new SimpleRnn(3, stateful: true),
            () => new Bidirectional(new Gru(3, stateful: true)), () => new ConvLstm1D(2, 3, padding: Padding.Same, stateful: true)])
        {
            var wide = make() is ConvLstm1D;
            var input = wide ? Model.Input([2, 4, 2], batchSize: 2) : Model.Input([2, 2], batchSize: 2);
            var layer = make();
            var model = new Model(input, layer.Call(input));
            var random = new Random(1);
            var values = Enumerable.Range(0, wide ? 96 : 24).Select(_ => random.NextSingle()).ToArray();
            NDArrays x = NDArray.Create(values, wide ? Shape.Of(6, 2, 4, 2) : Shape.Of(6, 2, 2));
            var whole = model.Predict(x, batchSize: 2).ToArray();
            model.ResetState();
            float[] parts = [.. Enumerable.Range(0, 3).SelectMany(i => model.Predict(x[0].Slice(i * 2, 2)).ToArray())];
            CollectionAssert.AreEqual(whole, parts);

            // Without the state the last batch would give something else.
            model.ResetState();
            CollectionAssert.AreNotEqual(parts[^(parts.Length / 3)..], model.Predict(x[0].Slice(4, 2)).ToArray());
        }
    }

    [TestMethod]
    public void A_frozen_layer_a_nested_model_and_a_part_of_the_model_move_it_too()
    {
        var model = Adding();
        var outer = Model.Input([2, 1], batchSize: 1);
        var nested = new Model(outer, model.Call(outer));
        Assert.AreEqual(3, nested.Predict(s_x)[0, 0]);
        Assert.AreEqual(6, model.Predict(s_x)[0, 0]);
        model.Trainable = false;
        Assert.AreEqual(81, model.Compile(new Sgd(0), Loss.MeanSquaredError).TrainOnBatch(s_x, s_y)["loss"], 1e-4);
        var part = new Model(model.Inputs, model.Layers[^1].Output);
        Assert.AreEqual(12, part.Predict(s_x)[0, 0]);
        nested.ResetState();
        Assert.AreEqual(3, model.Predict(s_x)[0, 0]);
    }

    /// <summary>Keras runs the calls one after the other, and each assigns the states that the next one reads.</summary>
    [TestMethod]
    public void A_layer_called_twice_goes_on_where_its_first_call_ended()
    {
        using var folder = new TemporaryFolder();
        SymbolicTensor a = Model.Input([2, 1], batchSize: 1), b = Model.Input([2, 1], batchSize: 1);
        var rnn = (SimpleRnn)Adding().Layers[^1];
        var (first, second) = (rnn.Call(a), rnn.Call(b));
        var model = new Model([a, b], [first, second]);
        float[,,] ten = { { { 10 }, { 20 } } };
        Sums(model.PredictAll([s_x, ten]), 3, 33);
        Sums(model.PredictAll([s_x, ten]), 36, 66);

        // Neither the order of the outputs nor what else is computed changes the order of the calls.
        Sums(new Model([a, b], [second, first]).PredictAll([s_x, ten]), 99, 69);
        Sums(new Model(b, second).PredictAll([ten]), 129);

        var trainer = model.Compile(new Sgd(0), Loss.MeanAbsoluteError);
        Assert.AreEqual(132 + 162, trainer.Evaluate([s_x, ten], [s_y, s_y])["loss"], 1e-3);
        Assert.AreEqual(165 + 195, trainer.TrainOnBatch([s_x, ten], [s_y, s_y])["loss"], 1e-3);
        Assert.AreEqual(195, rnn.Weights[^1].Storage[0]);

        model.ExportOnnx(folder.File("model.onnx"));
        using var onnx = OnnxModel.Load(folder.File("model.onnx"));
        var y = onnx.Run(Tensor.Create(new float[] { 1, 2 }, [1, 2, 1]), Tensor.Create(new float[] { 10, 20 }, [1, 2, 1]));
        Assert.AreEqual(198, y[0].As<float>()[0, 0]);
        Assert.AreEqual(228, y[1].As<float>()[0, 0]);
    }

    [TestMethod]
    public void Calls_that_depend_on_one_another_and_models_called_twice_go_on_too()
    {
        var inner = Adding();
        var x = Model.Input([2, 1], batchSize: 1);
        var model = new Model(x, [inner.Call(x), inner.Call(x * 10)]);
        Sums(model.PredictAll([s_x]), 3, 33);
        Sums(model.PredictAll([s_x]), 36, 66);

        var rnn = (SimpleRnn)Adding().Layers[^1];
        var once = rnn.Call(x);
        var chain = new Model(x, rnn.Call(Ops.Reshape(Ops.Concatenate([once, once], 1), 1, 2, 1)));

        // 3, then 3 + 3 + 3; then 9 + 3 = 12 and 12 + 12 + 12.
        Sums(chain.PredictAll([s_x]), 9);
        Sums(chain.PredictAll([s_x]), 36);
    }

    private static void Sums(IReadOnlyList<NDArray> actual, params float[] expected) =>
        CollectionAssert.AreEqual(expected, actual.Select(tensor => tensor[0, 0]).ToArray());

    [TestMethod]
    public void A_custom_step_moves_it()
    {
        var model = Adding();
        var step = TrainingStep.From(step =>
        {
            var x = step.Input([2, 1]);
            step.Report("sum", Ops.Sum(model.Call(Ops.Reshape(x, 1, 2, 1))));
            step.Minimize("loss", Ops.Sum(model.Call(Ops.Reshape(x, 1, 2, 1))) * 0, new Sgd(0), model);
        });
        step.Run([s_x]);
        Assert.IsGreaterThan(3, model.Predict(s_x)[0, 0]);
    }

    [TestMethod]
    public void Batches_of_another_size_are_said()
    {
        var input = Model.Input([2, 1], batchSize: 2);
        var model = new Model(input, new SimpleRnn(1, stateful: true).Call(input));
        var trainer = model.Compile(new Sgd(0.1), Loss.MeanSquaredError);
        var (x, y) = (new float[6, 2, 1], new float[6, 1]);
        trainer.Fit(x, y, batchSize: 2, verbose: Verbosity.Silent);
        Assert.AreEqual(3, trainer.Iterations);
        trainer.Evaluate(x, y, batchSize: 2);
        Said(() => trainer.Fit(x, y, verbose: Verbosity.Silent));
        Said(() => trainer.Evaluate(x, y));
        Said(() => trainer.Fit(new float[5, 2, 1], new float[5, 1], batchSize: 2, verbose: Verbosity.Silent));
        Said(() => trainer.Fit(x, y, batchSize: 2, validationSplit: 0.5, verbose: Verbosity.Silent));
        Said(() => model.Predict(x));
        Said(() => model.Predict(new float[5, 2, 1], batchSize: 2));
        Said(() => trainer.TrainOnBatch(new float[1, 2, 1], new float[1, 1]));
        Said(() => trainer.Fit([new Batch(new float[3, 2, 1], new float[3, 1])], verbose: Verbosity.Silent));

        static void Said(Action action) => Assert.Contains("batches of 2 samples", Assert.Throws<ModelException>(action).Message);
    }

    [TestMethod]
    public void A_file_that_resumes_holds_it_and_an_exported_model_starts_from_it()
    {
        using var folder = new TemporaryFolder();
        var model = Adding();
        var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError);
        trainer.TrainOnBatch(s_x, s_y);
        trainer.Save(folder.File("trainer.onnx"));
        Assert.AreEqual(3, model.Weights[^1].Storage[0], "writing and verifying a file moves nothing");
        Assert.AreEqual(36, Trainer.Load(folder.File("trainer.onnx")).TrainOnBatch(s_x, s_y)["loss"], 1e-4);

        model.ExportOnnx(folder.File("model.onnx"));
        using var onnx = OnnxModel.Load(folder.File("model.onnx"));
        for (var i = 0; i < 2; i++) Assert.AreEqual(6, onnx.Predict(Tensor.Create(new float[] { 1, 2 }, [1, 2, 1]))[0, 0]);
    }

    private static Model Adding()
    {
        var input = Model.Input([2, 1], batchSize: 1);
        var rnn = new SimpleRnn(
            1,
            Activation.Linear,
            useBias: false,
            kernelInitializer: Initializer.Ones,
            recurrentInitializer: Initializer.Ones,
            stateful: true);
        return new Model(input, rnn.Call(input));
    }
}
