using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Parity;

/// <summary>A model that Keras saved, with inputs <c>x0, x1, ...</c> and outputs <c>y0, y1, ...</c> in an archive of the same name.</summary>
internal sealed class ParityModel
{
    private ParityModel(string path)
    {
        Path = path;
        Model = Model.Load(path);
        var arrays = System.IO.Path.ChangeExtension(path, ".npz");
        Inputs = NDArrays.Create([.. Model.Inputs.Select((input, i) => input.DType switch
        {
            DType.Int64 => Npz.Read<long>(arrays, "x" + i),
            DType.Int32 => Npz.Read<int>(arrays, "x" + i),
            _ => (NDArray)Npz.Read<float>(arrays, "x" + i),
        })]);
        Outputs = [.. Model.Outputs.Select((_, i) => (NDArray)Npz.Read<float>(arrays, "y" + i))];
    }

    public string Path { get; }

    public Model Model { get; }

    public NDArrays Inputs { get; }

    public IReadOnlyList<NDArray> Outputs { get; }

    public static ParityModel Read(string path) => new(path);

    /// <summary>Fails if the engine's predictions are not those of Keras.</summary>
    public void PredictsAsKeras(double absolute = 1e-5, double relative = 1e-4) => PredictsAsKeras(Model, absolute, relative);

    /// <summary>Fails if a copy of the model, for example one that was saved and loaded, does not predict as Keras does.</summary>
    public void PredictsAsKeras(Model copy, double absolute = 1e-5, double relative = 1e-4)
    {
        var outputs = copy.PredictAll(Inputs);
        Assert.HasCount(Outputs.Count, outputs);
        for (var i = 0; i < outputs.Count; i++)
        {
            CollectionAssert.AreEqual(Outputs[i].Shape.ToArray(), outputs[i].Shape.ToArray(), $"shape of output {i}");
            ParityArray.AreWithin(Flat(Outputs[i]), Flat(outputs[i]), absolute, relative, $"output {i}");
        }
    }

    /// <summary>Fails if saving and loading changes a bit of the predictions.</summary>
    public void PredictsTheSameWhenSavedAgain()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("copy.keras");
        Model.Save(path);
        foreach (var (before, after) in Model.PredictAll(Inputs).Zip(Model.Load(path).PredictAll(Inputs)))
            CollectionAssert.AreEqual(Flat(before), Flat(after));
    }

    /// <summary>Fails if the exported file does not agree with the engine for random inputs and for those of Keras.</summary>
    public void IsVerifiedWithKerasData()
    {
        using var folder = new TemporaryFolder();
        var report = Model.ExportOnnx(folder.File("model.onnx"), new ExportOptions { Samples = [.. Inputs.Select(ArrayConversion.ToOnnx)] });
        Assert.IsTrue(report.Passed, report.ToString());
    }

    private static float[] Flat(Tensor<float> tensor)
    {
        var values = new float[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }
}
