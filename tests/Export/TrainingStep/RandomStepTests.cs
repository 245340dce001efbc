using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>The engine and an exported step number random streams equally.</summary>
[TestClass]
public sealed class RandomStepTests
{
    [TestMethod]
    public void Streams_of_shared_and_nested_layers_draw_the_same_numbers()
    {
        const int Batch = 5;

        // Two calls of one nested model, one of them under another random layer, a stream that all steps in time share, and one with a seed of its own.
        var inner = Model.Input([6, 4]);
        var nested = new Model(inner, inner.Apply(new Dropout(0.4), new Dense(4), new GaussianNoise(0.2)), "nested");
        var x = Model.Input([6, 4]);
        var first = nested.Call(x.Apply(new Dropout(0.3)));
        var second = nested.Call(x.Apply(new SpatialDropout1D(0.3, seed: 5)));
        var joined = new Add().Call(first, second).Apply(new Gru(3, dropout: 0.2, recurrentDropout: 0.3), new Dropout(0.1), new Dense(1));
        var trainer = new Model(x, joined, seed: 1).Compile(new Sgd(0.05), Loss.MeanSquaredError, seed: 3, threads: 1);
        StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, Batch, 6, 4)], [StepData.Shares(step, Batch, 1)]), steps: 3);
    }

    /// <summary>Both calls of a nested model read one stream, for shapes that look alike as long as their sizes are unknown.</summary>
    [TestMethod]
    public void Calls_of_a_model_on_sequences_of_different_unknown_lengths_draw_numbers_of_their_own()
    {
        const int Batch = 3;
        var x = Model.Input([null, 4]);
        var inner = Model.Input([null, 4]);
        var shared = new Model(inner, new Dropout(0.4).Call(inner));
        var (whole, half) = (shared.Call(x), shared.Call(new AveragePooling1D(2).Call(x)));
        var pooled = new Add().Call(new GlobalAveragePooling1D().Call(whole), new GlobalAveragePooling1D().Call(half));
        var trainer = new Model(x, new Dense(1).Call(pooled), seed: 1).Compile(new Sgd(0.05), Loss.MeanSquaredError, seed: 3, threads: 1);
        StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, Batch, 6, 4)], [StepData.Shares(step, Batch, 1)]), steps: 2);
    }
}
