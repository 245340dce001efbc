using System.Reflection;
using System.Security.Cryptography;
using OnnxFunctional.Training.Distributing;
using OnnxFunctional.Training.Distributing.Mpi;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training;

/// <summary>
/// How the work of a training is shared by several processes, each of which computes the gradients of a part of every batch: data parallelism, as
/// Keras' <c>keras.distribution.DataParallel</c>. One program is started several times, and all processes end with the same weights.
/// </summary>
/// <remarks>
/// A batch is cut into shards. Each shard's gradient is computed alike whichever process does it, and with <see cref="Reduction.Tree"/> shards are added
/// along one fixed tree, so any number of processes that is at most <see cref="Shards"/> ends with the same bits. The shards are shared out evenly if the
/// number of processes divides theirs; if both are powers of two, adding takes the least time.
/// </remarks>
/// <example><code>
/// // mpirun -n 4 dotnet run
/// var distribution = Distribution.Mpi(shards: 8);
/// if (distribution.Rank == 0) Console.WriteLine($"{distribution.Size} processes, {distribution.Library}");
/// </code></example>
public sealed class Distribution
{
    // 4 MB. On two cores that also compute, a step takes 3 % longer with 1 MB, and 14 % with 64 KB.
    private const int UsualBucket = 1 << 20;

    private const string OtherVectors =
        "Vectors of another width add in another order, so the weights of the processes would drift apart. Start on processors of one kind, or give all the "
        + "narrower vectors: with DOTNET_EnableAVX512=0 in the environment x64 takes 256 bits.";

    private Distribution(Communicator communicator, int shards, Reduction reduction, GradientCompression compression, int bucket = UsualBucket)
    {
        (Communicator, Shards, Reduction, Compression, BucketFloats) = (communicator, shards, reduction, compression, bucket);
        Clock = IsShared ? new(communicator) : null;
    }

    /// <summary>One process, one shard: nothing is shared. It loads no library.</summary>
    public static Distribution None { get; } = new(new(), 1, Reduction.Tree, GradientCompression.None);

    /// <summary>Whether a launcher of MPI, such as <c>mpirun</c> or <c>srun</c>, started this process; then <see cref="Mpi"/> finds the others.</summary>
    public static bool IsStartedByMpi => MpiLauncher.IsThere;

    /// <summary>The number of this process, from 0. Rank 0 is the one that prints and writes files.</summary>
    public int Rank => Communicator.Rank;

    /// <summary>The number of processes.</summary>
    public int Size => Communicator.Size;

    /// <summary>The number of parts into which a batch is cut.</summary>
    public int Shards { get; }

    /// <summary>How the gradients of the shards are added.</summary>
    public Reduction Reduction { get; }

    /// <summary>The type in which gradients travel between processes.</summary>
    public GradientCompression Compression { get; }

    /// <summary>What moves the data, such as <c>Open MPI v4.1.4</c>.</summary>
    public string Library => Communicator.Name;

    /// <summary>What the training steps took so far since the last <c>Fit</c> began; null before its second step, and of batches that are not cut.</summary>
    public DistributionReport? Report => Clock?.Report(Shards);

    internal Communicator Communicator { get; }

    /// <summary>Measures steps; null if batches are not cut.</summary>
    internal StepClock? Clock { get; }

    /// <summary>A bucket of gradients is complete with so many numbers.</summary>
    internal int BucketFloats { get; }

    /// <summary>The samples of each batch that this process computes.</summary>
    internal Share Share => new(Rank, Size, Shards);

    /// <summary>Whether batches are cut, by several processes or by one that is to give the same bits.</summary>
    internal bool IsShared => Size > 1 || Shards > 1;

    /// <summary>Processes that are connected already.</summary>
    internal static Distribution Of(
        Communicator communicator,
        int shards,
        Reduction reduction = Reduction.Tree,
        GradientCompression compression = GradientCompression.None,
        int bucket = UsualBucket) => new(communicator, shards, reduction, compression, bucket);

    /// <summary>One process, which cuts batches as several do, so that it ends with the same bits. It loads no library.</summary>
    /// <param name="shards">Into how many parts a batch is cut, at least 1.</param>
    /// <exception cref="ModelException"><paramref name="shards"/> is below 1.</exception>
    public static Distribution OneProcess(int shards) => new(new(), Checked(shards), Reduction.Tree, GradientCompression.None);

    /// <summary>
    /// Processes that MPI has started, on one machine or many: <c>mpirun -n 4 dotnet run</c>. The first call starts MPI, which needs an MPI library on the
    /// machine (Debian: <c>apt-get install openmpi-bin</c>); a program that was not started by MPI is the only process. All processes must call it.
    /// </summary>
    /// <param name="shards">Into how many parts a batch is cut, at least the number of processes; default: that number.</param>
    /// <param name="reduction">How the gradients of the shards are added.</param>
    /// <param name="compression">The type in which gradients travel between processes; only for <see cref="Reduction.Tree"/>.</param>
    /// <exception cref="ModelException">An option is out of range, or options do not go together.</exception>
    /// <exception cref="DistributionException">
    /// No MPI library was found, it reports an error, or the processes differ in program or options.
    /// </exception>
    public static Distribution Mpi(int? shards = null, Reduction reduction = Reduction.Tree, GradientCompression compression = GradientCompression.None)
    {
        if (!Enum.IsDefined(reduction)) throw new ModelException($"reduction is {(int)reduction}; expected Reduction.Tree or Library.");
        if (!Enum.IsDefined(compression))
            throw new ModelException($"compression is {(int)compression}; expected GradientCompression.None, Float16 or BFloat16.");
        if (reduction == Reduction.Library && compression != GradientCompression.None)
        {
            throw new ModelException(
                $"compression is {compression} with Reduction.Library, which adds float32 only; expected Reduction.Tree or GradientCompression.None.");
        }

        var given = shards is { } stated ? Checked(stated) : (int?)null;
        var communicator = MpiSession.Open().Communicator;
        var count = given ?? communicator.Size;
        new Agreement()
            .Add("program", Program())
            .Add("version of OnnxFunctional", Digest(typeof(Distribution).Assembly))
            .Add("vectors", VectorDispatch.Instructions, OtherVectors)
            .Add("number of shards", $"{count}")
            .Add("reduction", $"{reduction}")
            .Add("compression", $"{compression}")
            .Check(communicator);
        if (count < communicator.Size)
        {
            throw new ModelException(
                $"shards is {count} and there are {communicator.Size} processes; expected at least one shard for each. Start fewer processes.");
        }

        return new(communicator, count, reduction, compression);
    }

    private static int Checked(int shards) => shards >= 1 ? shards : throw new ModelException($"shards is {shards}; expected at least 1.");

    private static string Program() => Assembly.GetEntryAssembly() is { } program ? Digest(program) : Digest(typeof(Distribution).Assembly);

    /// <summary>A digest of the assembly's file, or of the program that it was published into.</summary>
    private static string Digest(Assembly assembly)
    {
        var name = assembly.GetName().Name + ".dll";
        var path = Path.Combine(AppContext.BaseDirectory, name);
        if (!File.Exists(path)) path = Environment.ProcessPath;
        if (path is null) return name;
        using var file = File.OpenRead(path);
        return $"{Path.GetFileName(path)} ({Convert.ToHexStringLower(SHA256.HashData(file).AsSpan(0, 4))})";
    }
}
