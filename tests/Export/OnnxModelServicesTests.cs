using Microsoft.Extensions.DependencyInjection;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

[TestClass]
public sealed class OnnxModelServicesTests
{
    [TestMethod]
    public void Many_requests_share_one_model_which_ends_with_the_application()
    {
        using var folder = new TemporaryFolder();
        var (path, model) = Exported(folder, "model.onnx", 3);
        var provider = new ServiceCollection().AddOnnxModel(path).BuildServiceProvider();
        var onnx = provider.GetRequiredService<OnnxModel>();
        Assert.AreSame(onnx, provider.GetRequiredService<OnnxModel>());
        float[][] rows = [.. Enumerable.Range(0, 200).Select(i => new float[] { i % 7, i % 3, -i % 5 })];
        var expected = model.Predict(rows).ToArray();
        var found = new float[expected.Length];
        Parallel.For(0, rows.Length, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
            provider.GetRequiredService<OnnxModel>().Predict(new[] { rows[i] }).ToArray().CopyTo(found, 2 * i));
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], 1e-5f);
        provider.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => onnx.Inputs);
    }

    [TestMethod]
    public void Keys_tell_several_models_apart()
    {
        using var folder = new TemporaryFolder();
        var services = new ServiceCollection()
            .AddOnnxModel(Exported(folder, "small.onnx", 3).Path, serviceKey: "small")
            .AddOnnxModel(Exported(folder, "large.onnx", 17).Path, serviceKey: "large");
        using var provider = services.BuildServiceProvider();
        Assert.AreEqual(3, provider.GetRequiredKeyedService<OnnxModel>("small").Inputs[0].Dimensions[1].Value);
        Assert.AreEqual(17, provider.GetRequiredKeyedService<OnnxModel>("large").Inputs[0].Dimensions[1].Value);
        Assert.IsNull(provider.GetService<OnnxModel>());
    }

    [TestMethod]
    public void A_missing_file_is_said_when_the_model_is_asked_for()
    {
        using var provider = new ServiceCollection().AddOnnxModel("missing.onnx").BuildServiceProvider();
        Assert.Contains("missing.onnx", Assert.ThrowsExactly<OnnxFileException>(() => provider.GetRequiredService<OnnxModel>()).Message);
        Assert.ThrowsExactly<ArgumentException>(() => new ServiceCollection().AddOnnxModel(" "));
    }

    private static (string Path, Model Model) Exported(TemporaryFolder folder, string name, int features)
    {
        var input = Model.Input([features]);
        var model = new Model(input, new Dense(2, Activation.Softmax).Call(input), "model", seed: 1);
        model.ExportOnnx(folder.File(name));
        return (folder.File(name), model);
    }
}
