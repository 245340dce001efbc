using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Equal trainings by the engine and by ONNX Runtime on the CPU, which takes the way that CUDA takes.</summary>
internal static class TwoBackends
{
    /// <summary>The largest accepted difference of a weight, relative to the larger of its magnitude and 1.</summary>
    public const double Tolerance = 1e-4;

    public static Backend OnnxRuntime { get; } = Backend.OnnxRuntime(options: new OnnxModelOptions { IntraOpThreads = 1 });

    /// <summary>The network of MNIST without kinks, whose gradients jump by a rounding error: tanh and averages stand for relu and maxima.</summary>
    public static Model Digits()
    {
        var x = Model.Input([28, 28, 1], name: "image");
        return new Model(x, x.Apply(
            new Conv2D(8, 3, activation: Activation.Tanh),
            new AveragePooling2D(2),
            new Conv2D(16, 3, activation: Activation.Tanh),
            new AveragePooling2D(2),
            new Flatten(),
            new Dropout(0.5),
            new Dense(10, Activation.Softmax)));
    }

    /// <summary>A small network with what a step may change beside learned weights: moving statistics.</summary>
    public static Model Small()
    {
        var x = Model.Input([5], name: "x");
        return new Model(x, x.Apply(new Dense(6, Activation.Tanh), new BatchNormalization(), new Dropout(0.25), new Dense(3, Activation.Softmax)));
    }

    /// <summary>Does the same with a trainer of each backend, and compares results, weights, optimizer state and learning rate.</summary>
    /// <param name="compile">Makes a trainer of a new model.</param>
    /// <param name="use">Trains, and returns numbers to compare.</param>
    public static void Agree(Func<Backend, Trainer> compile, Func<Trainer, IEnumerable<double>> use)
    {
        var (engine, other) = (compile(Backend.Engine), compile(OnnxRuntime));
        double[] expected = [.. use(engine)], found = [.. use(other)];
        Assert.HasCount(expected.Length, found);
        for (var i = 0; i < expected.Length; i++) Near(expected[i], found[i], $"result {i}");
        Near(engine, other);
    }

    /// <summary>Compares weights, optimizer state, learning rate and count of steps.</summary>
    public static void Near(Trainer engine, Trainer other)
    {
        Assert.AreEqual(engine.Iterations, other.Iterations);
        Near(engine.LearningRate, other.LearningRate, "the learning rate");
        var (expected, found) = (State(engine), State(other));
        CollectionAssert.AreEqual(expected.Keys.ToArray(), found.Keys.ToArray());
        foreach (var (name, weight) in expected)
        {
            var values = found[name].Storage;
            for (var i = 0; i < values.Length; i++) Near(weight.Storage[i], values[i], $"'{name}', element {i}");
        }
    }

    /// <summary>Everything that a history holds.</summary>
    public static IEnumerable<double> Numbers(History history) => history.Names.SelectMany(name => history[name]);

    public static void Near(double expected, double found, string what)
    {
        if (expected.Equals(found)) return;
        var difference = Math.Abs(expected - found) / Math.Max(1, Math.Abs(expected));
        Assert.IsLessThanOrEqualTo(Tolerance, difference, $"{what}: the engine has {expected:R}, ONNX Runtime {found:R}");
    }

    private static Dictionary<string, Weight> State(Trainer trainer) => trainer.Model.WeightPaths()
        .Concat(trainer.Compiled.State.Slots.Select(slot => (Path: "optimizer/" + slot.Name, Weight: slot)))
        .ToDictionary(entry => entry.Path, entry => entry.Weight);
}
