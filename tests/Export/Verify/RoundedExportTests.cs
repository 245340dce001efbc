using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export.Verify;

/// <summary>Exports of models whose results no two programs agree on, although both are right.</summary>
[TestClass]
public sealed class RoundedExportTests
{
    /// <summary>Gates without a bound let the state grow with every step, and its error faster where large terms cancel.</summary>
    [TestMethod]
    public void States_that_grow_with_every_step_are_verified()
    {
        using var folder = new TemporaryFolder();
        var rounding = 0;
        for (var seed = 0; seed < 8; seed++)
        {
            var report = Growing(seed).ExportOnnx(folder.File("model.onnx"), new ExportOptions { BatchSizes = [2] });
            Assert.IsTrue(report.Passed);
            rounding += report.Layers.Count(layer => layer.IsRounding);
        }

        Assert.IsGreaterThan(0, rounding);
    }

    /// <summary>The mean times the number of elements is the sum, but for rounding.</summary>
    [TestMethod]
    public void Comparisons_of_nearly_equal_numbers_are_verified()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([50]);
        var isLess = Ops.Cast(Ops.LessEqual(Ops.Sum(Ops.Exp(x), -1, keepdims: true), Ops.Mean(Ops.Exp(x), -1, keepdims: true) * 50), DType.Float32);
        var report = new Model(x, new Dense(3).Call(isLess * 2)).ExportOnnx(folder.File("model.onnx"), new ExportOptions { BatchSizes = [300] });
        Assert.IsTrue(report.Passed);
        Assert.IsTrue(report.Layers.Any(layer => layer.IsRounding), report.ToString());
        StringAssert.Contains(report.ToString(), "rounding");
    }

    /// <summary>Every number of the file that is 3 % off is detected, in what grows and beside it.</summary>
    [TestMethod]
    public void Wrong_numbers_in_undetermined_results_and_beside_them_are_caught()
    {
        var emitted = OnnxExporter.Emit(Growing(1), new ExportOptions()).Emitted;
        Assert.IsNotEmpty(Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), new ExportOptions()).Layers);
        var caught = 0;
        foreach (var initializer in emitted.Proto.Graph.Initializer.Where(tensor => tensor.DataType == 1))
        {
            var copy = emitted.Proto.Clone();
            var wrong = copy.Graph.Initializer.Single(tensor => tensor.Name == initializer.Name);
            if (!Scale(wrong)) continue;
            var error = Assert.ThrowsExactly<ExportException>(
                () => Verifier.Run(emitted, VerifiedFile.Of(copy.ToByteArray()), new ExportOptions()), initializer.Name);
            StringAssert.Contains(error.Message, "differs from the engine");
            caught++;
        }

        Assert.IsGreaterThanOrEqualTo(3, caught);
    }

    private static Model Growing(int seed)
    {
        var x = Model.Input([10, 3]);
        var y = new Gru(7, recurrentActivation: Activation.Linear).Call(x);
        return new Model(x, [y, new Dense(2, Activation.Tanh).Call(new Flatten().Call(x))], seed: (ulong)seed);
    }

    private static bool Scale(TensorProto tensor)
    {
        var bytes = tensor.RawData.ToByteArray();
        var floats = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        var any = false;
        foreach (ref var value in floats)
        {
            any |= value != 0;
            value *= 1.03f;
        }

        tensor.RawData = ByteString.CopyFrom(bytes);
        return any;
    }
}
