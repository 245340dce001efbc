namespace OnnxFunctional.Tests.Mutations;

/// <summary>Changed files of every kind: read, or refused by a documented exception; never a crash, a hang, or much memory.</summary>
/// <remarks>Any number of other files: <c>tools/mutations.sh</c>. A finding goes to tests/Reference/mutations and is read here first.</remarks>
[TestClass]
public sealed class MutationTests
{
    private const int Seed = 1;
    private const int Files = 2000;

    [ClassCleanup]
    public static void RemoveFiles() => Readers.RemoveFiles();

    public static IEnumerable<object[]> Managed => Named(isNative: false);

    public static IEnumerable<object[]> Native => Named(isNative: true);

    [TestMethod]
    [DynamicData(nameof(Managed))]
    public void Changed_files_are_read_or_refused(string name)
    {
        var reader = Readers.All.Single(reader => reader.Name == name);
        foreach (var path in MutationWorker.StoredFiles(reader)) Judge(File.ReadAllBytes(path), Path.GetFileName(path));
        var accepted = 0;
        for (var index = 0; index < Files; index++)
        {
            if (Judge(reader.Mutate(Seed, index).Content, index)) accepted++;
        }

        IsSensible(accepted, Files - accepted);

        bool Judge(byte[] content, object which)
        {
            var (isAccepted, problem, details) = FileJudge.Judge(reader, content);
            if (problem is not null) Assert.Fail($"{which}: {problem}: {details}");
            return isAccepted;
        }
    }

    [TestMethod]
    [DynamicData(nameof(Native))]
    public void Changed_files_do_not_crash_ONNX_Runtime(string name)
    {
        var run = new MutationRun(Readers.All.Single(reader => reader.Name == name), Seed);
        run.Run(Files);
        Assert.IsEmpty(run.Findings, string.Join(Environment.NewLine, run.Findings.Select(finding => $"{finding.Index}: {finding.Problem} {finding.Details}")));
        IsSensible(run.Accepted, run.Refused);
    }

    [TestMethod]
    public void Unchanged_files_are_read()
    {
        foreach (var reader in Readers.All)
        {
            foreach (var content in reader.Unchanged) reader.Read(content);
        }
    }

    private static void IsSensible(int accepted, int refused)
    {
        Assert.IsGreaterThan(Files / 50, accepted, "hardly any file is accepted, so little was tested");
        Assert.IsGreaterThan(Files / 50, refused);
    }

    private static IEnumerable<object[]> Named(bool isNative) =>
        Readers.All.Where(reader => reader.IsNative == isNative).Select(reader => new object[] { reader.Name });
}
