using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>The bar keeps to the terminal's width; what is redirected is plain lines.</summary>
[TestClass]
public sealed partial class ProgressBarTests
{
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    [DataRow(60)]
    [DataRow(80)]
    [DataRow(200)]
    public void On_a_terminal_no_row_is_wider_and_every_metric_is_shown_at_the_end(int columns)
    {
        if (!File.Exists("/usr/bin/script")) Assert.Inconclusive("Needs a pseudo-terminal: install bsdutils (the command script).");
        var command = string.Join(' ', Worker("1").Select(argument => $"'{argument}'"));
        var output = OutputOf("script", ["-qec", $"stty cols {columns} && exec {command}", "/dev/null"]);
        CheckTerminal(output, columns);
        Assert.Contains("\r1/12", output);
        Assert.Contains(" left ", output);
    }

    [TestMethod]
    [DataRow("1")]
    [DataRow("2")]
    public void Redirected_it_is_one_plain_line_per_epoch(string verbosity)
    {
        var command = Worker(verbosity);
        var lines = OutputOf(command[0], command[1..]).TrimEnd().Split(Environment.NewLine);
        Assert.HasCount(2, lines);
        for (var i = 0; i < 2; i++)
        {
            StringAssert.StartsWith(lines[i], $"Epoch {i + 1}/2 12/12 ");
            foreach (var name in ProgressWorker.Logged) StringAssert.Contains(lines[i], $" - {name}: ");
            Assert.DoesNotContain('\r', lines[i]);
        }
    }

    [TestMethod]
    public void Zero_prints_nothing()
    {
        var command = Worker("0");
        Assert.AreEqual("", OutputOf(command[0], command[1..]));
    }

    /// <summary>Any width, down to what no terminal has; without UTF-8 the bar is ASCII.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(10)]
    [DataRow(33)]
    [DataRow(60)]
    [DataRow(79)]
    [DataRow(120)]
    [DataRow(1000)]
    public void No_width_is_exceeded(int columns)
    {
        foreach (var steps in new int?[] { 12, null })
        {
            using var written = new AsciiWriter();
            ProgressWorker.Fit([new ProgressBar(written, () => columns, 2, steps)], 0);
            var text = written.ToString();
            Assert.IsTrue(Ascii.IsValid(text));
            if (columns >= 60) CheckTerminal(text, columns);
            foreach (var row in Rows(text).Where(row => !row.StartsWith("Epoch ", StringComparison.Ordinal)))
                Assert.IsLessThan(Math.Max(2, columns), row.Length);
            if (columns == 1000) Assert.DoesNotContain("...", text);
        }
    }

    [TestMethod]
    public void A_training_that_waits_for_data_says_so_and_names_the_slowest_stage()
    {
        var input = Model.Input([1]);
        var trainer = new Model(input, new Dense(1).Call(input)).Compile(new Sgd(), Loss.MeanSquaredError);
        var samples = Dataset.From(Enumerable.Range(0, 24)).Map(i =>
        {
            Thread.Sleep(50);
            return new Batch(new float[] { i }, new float[] { i });
        }).Batch(2);
        using var written = new AsciiWriter();
        trainer.Fit(samples, verbose: Verbosity.Silent, callbacks: [new ProgressBar(written, () => 200, 1, null)]);
        StringAssert.Matches(written.ToString(), WaitingTraining());

        // Data in memory takes no time.
        using var quiet = new AsciiWriter();
        trainer.Fit(new float[9], new float[9], verbose: Verbosity.Silent, callbacks: [new ProgressBar(quiet, () => 200, 1, null)]);
        Assert.DoesNotContain("wait", quiet.ToString());
    }

    private static void CheckTerminal(string output, int columns)
    {
        var rows = Rows(output);
        foreach (var row in rows) Assert.IsLessThan(columns, row.Length, row);
        var finished = string.Concat(rows.Skip(Array.FindLastIndex(rows, row => row.StartsWith("12", StringComparison.Ordinal))));
        foreach (var name in ProgressWorker.Logged) StringAssert.Contains(finished, $"- {name}: ");
        Assert.DoesNotContain("left", finished);
        Assert.AreEqual(1, rows.Count(row => row == "Epoch 2/2"));
    }

    /// <summary>What stands in a row of the terminal at some time, without commands to the terminal.</summary>
    private static string[] Rows(string output) => TerminalCommand().Replace(output, "").Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static string[] Worker(string verbosity)
    {
        var dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        return [dotnet, typeof(ProgressWorker).Assembly.Location, ProgressWorker.Command, verbosity];
    }

    private static string OutputOf(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["TERM"] = "xterm";
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, string.Create(CultureInfo.InvariantCulture, $"{error.Result}{output}"));
        return output;
    }

    [GeneratedRegex(@"\x1b(\[[0-9;?]*[a-zA-Z]|[=>])")]
    private static partial Regex TerminalCommand();

    [GeneratedRegex(@" - waiting for data: \d+ ?%[\s\S]*Training waited \d+ ?% of its time for data\. Map takes most, \d\S* ms for an element\. Give it")]
    private static partial Regex WaitingTraining();

    private sealed class AsciiWriter() : StringWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => Encoding.ASCII;
    }
}
