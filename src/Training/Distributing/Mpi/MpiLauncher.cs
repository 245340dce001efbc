using System.Globalization;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>What the program that started this process says in the environment.</summary>
internal static class MpiLauncher
{
    private const string OpenMpiSize = "OMPI_COMM_WORLD_SIZE";
    private const string MpichSize = "PMI_SIZE";
    private const string SlurmSize = "SLURM_STEP_NUM_TASKS";

    // Open MPI's, those of MPICH, Intel MPI and Microsoft MPI, and any that speaks PMIx.
    private static readonly string[] s_marks = [OpenMpiSize, MpichSize, "PMI_RANK", "PMIX_RANK"];

    /// <summary>Whether a launcher started this process, one of MPI or srun with several tasks.</summary>
    public static bool IsThere => Array.Exists(s_marks, mark => Number(mark) is not null) || Number(SlurmSize) > 1;

    /// <summary>Whether it speaks MPICH's protocol and not Open MPI's.</summary>
    public static bool SpeaksMpich => Number(MpichSize) is not null && Number(OpenMpiSize) is null;

    /// <summary>Refuses a library that takes this process for the only one, though it was started as one of several.</summary>
    /// <exception cref="DistributionException">It does.</exception>
    public static void CheckSize(int size, string library)
    {
        var name = Number(OpenMpiSize) is not null ? OpenMpiSize : Number(MpichSize) is not null ? MpichSize : SlurmSize;
        if (size > 1 || Number(name) is not > 1) return;
        var start = $"{library} takes this process for the only one, but it was started as one of {Number(name)} ({name}): ";
        throw new DistributionException(start + (name == SlurmSize
            ? "srun and the library do not speak the same protocol. Start with srun --mpi=pmix, or --mpi=pmi2 for MPICH ('srun --mpi=list' says what there "
                + "is), or with mpirun inside sbatch or salloc."
            : $"mpirun and the library are of different makers. Start with the mpirun of {library}, or name the library that belongs to mpirun in the variable "
                + $"{MpiLibrary.Variable}."));
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
