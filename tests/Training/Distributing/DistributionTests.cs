using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing.Mpi;

namespace OnnxFunctional.Tests.Training.Distributing;

[TestClass]
[DoNotParallelize]
public sealed class DistributionTests
{
    [TestMethod]
    public void Without_a_distribution_there_is_one_process_and_one_shard()
    {
        var none = Distribution.None;
        Assert.AreEqual((0, 1, 1, "one process"), (none.Rank, none.Size, none.Shards, none.Library));
    }

    [TestMethod]
    public void Nothing_is_loaded_where_it_is_not_used()
    {
        if (!OperatingSystem.IsLinux()) Assert.Inconclusive("The libraries of a process are listed under Linux only.");
        _ = Distribution.None.Rank;
        Assert.DoesNotContain("libmpi", File.ReadAllText("/proc/self/maps"));
    }

    [TestMethod]
    public void Options_out_of_range_are_refused_before_anything_is_loaded()
    {
        Refused("shards is 0; expected at least 1.", () => Distribution.Mpi(shards: 0));
        Refused("reduction is 7; expected Reduction.Tree or Library.", () => Distribution.Mpi(reduction: (Reduction)7));
        Refused("compression is 7; expected", () => Distribution.Mpi(compression: (GradientCompression)7));
        Refused(
            "compression is BFloat16 with Reduction.Library",
            () => Distribution.Mpi(reduction: Reduction.Library, compression: GradientCompression.BFloat16));

        static void Refused(string start, Func<Distribution> call) =>
            StringAssert.StartsWith(Assert.ThrowsExactly<ModelException>(() => call()).Message, start);
    }

    [TestMethod]
    public void A_missing_library_is_a_sentence_that_says_what_to_install()
    {
        var message = Assert.ThrowsExactly<DistributionException>(() => MpiLibrary.Find(["libnowhere.so.40", "nowhere.dll"])).Message;
        StringAssert.StartsWith(message, "No MPI library was found. Install one: 'apt-get install openmpi-bin' on Debian and Ubuntu,");
        StringAssert.EndsWith(message, "Looked for: libnowhere.so.40, nowhere.dll.");
    }

    [TestMethod]
    public void A_library_that_is_named_and_cannot_be_loaded_is_an_error()
    {
        Environment.SetEnvironmentVariable(MpiLibrary.Variable, "/nowhere/libmpi.so");
        try
        {
            var message = Assert.ThrowsExactly<DistributionException>(() => MpiLibrary.Find(MpiLibrary.Candidates(false))).Message;
            StringAssert.StartsWith(message, "ONNXF_MPI names '/nowhere/libmpi.so', which cannot be loaded; expected the path of an MPI library");
        }
        finally
        {
            Environment.SetEnvironmentVariable(MpiLibrary.Variable, null);
        }
    }

    [TestMethod]
    public void Libraries_are_tried_in_order_and_that_of_mpirun_comes_first()
    {
        var names = MpiLibrary.Candidates(startedByMpich: false).Where(name => name.Contains(".so.", StringComparison.Ordinal) || name == "msmpi.dll").ToList();
        CollectionAssert.AreEqual(
            new[] { "libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so.40", "libmpi.so.12", "libmpich.so.12", "msmpi.dll" }, names);
        var mpich = MpiLibrary.Candidates(startedByMpich: true).ToList();
        Assert.IsLessThan(mpich.IndexOf("libmpi.so.40"), mpich.IndexOf("libmpi.so.12"));
    }
}
