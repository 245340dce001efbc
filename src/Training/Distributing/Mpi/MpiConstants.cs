using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>The constants of mpi.h, which differ between libraries.</summary>
internal sealed record MpiConstants
{
    /// <summary>Those of the standard ABI, MPI 5.0.</summary>
    public static MpiConstants Standard { get; } = new()
    {
        World = 0x101,
        ErrorsReturn = 0x143,
        Sum = 0x21,
        Byte = 0x247,
        Float = 0x210,
        Double = 0x214,
        Int64 = 0x258,
        InPlace = 1,
        IgnoredStatus = 0,
        ThreadFunneled = 1024,
    };

    /// <summary>Those of MPICH and what has its ABI: Intel MPI, MVAPICH, Cray MPICH, Microsoft MPI. Handles are ints with the same bits as here.</summary>
    public static MpiConstants Mpich { get; } = new()
    {
        World = 0x44000000,
        ErrorsReturn = 0x54000001,
        Sum = 0x58000003,
        Byte = 0x4c00010d,
        Float = 0x4c00040a,
        Double = 0x4c00080b,
        Int64 = 0x4c000809,
        InPlace = -1,
        IgnoredStatus = 1,
        ThreadFunneled = 1,
    };

    /// <summary>MPI_COMM_WORLD</summary>
    public required nint World { get; init; }

    /// <summary>MPI_ERRORS_RETURN</summary>
    public required nint ErrorsReturn { get; init; }

    /// <summary>MPI_SUM</summary>
    public required nint Sum { get; init; }

    /// <summary>MPI_BYTE</summary>
    public required nint Byte { get; init; }

    /// <summary>MPI_FLOAT</summary>
    public required nint Float { get; init; }

    /// <summary>MPI_DOUBLE</summary>
    public required nint Double { get; init; }

    /// <summary>MPI_LONG_LONG_INT, which MPI_INT64_T is everywhere</summary>
    public required nint Int64 { get; init; }

    /// <summary>MPI_IN_PLACE</summary>
    public required nint InPlace { get; init; }

    /// <summary>MPI_STATUS_IGNORE</summary>
    public required nint IgnoredStatus { get; init; }

    /// <summary>MPI_THREAD_FUNNELED</summary>
    public required int ThreadFunneled { get; init; }

    /// <summary>Those of Open MPI: handles are addresses of its variables.</summary>
    public static MpiConstants OpenMpi(nint library) => new()
    {
        World = NativeLibrary.GetExport(library, "ompi_mpi_comm_world"),
        ErrorsReturn = NativeLibrary.GetExport(library, "ompi_mpi_errors_return"),
        Sum = NativeLibrary.GetExport(library, "ompi_mpi_op_sum"),
        Byte = NativeLibrary.GetExport(library, "ompi_mpi_byte"),
        Float = NativeLibrary.GetExport(library, "ompi_mpi_float"),
        Double = NativeLibrary.GetExport(library, "ompi_mpi_double"),
        Int64 = NativeLibrary.GetExport(library, "ompi_mpi_long_long_int"),
        InPlace = 1,
        IgnoredStatus = 0,
        ThreadFunneled = 1,
    };
}
