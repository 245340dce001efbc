namespace OnnxFunctional.Tests.Mutations;

/// <summary>Changed files of every kind: read, or refused by a documented exception; never a crash, a hang, or much memory.</summary>
/// <remarks>Any number of other files: <c>tools/mutations.sh</c>. A finding goes to tests/Reference/mutations and is read here first.</remarks>
[TestClass]
public sealed class MutationTests
{
    private const int Seed = 1;
    private const int Files = 400;

    [ClassCleanup]
    public static void RemoveFiles() => Readers.RemoveFiles();

    public static IEnumerable<object[]> Names => Readers.All.Select(reader => new object[] { reader.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Changed_files_are_read_or_refused(string name)
    {
        var run = new MutationRun(Readers.Find(name), Seed);
        run.Run(Files);
        var found = run.Findings.Select(finding => $"{finding.Number}: {finding.Problem} {finding.Details}");
        Assert.IsEmpty(run.Findings, string.Join(Environment.NewLine, found));
        Assert.IsGreaterThan(Files / 50, run.Accepted, "hardly any file is accepted, so little was tested");
        Assert.IsGreaterThan(Files / 50, run.Refused);
    }

    [TestMethod]
    public void Unchanged_files_are_read()
    {
        foreach (var reader in Readers.All)
        {
            foreach (var content in reader.Unchanged) reader.Read(content);
        }
    }

    /// <summary>What a run must notice, each once, and go on.</summary>
    [TestMethod]
    public void Crashes_hangs_memory_and_wrong_exceptions_are_found_and_leave_no_files()
    {
        using var folder = new TemporaryFolder();
        var run = new MutationRun(Readers.Find(Misbehaviour.Name), Seed, folder.Path);
        run.Run(0);
        string[] expected =
        [
            "crash: crashes the process", "hang: hangs", "memory: memory", "native: native memory", "short: short message",
            "undocumented: FormatException in",
        ];
        CollectionAssert.AreEqual(expected, expected.Zip(run.Findings.OrderBy(finding => finding.Problem, StringComparer.Ordinal)).Select(pair =>
            pair.Second.Problem[..Math.Min(pair.First.Length, pair.Second.Problem.Length)]).ToArray(),
            string.Join(Environment.NewLine, run.Findings.Select(finding => $"{finding.Problem} {finding.Details}")));
        Assert.HasCount(expected.Length, run.Findings);
        Assert.AreEqual(2, run.Crashes);
        Assert.AreEqual(2, run.Accepted);
        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(folder.Path));
    }
}
