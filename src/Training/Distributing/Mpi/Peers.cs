using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>The processes of the other ranks on this machine: which of them has ended.</summary>
internal sealed class Peers
{
    private const int MachineBytes = 16;
    private const int CardBytes = MachineBytes + sizeof(int);

    private readonly List<(int Rank, int Id, Process? Process)> _processes = [];

    private Peers()
    {
    }

    /// <summary>Tells all ranks on which machine this process runs, and learns which others run there.</summary>
    public static Peers Meet(Transport transport)
    {
        var memory = AlignedMemory.Allocate((CardBytes / sizeof(float)) * (transport.Size + 1));
        var bytes = MemoryMarshal.AsBytes(memory.Span);
        var own = bytes[..CardBytes];
        var all = bytes[CardBytes..];
        Machine().CopyTo(own);
        BinaryPrimitives.WriteInt32LittleEndian(own[MachineBytes..], Environment.ProcessId);
        transport.AllGather(own, all);
        var peers = new Peers();
        for (var rank = 0; rank < transport.Size; rank++)
        {
            var card = all.Slice(rank * CardBytes, CardBytes);
            if (rank == transport.Rank || !card[..MachineBytes].SequenceEqual(own[..MachineBytes])) continue;
            var id = BinaryPrimitives.ReadInt32LittleEndian(card[MachineBytes..]);
            peers._processes.Add((rank, id, Open(id)));
        }

        return peers;
    }

    /// <summary>Names the first of the others that has ended; null if all run.</summary>
    public string? Ended()
    {
        foreach (var (rank, id, process) in _processes)
        {
            if (process?.HasExited != false) return $"rank {rank} (process {id})";
        }

        return null;
    }

    private static Process? Open(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>What is the same for processes that see each other by their ids: name, boot and, under Linux, the namespace of ids.</summary>
    private static ReadOnlySpan<byte> Machine()
    {
        const string Boot = "/proc/sys/kernel/random/boot_id", Ids = "/proc/self/ns/pid";
        var boot = File.Exists(Boot) ? File.ReadAllText(Boot) : "";
        var text = $"{Environment.MachineName}\n{boot}\n{new FileInfo(Ids).LinkTarget}";
        return SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, MachineBytes);
    }
}
