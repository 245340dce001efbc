using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export;

/// <summary>Files in memory, and the digest at the end of every file.</summary>
[TestClass]
public sealed class FileSealTests
{
    [TestMethod]
    public void A_stream_and_an_array_get_the_bytes_of_the_file()
    {
        using var folder = new TemporaryFolder();
        var model = Network();
        var metadata = new Dictionary<string, string> { ["a"] = "b" };
        foreach (var options in (ExportOptions[])[new(), new() { Verify = false }, new() { Opset = 17, Metadata = metadata }])
        {
            model.ExportOnnx(folder.File("m.onnx"), options);
            var file = File.ReadAllBytes(folder.File("m.onnx"));
            using var stream = new MemoryStream();
            var report = model.ExportOnnx(stream, options);
            CollectionAssert.AreEqual(file, stream.ToArray());
            CollectionAssert.AreEqual(file, model.ToOnnx(options));
            Assert.AreEqual(options.Verify, report.IsVerified);
            Assert.AreEqual(file.Length, report.FileBytes);
        }
    }

    [TestMethod]
    public void A_model_in_memory_has_no_second_file()
    {
        var error = Assert.ThrowsExactly<ExportException>(() => Network().ToOnnx(new() { ExternalData = true })).Message;
        StringAssert.Contains(error, "which are to lie in a second file. Export to a path");
    }

    /// <summary>As any program can check it: the digest is that of the file without its last entry.</summary>
    [TestMethod]
    public void The_last_entry_is_the_digest_of_all_before_it()
    {
        var file = Network().ToOnnx();
        var proto = ModelProto.Parser.ParseFrom(file);
        var last = proto.MetadataProps[^1];
        Assert.AreEqual("onnxfunctional.sha256", last.Key);
        var entry = 2 + last.CalculateSize();
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(file.AsSpan()[..^entry])), last.Value);
        StringAssert.Contains(proto.MetadataProps[^2].Value, "\"inputs\":[\"random batch of 1\",\"random batch of 2\",\"random batch of 7\"]");
    }

    [TestMethod]
    public void A_changed_file_is_told_by_its_verification()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("m.onnx");
        Network().ExportOnnx(path);
        var whole = OnnxFile.Verify(path);
        Assert.IsTrue(whole.IsSealIntact);
        Assert.IsTrue(whole.Passed);
        StringAssert.Contains(whole.ToString(), "The file is as it was written");
        StringAssert.Contains(whole.ToString(), "Compared when it was written: {");

        // Another author, in as many letters.
        var bytes = File.ReadAllBytes(path);
        var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("OnnxFunctional"));
        bytes[at] = (byte)'o';
        File.WriteAllBytes(path, bytes);
        var changed = OnnxFile.Verify(path);
        Assert.IsFalse(changed.IsSealIntact);
        Assert.IsFalse(changed.Passed);
        StringAssert.Contains(changed.ToString(), "The file was changed after it was written");

        // Another program writes its entries in another order, or none.
        var proto = ModelProto.Parser.ParseFrom(bytes);
        proto.MetadataProps.RemoveAt(proto.MetadataProps.Count - 1);
        File.WriteAllBytes(path, proto.ToByteArray());
        Assert.IsNull(OnnxFile.Verify(path).IsSealIntact);
    }

    [TestMethod]
    public void External_data_is_part_of_what_is_checked()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("m.onnx");
        var x = Model.Input([64]);
        var report = new Model(x, new Dense(64).Call(x)).ExportOnnx(path, new() { ExternalData = true });
        Assert.IsTrue(OnnxFile.Verify(path).IsSealIntact);
        var bytes = File.ReadAllBytes(report.ExternalDataPath!);
        bytes[5] ^= 1;
        File.WriteAllBytes(report.ExternalDataPath!, bytes);
        Assert.IsFalse(OnnxFile.Verify(path, new() { AbsoluteTolerance = 10 }).IsSealIntact);
    }

    private static Model Network()
    {
        var x = Model.Input([4], name: "x");
        return new Model(x, x.Apply(new Dense(8, Activation.Relu), new Dense(3)), seed: 1);
    }
}
