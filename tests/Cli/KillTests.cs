using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Cli;

/// <summary>The command line in a separate process, killed or interrupted during training.</summary>
[TestClass]
[DoNotParallelize]
public sealed class KillTests
{
    private const int Epochs = 3;

    // tools/kill-test.sh asks for 200.
    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("ONNXF_KILLS") ?? "10", CultureInfo.InvariantCulture);

    [TestMethod]
    public void Killed_at_random_moments_every_file_opens_and_the_resumed_run_ends_with_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        WriteData(folder);
        var expected = Expected(folder, out var duration, out var training);
        var checkpoint = folder.File("killed.checkpoint.onnx");
        var random = new Random(11);
        var (killed, opened, withinAWrite) = (0, 0, 0);
        while (killed < Kills)
        {
            var before = Unfinished(folder);
            using var process = Start(folder, "killed", checkpoint);

            // Three of four kills hit the steps and their files; the fourth may also hit the start of the process.
            if (killed % 4 != 0) WaitForWrite(process, checkpoint);
            var ended = process.WaitForExit((int)(random.NextDouble() * (killed % 4 == 0 ? duration : training).TotalMilliseconds));
            if (!ended)
            {
                process.Kill();
                killed++;
            }

            process.WaitForExit();
            if (Unfinished(folder).Except(before).Any()) withinAWrite++;
            foreach (var file in Files(folder, "killed"))
            {
                using var onnx = OnnxModel.Load(file);
                if (file == checkpoint) Assert.IsGreaterThan(0L, Trainer.Load(checkpoint).Iterations);
                else CollectionAssert.AreEqual(expected[Suffix(file)], File.ReadAllBytes(file), $"{file} after kill {killed}");
                opened++;
            }

            if (File.Exists(folder.File("killed.onnx")) && !File.Exists(checkpoint))
            {
                // The run ended before it was killed: the next one starts over.
                foreach (var file in Files(folder, "killed")) File.Delete(file);
            }
        }

        using (var last = Start(folder, "killed", checkpoint)) Assert.AreEqual(0, End(last));
        AssertSameFiles(expected, folder, "killed");
        Assert.IsEmpty(Unfinished(folder), "what a killed process left is removed when the file is written the next time");
        Console.WriteLine($"{killed} kills, {withinAWrite} of them while a file was written; {opened} files opened; "
            + $"uninterrupted run {duration.TotalSeconds:F1} s, {training.TotalSeconds:F1} s of it from the first file on");
    }

    [TestMethod]
    [OSCondition(
        ConditionMode.Exclude,
        OperatingSystems.Windows,
        IgnoreMessage = "Ctrl+C reaches a whole group of processes there, the tests' own among them.")]
    [DataRow("INT", 130)]
    [DataRow("TERM", 143)]
    [DataRow("HUP", 129)]
    public void An_interrupted_run_leaves_a_file_to_resume_from_and_the_exit_code_of_its_signal(string signal, int exitCode)
    {
        using var folder = new TemporaryFolder();
        WriteData(folder);
        var expected = Expected(folder, out _, out _);
        var checkpoint = folder.File("stopped.checkpoint.onnx");
        using (var process = Start(folder, "stopped", checkpoint))
        {
            while (!File.Exists(checkpoint) && !process.HasExited) Thread.Sleep(5);
            Send(signal, process);
            Assert.AreEqual(exitCode, End(process));
        }

        Assert.IsFalse(File.Exists(folder.File("stopped.onnx")));
        using (var process = Start(folder, "stopped", checkpoint)) Assert.AreEqual(0, End(process));
        AssertSameFiles(expected, folder, "stopped");
    }

    [TestMethod]
    [OSCondition(
        ConditionMode.Exclude,
        OperatingSystems.Windows,
        IgnoreMessage = "Ctrl+C reaches a whole group of processes there, the tests' own among them.")]
    [DataRow("INT", 130)]
    [DataRow("TERM", 143)]
    public void A_conversion_ends_at_the_first_signal_and_leaves_nothing_unfinished(string signal, int exitCode)
    {
        using var folder = new TemporaryFolder();
        var inputs = Model.Input([1024]);
        OnnxFunctional.Export.KerasFile.Save(new Model(inputs, inputs.Apply(new Dense(2048), new Dense(1024))), folder.File("model.keras"));
        var within = 0;
        for (var attempt = 0; attempt < 20 && within < 2; attempt++)
        {
            using var process = StartCommand("convert", folder.File("model.keras"), folder.File("model.onnx"));
            while (Directory.GetFiles(folder.Path, ".*.tmp").Length == 0 && !process.HasExited) Thread.Sleep(1);
            Send(signal, process);
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            process.WaitForExit();
            if (process.ExitCode == 0) continue;
            within++;
            Assert.AreEqual(exitCode, process.ExitCode, output.Result + error.Result);
            Assert.AreEqual("Stopped.", error.Result.Trim());
            CollectionAssert.AreEqual(new[] { folder.File("model.keras") }, Directory.GetFiles(folder.Path));
        }

        Assert.IsGreaterThan(0, within, "no signal came before the end of a conversion");
    }

    [TestMethod]
    [OSCondition(
        ConditionMode.Exclude,
        OperatingSystems.Windows,
        IgnoreMessage = "Ctrl+C reaches a whole group of processes there, the tests' own among them.")]
    public void A_measurement_ends_at_the_first_signal_without_a_result()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([4]);
        new Model(input, new Dense(4).Call(input)).ExportOnnx(folder.File("m.onnx"), new() { Verify = false });
        using var process = StartCommand("bench", folder.File("m.onnx"), "--runs", "1000000", "--json");
        Assert.IsFalse(process.WaitForExit(1000));
        Send("INT", process);
        Assert.AreEqual("", process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        Assert.AreEqual(130, process.ExitCode);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_training_whose_terminal_is_closed_keeps_its_last_step()
    {
        if (!File.Exists("/usr/bin/script")) Assert.Inconclusive("Needs a terminal: install bsdutils (the command script).");
        using var folder = new TemporaryFolder();
        WriteData(folder);
        var (checkpoint, transcript) = (folder.File("model.checkpoint.onnx"), folder.File("transcript"));
        var program = Path.Combine(AppContext.BaseDirectory, "onnxf.dll");
        var command = $"echo $$ > '{folder.File("pid")}'; exec env --default-signal dotnet '{program}' train mlp --data '{folder.Path}' "
            + $"--batch-size 128 --epochs 1000 --out '{folder.File("model.onnx")}' --checkpoint-steps 1000000";
        using (var terminal = Process.Start(new ProcessStartInfo("script", ["-qfc", command, transcript]) { RedirectStandardOutput = true })!)
        {
            terminal.OutputDataReceived += (_, _) => { };
            terminal.BeginOutputReadLine();
            while (!(File.Exists(transcript) && Read(transcript).Contains("Epoch 2/", StringComparison.Ordinal)) && !terminal.HasExited) Thread.Sleep(20);
            terminal.Kill();
        }

        var status = $"/proc/{Read(folder.File("pid")).Trim()}/stat";
        for (var i = 0; i < 600 && File.Exists(status) && !Read(status).Contains(") Z ", StringComparison.Ordinal); i++) Thread.Sleep(100);
        Assert.IsGreaterThanOrEqualTo(8L, Trainer.Load(checkpoint).Iterations);

        static string Read(string path)
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd();
        }
    }

    private static void Send(string signal, Process process)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>The files of an uninterrupted run, by their names after the run's name: the model, and one per epoch.</summary>
    private static Dictionary<string, byte[]> Expected(TemporaryFolder folder, out TimeSpan duration, out TimeSpan training)
    {
        var begun = Stopwatch.GetTimestamp();
        var checkpoint = folder.File("whole.checkpoint.onnx");
        using var process = Start(folder, "whole", checkpoint);
        WaitForWrite(process, checkpoint);
        var written = Stopwatch.GetTimestamp();
        Assert.AreEqual(0, End(process));
        (duration, training) = (Stopwatch.GetElapsedTime(begun), Stopwatch.GetElapsedTime(written));
        var files = Files(folder, "whole").ToDictionary(Suffix, File.ReadAllBytes);
        Assert.HasCount(1 + Epochs, files);
        return files;
    }

    /// <summary>Waits until a running training has written its checkpoint.</summary>
    private static void WaitForWrite(Process process, string checkpoint)
    {
        var before = File.GetLastWriteTimeUtc(checkpoint);
        while (File.GetLastWriteTimeUtc(checkpoint) == before && !process.WaitForExit(1))
        {
        }
    }

    private static void AssertSameFiles(Dictionary<string, byte[]> expected, TemporaryFolder folder, string run)
    {
        CollectionAssert.AreEquivalent(expected.Keys, Files(folder, run).Select(Suffix).ToArray());
        foreach (var file in Files(folder, run)) CollectionAssert.AreEqual(expected[Suffix(file)], File.ReadAllBytes(file), file);
    }

    private static string[] Files(TemporaryFolder folder, string run) => Directory.GetFiles(folder.Path, run + ".*onnx");

    private static string Suffix(string file) => Path.GetFileName(file)[Path.GetFileName(file).IndexOf('.', StringComparison.Ordinal)..];

    /// <summary>Partial files left by a killed process; an empty one had just been created and is removed later.</summary>
    private static string[] Unfinished(TemporaryFolder folder) => [.. Directory.GetFiles(folder.Path, ".*.tmp").Where(file => new FileInfo(file).Length > 0)];

    private static int End(Process process)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        if (process.ExitCode is not (0 or 130 or 143 or 129)) Assert.Fail(output.Result + error.Result);
        return process.ExitCode;
    }

    private static Process Start(TemporaryFolder folder, string run, string checkpoint)
    {
        string[] arguments =
        [
            "train", "mlp", "--data", folder.Path, "--batch-size", "128",
            "--epochs", Epochs.ToString(CultureInfo.InvariantCulture), "--seed", "4",
            "--out", folder.File(run + ".onnx"), "--epoch-files", folder.File(run + ".{epoch:00}.{loss:F3}.onnx"),
            "--checkpoint-steps", "1", .. File.Exists(checkpoint) ? new[] { "--resume", checkpoint } : [],
        ];
        return StartCommand(arguments);
    }

    private static Process StartCommand(params string[] arguments)
    {
        var dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        string[] command = [Path.Combine(AppContext.BaseDirectory, "onnxf.dll"), .. arguments];

        // A test run that was started in the background or under nohup ignores some signals, and processes inherit that.
        if (OperatingSystem.IsLinux()) (dotnet, command) = ("env", ["--default-signal", dotnet, .. command]);
        return Process.Start(new ProcessStartInfo(dotnet, command) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    /// <summary>Noise images with labels in MNIST's format: 900 samples for training are seven batches of 128 and one of 4.</summary>
    private static void WriteData(TemporaryFolder folder)
    {
        var random = new Random(3);
        foreach (var (part, count) in new[] { ("train", 900), ("t10k", 50) })
        {
            var images = new byte[count * 28 * 28];
            random.NextBytes(images);
            File.WriteAllBytes(folder.File(part + "-images-idx3-ubyte"), IdxBytes.Of([count, 28, 28], images));
            File.WriteAllBytes(
                folder.File(part + "-labels-idx1-ubyte"),
                IdxBytes.Of([count], [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(10))]));
        }
    }
}
