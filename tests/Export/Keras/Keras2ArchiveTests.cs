using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>.keras and .weights.h5 files of Keras 2.12 to 2.15: their models have the numbers of those they were made of.</summary>
[TestClass]
public sealed class Keras2ArchiveTests
{
    private static readonly Dictionary<string, Func<Model>> s_models = new()
    {
        ["images"] = () =>
        {
            var x = Model.Input([7, 17, 3]);
            return new Model(x, x.Apply(
                new Conv2D(3, 3, activation: Activation.Relu),
                new BatchNormalization(),
                new MaxPooling2D(2),
                new Conv2D(7, 1),
                new Relu(),
                new BatchNormalization(),
                new DepthwiseConv2D((1, 3)),
                new Conv2D(1, 1),
                new Flatten(),
                new Dense(7),
                new Dropout(0.5),
                new Dense(3, Activation.Softmax)));
        },
        ["words"] = () =>
        {
            var x = Model.Input([7], DType.Int32);
            var y = new Embedding(17, 3, maskZero: true).Call(x);
            y = new Bidirectional(new Lstm(3, returnSequences: true)).Call(y);
            y = new Gru(7, returnSequences: true).Call(y);
            y = new TimeDistributed(new Dense(3)).Call(y);
            return new Model(x, new Lstm(1).Call(y));
        },
        ["attention"] = () =>
        {
            var x = Model.Input([7, 3]);
            var y = new MultiHeadAttention(1, 3).Call(x, x);
            return new Model(x, new Dense(1).Call(new LayerNormalization().Call(new Add().Call([x, y]))));
        },
        ["nested"] = () =>
        {
            var (x, inner) = (Model.Input([3]), Model.Input([3]));
            var part = new Model(inner, inner.Apply(new Dense(7), new LayerNormalization(center: false, scale: false), new Dense(3), new LayerNormalization()));
            var list = new Sequential([3], new Dense(17), new Dense(3));
            var y = new Dense(3).Call(part.Call(new Dense(3).Call(x)));
            return new Model(x, new Concatenate().Call([list.Call(y), new LayerNormalization().Call(y)]));
        },
    };

    private static readonly string[] s_versions = ["2.12.0", "2.13.1", "2.14.0", "2.15.0"];

    public static IEnumerable<object[]> Cases =>
        from name in s_models.Keys
        from separator in new[] { '/', '\\' }
        select new object[] { name, separator };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_file_opens_with_the_numbers_of_its_model(string name, char separator)
    {
        using var folder = new TemporaryFolder();
        var model = Drawn(name);
        foreach (var version in s_versions)
        {
            File.WriteAllBytes(folder.File("model.keras"), Keras2Archive.Of(model, version, separator));
            AreEqual(model, Model.Load(folder.File("model.keras")), $"{name}, {version}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Weights_alone_fit_the_model_in_code(string name, char separator)
    {
        using var folder = new TemporaryFolder();
        var (model, other) = (Drawn(name), s_models[name]());
        File.WriteAllBytes(folder.File("model.weights.h5"), Keras2Archive.Weights(model, separator));
        other.LoadWeights(folder.File("model.weights.h5"));
        AreEqual(model, other, name);
    }

    [TestMethod]
    public void A_compiled_file_is_compiled_again_and_its_optimizer_begins_anew()
    {
        using var folder = new TemporaryFolder();
        const string Compile = """
            {"optimizer": {"module": "keras.optimizers", "class_name": "Custom>Adam", "config": {"name": "Adam", "weight_decay": null, "clipnorm": null,
            "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "jit_compile": false,
            "is_legacy_optimizer": false, "learning_rate": 0.0625, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false},
            "registered_name": "Custom>Adam"}, "loss": {"module": "builtins", "class_name": "function", "config": "categorical_crossentropy",
            "registered_name": "function"}, "metrics": ["accuracy"], "loss_weights": null, "weighted_metrics": null, "run_eagerly": null,
            "steps_per_execution": null, "jit_compile": null}
            """;
        var model = Drawn("images");
        File.WriteAllBytes(folder.File("model.keras"), Keras2Archive.Of(model, "2.15.0", '\\', Compile));
        var trainer = Trainer.Load(folder.File("model.keras"));
        AreEqual(model, trainer.Model, "images");
        Assert.IsInstanceOfType<Adam>(trainer.Optimizer);
        Assert.AreEqual(0.0625, trainer.LearningRate, 1e-9);
        Assert.AreEqual(0, trainer.Iterations);
        var plain = Assert.ThrowsExactly<ModelException>(() => trainer.LoadOptimizer(folder.File("model.keras")));
        Assert.Contains("holds no optimizer state", plain.Message);
    }

    [TestMethod]
    public void Weights_of_another_architecture_are_told_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("model.weights.h5"), Keras2Archive.Weights(Drawn("nested"), '\\'));
        var x = Model.Input([3]);
        var other = new Model(x, x.Apply(new Dense(3), new Dense(7)));
        var before = other.GetWeights()[0].ToArray();
        var refusal = Assert.ThrowsExactly<ModelException>(() => other.LoadWeights(folder.File("model.weights.h5")));
        Assert.Contains("layers/dense_1/vars/0 has shape (3, 3), expected (3, 7)", refusal.Message);
        Assert.Contains("belongs to no weight", refusal.Message);
        CollectionAssert.AreEqual(before, other.GetWeights()[0].ToArray());
    }

    private static Model Drawn(string name)
    {
        var model = s_models[name]();
        var random = new Random(3);
        foreach (var weight in model.Weights)
            foreach (ref var value in weight.Overwritten()) value = 0.1f + random.NextSingle();
        return model;
    }

    private static void AreEqual(Model expected, Model actual, string what)
    {
        var shape = expected.Inputs[0].Shape;
        var count = 3 * shape.Dims[1..].ToArray().Aggregate((product, size) => product * size);
        var full = Shape.Of([3, .. shape.Dims[1..]]);
        var x = expected.Inputs[0].DType == DType.Int32
            ? NDArray.Create(Enumerable.Range(0, count).Select(i => i % 17).ToArray(), full)
            : NDArray.Create(Enumerable.Range(0, count).Select(i => (i * 7 % 11) / 7f).ToArray(), full);
        CollectionAssert.AreEqual(expected.Predict(x).ToArray(), actual.Predict(x).ToArray(), what);
    }
}
