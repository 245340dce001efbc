using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;

namespace OnnxFunctional.Tests.Export.Verify;

/// <summary>A verification that may take little memory compares every layer nevertheless: in groups, and on fewer samples.</summary>
[TestClass]
public sealed class VerificationBudgetTests
{
    [TestMethod]
    public void Every_layer_is_compared_in_whatever_memory()
    {
        using var folder = new TemporaryFolder();
        var whole = Network().ExportOnnx(folder.File("whole.onnx"));
        Assert.IsNull(whole.Reduced);
        foreach (var memory in new[] { 1, 3_000, 30_000 })
        {
            var report = Network().ExportOnnx(folder.File("model.onnx"), new ExportOptions { VerificationMemory = memory });
            CollectionAssert.AreEqual(whole.Layers.Select(layer => layer.Layer).ToArray(), report.Layers.Select(layer => layer.Layer).ToArray());
            Assert.IsTrue(report.Layers.All(layer => layer.LargestValue > 0), report.ToString());
            Assert.IsTrue(report.Passed);
            if (memory == 1) Assert.Contains("batches of up to 1 samples instead of 7", report.Reduced!);
            if (memory == 1) Assert.Contains("ExportOptions.VerificationMemory", report.ToString());
            Assert.AreEqual(Graph("whole.onnx"), Graph("model.onnx"));
            var summary = OnnxFile.ReadMetadata(folder.File("model.onnx"))[Verification.Key];
            Assert.AreEqual(report.Reduced is null, summary.Contains("random batch of 7", StringComparison.Ordinal));
        }

        // All but the summary of the verification and the digest.
        ModelProto Graph(string file)
        {
            var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File(file)));
            foreach (var key in (string[])[Verification.Key, FileSeal.Key]) proto.MetadataProps.Remove(proto.MetadataProps.Single(entry => entry.Key == key));
            return proto;
        }
    }

    [TestMethod]
    public void A_wrong_layer_is_found_in_every_group()
    {
        var emitted = Network().Emit();
        foreach (var initializer in emitted.Proto.Graph.Initializer.Where(initializer => initializer.Name.EndsWith("bias", StringComparison.Ordinal)))
        {
            var right = initializer.RawData;
            var wrong = right.ToByteArray();
            wrong[3] ^= 0x40;
            initializer.RawData = ByteString.CopyFrom(wrong);
            var refusal = Assert.ThrowsExactly<ExportException>(() =>
                Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), new ExportOptions { VerificationMemory = 1 }));
            Assert.Contains($"first at layer '{initializer.Name.Split('/')[^2]}'", refusal.Message);
            initializer.RawData = right;
        }
    }

    [TestMethod]
    public void A_fixed_batch_is_never_cut()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([5], batchSize: 3);
        var report = new Model(x, x.Apply(new Dense(4), new Dense(2))).ExportOnnx(folder.File("model.onnx"), new ExportOptions { VerificationMemory = 1 });
        Assert.IsTrue(report.Passed);
        Assert.IsNull(report.Reduced);
    }

    [TestMethod]
    public void Progress_is_told_every_two_seconds()
    {
        var (lines, time) = (new List<string>(), new ManualTime());
        var progress = new VerificationProgress(new ExportOptions { Progress = lines.Add }, 4, time);
        time.Seconds = 1.9;
        progress.Step("a to b");
        Assert.IsEmpty(lines);
        time.Seconds = 2.1;
        progress.Step("c to d");
        time.Seconds = 3;
        progress.Step("e to f");
        time.Seconds = 4.2;
        progress.Step("g to h");
        CollectionAssert.AreEqual(new[] { "Verifying, 2 s: step 2 of 4, c to d", "Verifying, 4 s: step 4 of 4, g to h" }, lines);
    }

    private static Model Network()
    {
        var x = Model.Input([9, 7, 2]);
        return new Model(x, x.Apply(
            new Conv2D(4, 3, name: "one"), new Conv2D(5, 3, name: "two"), new MaxPooling2D(2),
            new Flatten(), new Dense(8, name: "three"), new Dense(3, name: "four")));
    }

    private sealed class ManualTime : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
