using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using OnnxFunctional.Tests.Cli;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Several processes that MPI starts on this machine.</summary>
[TestClass]
[DoNotParallelize]
public sealed partial class MpiTests
{
    private const string Damaged = "The data of this rank is damaged.";

    [TestMethod]
    public void Data_arrives_a_step_allocates_nothing_and_a_rank_with_other_data_is_named_to_all()
    {
        var (code, output, _) = MpiRun.Run(3, ["control"]);
        Assert.AreEqual(0, code, output);
        for (var rank = 0; rank < 3; rank++) StringAssert.Contains(output, $"rank {rank} of 3 is right");
        Assert.HasCount(3, Regex.Matches(output, @"The shape of input 'x' is \[64, 8\] on ranks 0 and 2, \[60, 8\] on rank 1\."));
        Assert.DoesNotContain("epochs", output);
    }

    [TestMethod]
    public void Three_and_eight_processes_have_the_bits_of_one()
    {
        var expected = DistributionWorker.Lines(new(), 8);
        foreach (var ranks in new[] { 3, 8 })
        {
            var (code, output, _) = MpiRun.Run(ranks, ["sums", "8"]);
            Assert.AreEqual(0, code, output);
            var lines = output.Split(Environment.NewLine).Where(line => line.Contains(" shards, ", StringComparison.Ordinal)).ToList();
            Assert.HasCount(ranks * expected.Count, lines, output);
            CollectionAssert.AreEqual(Enumerable.Repeat(expected, ranks).SelectMany(own => own).ToList(), lines, $"{ranks} processes");
        }
    }

    [TestMethod]
    public void Any_number_of_processes_writes_the_same_files()
    {
        string[] networks = ["dropout", "normalized", "recurrent", "transformer"];
        var single = Distribution.Of(new(), SharedTrainingTests.Shards);
        var expected = networks.Select(network => DistributionWorker.FileOf(SharedTrainingTests.Fit(network, single, 3).Model)).ToList();
        foreach (var ranks in new[] { 2, 4, 8 })
        {
            var (code, output, _) = MpiRun.Run(ranks, ["train", .. networks]);
            Assert.AreEqual(0, code, output);
            CollectionAssert.AreEqual(Enumerable.Repeat(expected, ranks).SelectMany(files => files).ToList(), Files(output), $"{ranks} processes");
        }
    }

    [TestMethod]
    public void A_run_that_is_killed_at_four_processes_is_resumed_by_two_to_the_same_file()
    {
        using var folder = new TemporaryFolder();
        var backup = folder.File("backup.onnx");
        var (code, output, since) = MpiRun.Run(4, ["resume", backup, "7"], line => line.Contains("rank 1 dies", StringComparison.Ordinal));
        Assert.AreEqual(128 + 9, code, output);
        Assert.IsLessThan(TimeSpan.FromSeconds(10), since);
        Assert.MatchesRegex(@"because rank 1 \(process \d+\) has ended without a word", output);
        Assert.IsTrue(File.Exists(backup), output);
        (code, output, _) = MpiRun.Run(2, ["resume", backup, "-1"]);
        Assert.AreEqual(0, code, output);
        var whole = SharedTrainingTests.Fit("normalized", Distribution.Of(new(), SharedTrainingTests.Shards), DistributionWorker.Epochs).Model;
        CollectionAssert.AreEqual(Enumerable.Repeat(DistributionWorker.FileOf(whole), 2).ToList(), Files(output), output);
    }

    [TestMethod]
    public void Onnxf_train_shares_its_work_and_writes_once_what_one_process_writes()
    {
        using var folder = new TemporaryFolder();
        var table = folder.File("table.csv");
        File.WriteAllText(table, "x,y,kind\n"
            + string.Concat(Enumerable.Range(0, 60).Select(i => FormattableString.Invariant($"{i % 7},{i % 5},{(i % 7 > i % 5 ? "more" : "less")}\n"))));
        var (code, output, _) = MpiRun.Run(2, ["cli", .. Train("two.onnx")]);
        Assert.AreEqual(0, code, output);
        Assert.HasCount(1, Regex.Matches(output, "Wrote "), output);
        Assert.HasCount(1, Regex.Matches(output, "2 processes, 3 shards"), output);
        Assert.AreEqual(0, CommandRun.Of(Train("one.onnx")).Code);
        CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("one.onnx")), File.ReadAllBytes(folder.File("two.onnx")));

        string[] Train(string file) =>
        [
            "train", "mlp", "--data", table, "--target", "kind", "--epochs", "3", "--batch-size", "17", "--shards", "3", "--threads", "1",
            "--out", folder.File(file),
        ];
    }

    [TestMethod]
    public void A_rank_that_throws_ends_all_with_its_sentence()
    {
        var (code, output, since) = MpiRun.Run(3, ["fail", "throw", "1", "20"], line => line.Contains(Damaged, StringComparison.Ordinal));
        Assert.AreNotEqual(0, code, output);
        StringAssert.Contains(output, "Rank 1 failed: System.InvalidOperationException: " + Damaged);
        Assert.IsLessThan(TimeSpan.FromSeconds(10), since);
    }

    [TestMethod]
    public void A_rank_that_ends_with_a_code_ends_all_with_that_code()
    {
        var (code, output, _) = MpiRun.Run(2, ["fail", "code", "1", "20"]);
        Assert.AreEqual(3, code, output);
        StringAssert.Contains(output, "Rank 1 ends with code 3, so all processes end.");
    }

    [TestMethod]
    public void Who_waits_for_a_rank_that_has_left_is_told_so()
    {
        var (code, output, _) = MpiRun.Run(2, ["fail", "return", "1", "20"]);
        Assert.AreNotEqual(0, code, output);
        StringAssert.Contains(output, "Rank 0 cannot go on (exchange), because rank 1 has ended its program.");
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(300)]
    public void When_a_rank_is_killed_the_others_name_it_and_end_within_ten_seconds(int milliseconds)
    {
        var killed = 0;
        var started = 0;
        var (code, output, since) = MpiRun.Run(3, ["fail", "no", "-1", "-1"], line =>
        {
            if (Started().Match(line) is not { Success: true } match) return false;
            if (match.Groups["rank"].Value == "1") killed = int.Parse(match.Groups["id"].Value, CultureInfo.InvariantCulture);
            if (++started < 3) return false;
            Thread.Sleep(milliseconds);
            using var process = Process.GetProcessById(killed);
            process.Kill();
            return true;
        });
        Assert.AreEqual(128 + 9, code, output);
        Assert.IsLessThan(TimeSpan.FromSeconds(10), since);
        foreach (var rank in new[] { 0, 2 })
            Assert.MatchesRegex($@"Rank {rank} (ends|cannot go on.*), because rank 1 \(process {killed}\) has ended without a word", output);
    }

    private static List<string> Files(string output) =>
        [.. output.Split(Environment.NewLine).Where(line => line.StartsWith("file ", StringComparison.Ordinal))];

    [GeneratedRegex(@"rank (?<rank>\d+) is process (?<id>\d+)")]
    private static partial Regex Started();
}
