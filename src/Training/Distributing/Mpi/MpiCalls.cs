using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>The functions of MPI's C interface that are used. Handles are words, whatever the library makes of them; results are codes of errors.</summary>
internal static partial class MpiCalls
{
    /// <summary>The name that <see cref="MpiLibrary"/> resolves to the library that was found.</summary>
    public const string Library = "onnxf-mpi";

    [LibraryImport(Library, EntryPoint = "MPI_Initialized")]
    public static partial int Initialized(out int flag);

    [LibraryImport(Library, EntryPoint = "MPI_Init_thread")]
    public static partial int InitThread(nint argumentCount, nint arguments, int required, out int provided);

    [LibraryImport(Library, EntryPoint = "MPI_Finalize")]
    public static partial int Finish();

    [LibraryImport(Library, EntryPoint = "MPI_Abort")]
    public static partial int Abort(nint communicator, int code);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_rank")]
    public static partial int CommRank(nint communicator, out int rank);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_size")]
    public static partial int CommSize(nint communicator, out int size);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_set_errhandler")]
    public static partial int CommSetErrhandler(nint communicator, nint handler);

    [LibraryImport(Library, EntryPoint = "MPI_Error_string")]
    public static partial int ErrorString(int error, ref byte text, out int length);

    [LibraryImport(Library, EntryPoint = "MPI_Get_library_version")]
    public static partial int GetLibraryVersion(ref byte text, out int length);

    [LibraryImport(Library, EntryPoint = "MPI_Test")]
    public static partial int Test(ref nint request, out int flag, nint status);

    [LibraryImport(Library, EntryPoint = "MPI_Iprobe")]
    public static partial int Iprobe(int source, int tag, nint communicator, out int flag, nint status);

    [LibraryImport(Library, EntryPoint = "MPI_Isend")]
    public static partial int Isend(nint data, int count, nint type, int target, int tag, nint communicator, out nint request);

    [LibraryImport(Library, EntryPoint = "MPI_Irecv")]
    public static partial int Irecv(nint data, int count, nint type, int source, int tag, nint communicator, out nint request);

    [LibraryImport(Library, EntryPoint = "MPI_Ibarrier")]
    public static partial int Ibarrier(nint communicator, out nint request);

    [LibraryImport(Library, EntryPoint = "MPI_Ibcast")]
    public static partial int Ibcast(nint data, int count, nint type, int root, nint communicator, out nint request);

    [LibraryImport(Library, EntryPoint = "MPI_Allreduce")]
    public static partial int Allreduce(nint source, nint target, int count, nint type, nint operation, nint communicator);

    [LibraryImport(Library, EntryPoint = "MPI_Iallgather")]
    public static partial int Iallgather(
        nint source, int sourceCount, nint sourceType, nint target, int targetCount, nint targetType, nint communicator, out nint request);
}
