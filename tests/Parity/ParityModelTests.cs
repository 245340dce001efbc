using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Models saved by Keras give the same predictions here, also after saving them again.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityModelTests
{
    public static IEnumerable<object[]> Models => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Predictions_are_those_of_Keras(string file)
    {
        var (model, inputs, expected) = Read(file);
        var outputs = model.PredictAll(inputs);
        Assert.HasCount(expected.Length, outputs);
        for (var i = 0; i < outputs.Count; i++) ParityArray.AreWithin(Flat(expected[i]), Flat(outputs[i]), 1e-5, 1e-4, $"output {i}");
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Predictions_are_equal_after_saving_and_loading(string file)
    {
        var (model, inputs, _) = Read(file);
        using var folder = new TemporaryFolder();
        var path = folder.File("copy.keras");
        model.Save(path);
        foreach (var (before, after) in model.PredictAll(inputs).Zip(KerasFile.Load(path).PredictAll(inputs)))
            CollectionAssert.AreEqual(Flat(before), Flat(after));
    }

    internal static (Model Model, NDArrays Inputs, Tensor<float>[] Outputs) Read(string file)
    {
        var model = KerasFile.Load(ParityFolder.PathOf(file));
        var path = ParityFolder.PathOf(Path.ChangeExtension(file, ".npz"));
        NDArray[] inputs = [.. model.Inputs.Select((input, i) => input.DType switch
        {
            DType.Int64 => Npz.Read<long>(path, "x" + i),
            DType.Int32 => Npz.Read<int>(path, "x" + i),
            _ => (NDArray)Npz.Read<float>(path, "x" + i),
        })];
        return (model, NDArrays.Create(inputs), [.. model.Outputs.Select((_, i) => Npz.Read<float>(path, "y" + i))]);
    }

    private static float[] Flat(Tensor<float> tensor)
    {
        var values = new float[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }
}
