using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>Finds an MPI library and loads it, once per process.</summary>
internal static class MpiLibrary
{
    /// <summary>The variable that names a library, for those who have several.</summary>
    public const string Variable = "ONNXF_MPI";

    private static readonly string[] s_standard =
    [
        "libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi_abi.so", "libmpi_abi.1.dylib", "libmpi_abi.dylib", "mpi_abi.dll",
    ];

    private static readonly string[] s_openMpi = ["libmpi.so.40", "libmpi.40.dylib"];

    // Debian's MPICH has its old name; Intel's library on Windows is impi.dll.
    private static readonly string[] s_mpich = ["libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib", "msmpi.dll", "impi.dll"];

    /// <summary>Loads the library and returns its constants.</summary>
    /// <exception cref="DistributionException">There is none.</exception>
    public static MpiConstants Load()
    {
        var (library, name) = Find(Candidates(MpiLauncher.SpeaksMpich));
        NativeLibrary.SetDllImportResolver(typeof(MpiLibrary).Assembly, (asked, _, _) => asked == MpiCalls.Library ? library : 0);
        if (name.Contains("mpi_abi", StringComparison.OrdinalIgnoreCase)) return MpiConstants.Standard;
        return NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _) ? MpiConstants.OpenMpi(library) : MpiConstants.Mpich;
    }

    /// <summary>The names that are tried, in order.</summary>
    /// <param name="startedByMpich">Whether the program that started this one speaks MPICH's protocol, so that Open MPI would find itself alone.</param>
    public static IEnumerable<string> Candidates(bool startedByMpich) =>
        startedByMpich ? [.. s_standard, .. s_mpich, .. s_openMpi] : [.. s_standard, .. s_openMpi, .. s_mpich];

    /// <summary>Loads the first library that is there, or the one that <see cref="Variable"/> names.</summary>
    /// <exception cref="DistributionException">There is none.</exception>
    public static (nint Library, string Name) Find(IEnumerable<string> names)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path)
        {
            if (NativeLibrary.TryLoad(path, out var named)) return (named, Path.GetFileName(path));
            throw new DistributionException($"{Variable} names '{path}', which cannot be loaded; expected the path of an MPI library, such as libmpi.so.40.");
        }

        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library)) return (library, name);
        }

        throw new DistributionException(
            "No MPI library was found. Install one: 'apt-get install openmpi-bin' on Debian and Ubuntu, 'dnf install openmpi' on Fedora and Red Hat, "
            + "'brew install open-mpi' on macOS, Microsoft MPI on Windows; on a cluster load its module, such as 'module load openmpi'. "
            + $"A library in an unusual place is named by the variable {Variable}. Looked for: {string.Join(", ", names)}.");
    }
}
