using OnnxFunctional.Tests.Cli;
using OnnxFunctional.Tests.Training.Distributing;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>The commands of README.md that start several processes, run here as far as one machine can.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ClusterCommandTests
{
    private const string Machines = "node1:2,node2:2";

    [TestMethod]
    public void Commands_of_mpirun_write_what_one_process_writes()
    {
        using var folder = new TemporaryFolder();
        var expected = OfOneProcess(folder);
        var commands = Commands("mpirun");
        Assert.HasCount(2, commands);
        Assert.HasCount(1, commands.Where(words => words.Contains(Machines)).ToList());
        foreach (var words in commands) Check("mpirun", [.. words.Select(word => word == Machines ? "localhost:4" : word)], folder, expected);
    }

    [TestMethod]
    public void The_command_of_Slurm_writes_what_one_process_writes()
    {
        using var folder = new TemporaryFolder();
        var words = Commands("srun").Single();
        var (code, output, _) = MpiRun.Run("srun", ["--mpi=pmix", "--ntasks=1", "true"], folder.Path);
        if (code != 0) Assert.Inconclusive($"Slurm does not run here: {output}");

        // More tasks than this machine has cores share them.
        Check("srun", ["--overcommit", .. words], folder, OfOneProcess(folder));
    }

    [TestMethod]
    public void The_job_of_Slurm_runs_the_command_of_the_readme()
    {
        var job = Repository.Read("examples/cluster/job.sh").Split('\n');
        var words = job.Single(line => line.StartsWith("srun ", StringComparison.Ordinal)).Split(' ').Skip(1).ToList();
        var expected = Commands("srun").Single().Where(word => !word.StartsWith("--ntasks", StringComparison.Ordinal)
            && !word.StartsWith("--cpus-per-task", StringComparison.Ordinal));
        CollectionAssert.AreEqual(expected.ToList(), words);
        CollectionAssert.Contains(job, "#SBATCH --ntasks=4");
    }

    [TestMethod]
    public void The_job_of_Kubernetes_runs_a_command_that_onnxf_takes()
    {
        var lines = Repository.Read("examples/cluster/mpijob.yaml").Split('\n').Select(line => line.Trim()).ToList();
        var command = lines[lines.IndexOf("command: [mpirun]") + 1];
        StringAssert.StartsWith(command, "args: [");
        var words = command["args: [".Length..^1].Split(", ").Select(word => word.Trim('"')).ToList();
        CollectionAssert.AreEqual(new[] { "-n", "4", "onnxf" }, words[..3]);
        CollectionAssert.Contains(lines, "replicas: " + words[1]);

        // All that is wrong is that the data is elsewhere.
        CommandRun.Of([.. words[3..]]).Refused("the folder '/data' does not exist");
    }

    private static List<string[]> Commands(string launcher) =>
    [
        .. Repository.Read("README.md").Split('\n')
            .Where(line => line.StartsWith(launcher + " ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[1..]),
    ];

    private static byte[] OfOneProcess(TemporaryFolder folder)
    {
        SampleFiles.Photos(folder, perClass: 6);
        string[] words = Commands("mpirun")[0];
        words = [.. words[(Array.IndexOf(words, "onnxf") + 1)..], "--epochs", "1"];
        words[Array.IndexOf(words, "photos")] = folder.File("photos");
        words[Array.IndexOf(words, "photos.onnx")] = folder.File("one.onnx");
        Assert.AreEqual(0, CommandRun.Of(words).Code);
        return File.ReadAllBytes(folder.File("one.onnx"));
    }

    private static void Check(string launcher, string[] words, TemporaryFolder folder, byte[] expected)
    {
        var written = folder.File("photos.onnx");
        File.Delete(written);
        var (code, output, _) = MpiRun.Run(launcher, [.. words, "--epochs", "1"], folder.Path);
        Assert.AreEqual(0, code, output);
        CollectionAssert.AreEqual(expected, File.ReadAllBytes(written), string.Join(' ', words));
    }
}
