using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Steps;

/// <summary>Files of custom steps that no step can have written.</summary>
[TestClass]
public sealed class StepStateTests
{
    [TestMethod]
    public void A_count_of_steps_that_cannot_be_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("step.npz");
        var input = Model.Input([1]);
        var model = new Model(input, input.Apply(new Dense(1)));
        var step = TrainingStep.From(step => step.Minimize("loss", Ops.Mean(model.Call(step.Input([1]))), new Adam(), model));
        step.Save(path);
        var arrays = Npz.ReadAll<float>(path);
        float[][] counts = [[float.NaN, 0], [0, -1], [1e30f, 0], [0.5f, 0], [0, 1 << 24]];
        foreach (var count in counts) Refused(Tensor.Create(count, [2]));
        Refused(Tensor.Create(new float[2], [1, 2]));
        Refused(Tensor.Create(new float[1], [1]));

        void Refused(Tensor<float> count)
        {
            Npz.Write(path, arrays.ToDictionary(array => array.Key, array => array.Key == "iterations" ? count : array.Value));
            var before = Weights();
            Assert.Contains("'iterations' in", Assert.Throws<DataException>(() => step.Restore(path)).Message);
            CollectionAssert.AreEqual(before, Weights());
        }

        float[] Weights() => [.. model.Weights.SelectMany(weight => weight.Value.ToArray())];
    }
}
