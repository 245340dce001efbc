using System.Globalization;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>What the program that started this process says in the environment.</summary>
internal static class MpiLauncher
{
    private const string OpenMpiSize = "OMPI_COMM_WORLD_SIZE";
    private const string MpichSize = "PMI_SIZE";

    /// <summary>Whether it speaks MPICH's protocol and not Open MPI's.</summary>
    public static bool SpeaksMpich => Number(MpichSize) is not null && Number(OpenMpiSize) is null;

    /// <summary>Refuses a library that takes this process for the only one, though it was started as one of several.</summary>
    /// <exception cref="DistributionException">It does.</exception>
    public static void CheckSize(int size, string library)
    {
        var name = Number(OpenMpiSize) is null ? MpichSize : OpenMpiSize;
        if (size > 1 || Number(name) is not > 1) return;
        throw new DistributionException(
            $"{library} takes this process for the only one, but it was started as one of {Number(name)} ({name}): mpirun and the library are of different "
            + $"makers. Start with the mpirun of {library}, or name the library that belongs to mpirun in the variable {MpiLibrary.Variable}.");
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
