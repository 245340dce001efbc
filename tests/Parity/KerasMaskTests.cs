using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Models with masks as Keras wrote them (tests/Reference/keras-masks): Keras' numbers in the engine, saved and loaded, and exported.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class KerasMaskTests
{
    private static readonly string s_folder = Repository.PathOf("tests", "Reference", "keras-masks");

    public static IEnumerable<object[]> Models =>
        Directory.EnumerateFiles(s_folder, "*.keras")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal)
            .Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Numbers_are_those_of_Keras_wherever_padding_is(string name)
    {
        var file = Path.Combine(s_folder, name + ".keras");
        var arrays = Path.ChangeExtension(file, ".npz");
        var model = Model.Load(file);
        NDArray[] inputs = [.. model.Inputs.Select((input, i) =>
            input.DType == DType.Int64 ? Npz.Read<long>(arrays, "x" + i) : (NDArray)Npz.Read<float>(arrays, "x" + i))];
        Compare(model);

        using var folder = new TemporaryFolder();
        model.Save(folder.File("copy.keras"));
        Compare(Model.Load(folder.File("copy.keras")));

        // Verified with random inputs that hold padding everywhere, and with Keras' own.
        model.ExportOnnx(
            folder.File("copy.onnx"),
            new ExportOptions
            {
                Samples =
                [
                    .. model.Inputs.Select((input, i) => input.DType == DType.Int64
                        ? OnnxValue.From(Npz.Read<long>(arrays, "x" + i))
                        : OnnxValue.From(Npz.Read<float>(arrays, "x" + i))),
                ],
            });

        void Compare(Model candidate)
        {
            var outputs = candidate.PredictAll(NDArrays.Create(inputs));
            for (var i = 0; i < outputs.Count; i++)
                ParityArray.AreWithin(Flat(Npz.Read<float>(arrays, "y" + i)), Flat(outputs[i]), 1e-5, 1e-4, $"output {i} ({candidate.OutputNames[i]})");
        }
    }

    private static float[] Flat(System.Numerics.Tensors.Tensor<float> tensor)
    {
        var values = new float[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }
}
