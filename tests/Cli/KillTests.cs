using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Cli;

/// <summary>The command line as a process of its own, killed or interrupted while it trains.</summary>
[TestClass]
[DoNotParallelize]
public sealed class KillTests
{
    // tools/kill-test.sh asks for 200.
    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("ONNXF_KILLS") ?? "10", CultureInfo.InvariantCulture);

    [TestMethod]
    public void KilledAtRandomMoments_EveryFileOpens_AndTheResumedRunEndsWithTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        WriteData(folder);
        var expected = Expected(folder, out var duration);
        var (output, checkpoint) = (folder.File("killed.onnx"), folder.File("killed.checkpoint.onnx"));
        var random = new Random(11);
        var opened = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = Start(folder, "killed.onnx", checkpoint);
            var ended = process.WaitForExit((int)(duration.TotalMilliseconds * (0.1 + (0.6 * random.NextDouble()))));
            if (!ended) process.Kill();
            process.WaitForExit();
            if (File.Exists(checkpoint))
            {
                using var onnx = OnnxModel.Load(checkpoint);
                Assert.IsGreaterThan(0L, Trainer.Load(checkpoint).Iterations);
                opened++;
            }

            if (!File.Exists(output)) continue;
            CollectionAssert.AreEqual(expected, File.ReadAllBytes(output), $"after kill {kill}");
            if (!File.Exists(checkpoint)) File.Delete(output);
        }

        using (var last = Start(folder, "killed.onnx", checkpoint)) Assert.AreEqual(0, End(last));
        CollectionAssert.AreEqual(expected, File.ReadAllBytes(output));
        Console.WriteLine($"{Kills} kills, {opened} checkpoints opened, uninterrupted run {duration.TotalSeconds:F1} s");
    }

    [TestMethod]
    public void Interrupted_LeavesAFileToGoOnFrom_AndExitCode130()
    {
        if (OperatingSystem.IsWindows()) Assert.Inconclusive("Ctrl+C is sent to a group of processes there, this one among them.");
        using var folder = new TemporaryFolder();
        WriteData(folder);
        var expected = Expected(folder, out _);
        var checkpoint = folder.File("stopped.checkpoint.onnx");
        using (var process = Start(folder, "stopped.onnx", checkpoint))
        {
            while (!File.Exists(checkpoint) && !process.HasExited) Thread.Sleep(5);
            using var signal = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
            Assert.AreEqual(130, End(process));
        }

        Assert.IsFalse(File.Exists(folder.File("stopped.onnx")));
        using (var process = Start(folder, "stopped.onnx", checkpoint)) Assert.AreEqual(0, End(process));
        CollectionAssert.AreEqual(expected, File.ReadAllBytes(folder.File("stopped.onnx")));
        Assert.IsFalse(File.Exists(checkpoint));
    }

    private static byte[] Expected(TemporaryFolder folder, out TimeSpan duration)
    {
        var begun = Stopwatch.GetTimestamp();
        using var process = Start(folder, "whole.onnx", folder.File("whole.checkpoint.onnx"));
        Assert.AreEqual(0, End(process));
        duration = Stopwatch.GetElapsedTime(begun);
        return File.ReadAllBytes(folder.File("whole.onnx"));
    }

    private static int End(Process process)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        if (process.ExitCode is not (0 or 130)) Assert.Fail(output.Result + error.Result);
        return process.ExitCode;
    }

    private static Process Start(TemporaryFolder folder, string output, string checkpoint)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "onnxf.dll"), "train", "mnist", "--data", folder.Path, "--model", "mlp", "--epochs", "3", "--seed", "4",
            "--out", folder.File(output), "--checkpoint-steps", "1", .. File.Exists(checkpoint) ? new[] { "--resume", checkpoint } : [],
        ];
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    /// <summary>Images of noise with labels, in MNIST's files: 900 to learn from are seven batches of 128 and one of 4.</summary>
    private static void WriteData(TemporaryFolder folder)
    {
        var random = new Random(3);
        foreach (var (part, count) in new[] { ("train", 900), ("t10k", 50) })
        {
            var images = new byte[16 + (count * 28 * 28)];
            var labels = new byte[8 + count];
            random.NextBytes(images);
            for (var i = 8; i < labels.Length; i++) labels[i] = (byte)random.Next(10);
            Header(images, 0x0803, count, 28, 28);
            Header(labels, 0x0801, count);
            File.WriteAllBytes(folder.File(part + "-images-idx3-ubyte"), images);
            File.WriteAllBytes(folder.File(part + "-labels-idx1-ubyte"), labels);
        }
    }

    private static void Header(byte[] bytes, params int[] numbers)
    {
        for (var i = 0; i < numbers.Length; i++) BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * i), numbers[i]);
    }
}
