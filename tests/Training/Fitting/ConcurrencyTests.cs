using System.Collections.Concurrent;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>A model and its trainer used from several threads that start together.</summary>
[TestClass]
public sealed class ConcurrencyTests
{
    private const int Rounds = 20;
    private const int Samples = 64;

    [TestMethod]
    public void Threads_that_read_weights_first_see_the_same_initial_values()
    {
        var x = Numbers(Samples, 9);
        var expected = Network().Predict(x).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var model = Network();
            var hidden = new Model(model.Inputs, model.GetLayer("hidden").Output);
            var results = new float[4][];
            Together(4, i =>
            {
                // A sub-model has an engine of its own, but its weights are the model's.
                if (i % 2 == 1) hidden.Predict(x);
                results[i] = model.Predict(x).ToArray();
            });
            foreach (var result in results) CollectionAssert.AreEqual(expected, result);
        }
    }

    [TestMethod]
    public void Predicting_beside_a_training_changes_no_weight_of_it()
    {
        var (x, y) = (Numbers(Samples, 9), Numbers(Samples, 3));
        var expected = Fitted(Network(), x, y);
        for (var round = 0; round < Rounds; round++)
        {
            var model = Network();
            var found = Array.Empty<float>();
            Together(2, i =>
            {
                if (i == 0) found = Fitted(model, x, y);
                else for (var again = 0; again < 5; again++) model.Predict(x);
            });
            CollectionAssert.AreEqual(expected, found);
        }
    }

    [TestMethod]
    public void Evaluations_of_one_trainer_take_turns()
    {
        var (x, y) = (Numbers(Samples, 9), Numbers(Samples, 3));
        var trainer = Network().Compile(new Sgd(), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError]);
        var expected = trainer.Evaluate(x, y, batchSize: 7);
        for (var round = 0; round < Rounds; round++)
        {
            var results = new IReadOnlyDictionary<string, double>[4];
            Together(4, i => results[i] = i == 3 ? trainer.TestOnBatch(x, y) : trainer.Evaluate(x, y, batchSize: 7));
            foreach (var result in results[..3]) CollectionAssert.AreEqual(expected.ToArray(), result.ToArray());
            Assert.AreEqual(expected["loss"], results[3]["loss"], 1e-5);
        }
    }

    /// <summary>
    /// Predictions of parts of the model, evaluations and exports beside a training see the weights between two steps, and leave the training as it is.
    /// </summary>
    [TestMethod]
    public void Parts_of_a_model_are_used_and_exported_while_it_is_trained()
    {
        var (x, y) = (Numbers(Samples, 9), Numbers(Samples, 3));
        var expected = Fitted(Network(), x, y);
        using var folder = new TemporaryFolder();
        for (var round = 0; round < Rounds / 4; round++)
        {
            var model = Network();
            var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError);
            var other = model.Compile(new Sgd(), Loss.MeanSquaredError);
            var between = new HashSet<string> { Bits(model.Predict(x)) };
            var (seen, exported) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
            var ended = false;
            var path = folder.File("model.onnx");
            Together(4, i =>
            {
                try
                {
                    switch (i)
                    {
                        case 0:
                            var history = new LambdaCallback(onTrainBatchEnd: (_, _) => between.Add(Bits(model.Predict(x))));
                            trainer.Fit(x, y, epochs: 2, batchSize: 16, callbacks: [history], verbose: Verbosity.Silent);
                            break;
                        case 1:
                            while (!Volatile.Read(ref ended)) seen.Add(Bits(new Model(model.Inputs, model.Outputs).Predict(x)));
                            break;
                        case 2:
                            while (!Volatile.Read(ref ended)) other.Evaluate(x, y);
                            break;
                        default:
                            do
                            {
                                model.ExportOnnx(path);
                                exported.Add(Bits(Model.Load(path).Predict(x)));
                            }
                            while (!Volatile.Read(ref ended));
                            break;
                    }
                }
                finally
                {
                    if (i == 0) Volatile.Write(ref ended, true);
                }
            });
            CollectionAssert.AreEqual(expected, model.Weights.SelectMany(weight => weight.Value.ToArray()).ToArray());
            Assert.IsNotEmpty(exported);
            foreach (var bits in seen.Concat(exported)) Assert.Contains(bits, between);
        }

        static string Bits(System.Numerics.Tensors.Tensor<float> values) =>
            Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values.ToArray()));
    }

    private static Model Network()
    {
        var input = Model.Input([9]);
        return new Model(input, input.Apply(new Dense(257, Activation.Tanh, name: "hidden"), new Dense(3)));
    }

    private static float[] Fitted(Model model, float[,] x, float[,] y)
    {
        model.Compile(new Adam(0.01), Loss.MeanSquaredError).Fit(x, y, epochs: 2, batchSize: 16, verbose: Verbosity.Silent);
        return [.. model.Weights.SelectMany(weight => weight.Value.ToArray())];
    }

    private static float[,] Numbers(int rows, int columns)
    {
        var random = new Random(rows + columns);
        var values = new float[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++) values[i, j] = random.NextSingle() - 0.5f;
        }

        return values;
    }

    /// <summary>Runs an action on several threads that leave a barrier together, and passes on the first failure.</summary>
    private static void Together(int threads, Action<int> action)
    {
        using var barrier = new Barrier(threads);
        var failures = new Exception?[threads];
        var all = Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            barrier.SignalAndWait();
            try
            {
                action(i);
            }
            catch (Exception failure)
            {
                failures[i] = failure;
            }
        })).ToArray();
        foreach (var thread in all) thread.Start();
        foreach (var thread in all) thread.Join();
        if (failures.OfType<Exception>().FirstOrDefault() is { } first) throw new AssertFailedException("A thread failed.", first);
    }
}
