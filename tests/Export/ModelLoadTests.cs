using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>One entry to files of models: what a file holds is told by its bytes.</summary>
[TestClass]
public sealed class ModelLoadTests
{
    [TestMethod]
    [DataRow("a.keras")]
    [DataRow("a.onnx")]
    [DataRow("a.json")]
    public void A_file_is_told_by_its_bytes_whatever_its_name_is(string file)
    {
        using var folder = new TemporaryFolder();
        var model = Written(folder);
        var renamed = folder.File("model.bin");
        File.Copy(folder.File(file), renamed);
        foreach (var path in new[] { folder.File(file), renamed })
        {
            var read = Model.Load(path);
            Assert.AreEqual(model.ToJson(), read.ToJson());
            if (file != "a.json") CollectionAssert.AreEqual(model.Predict(Data).ToArray(), read.Predict(Data).ToArray());
        }
    }

    [TestMethod]
    [DataRow("\uFEFF")]
    [DataRow("\r\n  ")]
    public void Json_may_begin_with_blanks_and_a_byte_order_mark(string start)
    {
        using var folder = new TemporaryFolder();
        var model = Written(folder);
        File.WriteAllText(folder.File("b.json"), start + model.ToJson());
        Assert.AreEqual(model.ToJson(), Model.Load(folder.File("b.json")).ToJson());
    }

    [TestMethod]
    public void What_is_no_model_is_refused_with_what_to_do()
    {
        using var folder = new TemporaryFolder();
        var model = Written(folder);
        model.SaveWeights(folder.File("a.weights.h5"));
        Refused<ModelException>(folder.File("a.weights.h5"), "model.LoadWeights(\"a.weights.h5\")");
        Refused<ModelException>(folder.File("none.keras"), "cannot be opened");
        Refused<ModelException>(folder.Path, "is a folder");
        File.WriteAllBytes(folder.File("empty"), []);
        Refused<OnnxFileException>(folder.File("empty"), "empty");
        File.WriteAllText(folder.File("text"), "epoch,loss\n1,2\n");
        Refused<OnnxFileException>(folder.File("text"), "text");
        File.WriteAllText(folder.File("list.json"), "{\"a\": 1}");
        Refused<ModelException>(folder.File("list.json"), "class_name");
        File.WriteAllBytes(folder.File("cut.keras"), File.ReadAllBytes(folder.File("a.keras"))[..100]);
        Refused<ModelException>(folder.File("cut.keras"), "cut.keras");
    }

    [TestMethod]
    public void An_ONNX_file_of_another_program_is_refused_with_the_way_to_run_it()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("other.onnx"), HandmadeModels.Dense().ToByteArray());
        Refused<OnnxFileException>(folder.File("other.onnx"), "OnnxModel.Load runs it");
    }

    private static float[,] Data => new[,] { { 1f, 2, 3 }, { 4, 5, 6 } };

    private static Model Written(TemporaryFolder folder)
    {
        var x = Model.Input([3]);
        var model = new Model(x, x.Apply(new Dense(4, Activation.Tanh), new Dense(2)), "a");
        model.Save(folder.File("a.keras"));
        model.ExportOnnx(folder.File("a.onnx"));
        File.WriteAllText(folder.File("a.json"), model.ToJson());
        return model;
    }

    private static void Refused<T>(string path, string expected)
        where T : Exception =>
        StringAssert.Contains(Assert.ThrowsExactly<T>(() => Model.Load(path)).Message, expected);
}
