using System.IO.Compression;
using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>Reads and writes archives of named NumPy arrays (<c>.npz</c>).</summary>
/// <remarks>A zip archive of .npy files. Nothing is extracted to disk, and no array may declare more bytes than its compressed data can hold.</remarks>
/// <example><code>
/// var arrays = Npz.ReadAll&lt;float>("data.npz");
/// NDArray x = arrays["x"];
/// </code></example>
public static class Npz
{
    private const int MostArrays = 100_000;
    private const int LargestExpansion = 1032;

    // A zip entry must have a time; NumPy also writes the earliest possible one.
    private static readonly DateTimeOffset s_earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The names of the arrays, in the order of the file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or damaged.</exception>
    public static IReadOnlyList<string> ReadNames(string path) => Open(path, (_, entries) => entries.Keys.ToArray());

    /// <summary>Reads one array, like <see cref="Npy.Read{T}"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The name, as in <c>numpy.savez(path, name=array)</c>.</param>
    /// <exception cref="DataException">The file is missing or damaged, has no such array, or a value does not fit.</exception>
    public static Tensor<T> Read<T>(string path, string name)
        where T : struct, INumberBase<T> => Open(path, (file, entries) => entries.TryGetValue(name, out var entry)
            ? Read<T>(file, name, entry)
            : throw new DataException($"{file.Name} has no array '{name}'. It has {string.Join(", ", entries.Keys)}."));

    /// <summary>Reads all arrays, converted to one type.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or damaged, or a value does not fit.</exception>
    public static IReadOnlyDictionary<string, Tensor<T>> ReadAll<T>(string path)
        where T : struct, INumberBase<T> => Open(path, (file, entries) =>
    {
        var result = new OrderedDictionary<string, Tensor<T>>(StringComparer.Ordinal);
        foreach (var (name, entry) in entries) result.Add(name, Read<T>(file, name, entry));
        return result;
    });

    /// <summary>Writes arrays as <c>numpy.savez_compressed</c> does; equal arrays give equal bytes.</summary>
    /// <param name="path">The file; an existing one is replaced, or left as it is if writing fails.</param>
    /// <param name="arrays">The arrays by name.</param>
    /// <exception cref="ArgumentException">A name is empty or a path, or The element type is not supported.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write<T>(string path, IReadOnlyDictionary<string, Tensor<T>> arrays)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(arrays);
        foreach (var name in arrays.Keys)
        {
            if (!IsPlain(name))
                throw new ArgumentException($"'{name}' cannot name an array in an .npz file. Use a plain name such as 'x' or 'layer/kernel'.", nameof(arrays));
        }

        DataFile.Write(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var (name, tensor) in arrays)
            {
                var entry = archive.CreateEntry(name + ".npy");
                entry.LastWriteTime = s_earliest;
                using var content = entry.Open();
                NpyElements.Write(content, tensor);
            }
        });
    }

    private static TResult Open<TResult>(string path, Func<DataFile, OrderedDictionary<string, ZipArchiveEntry>, TResult> read) => DataFile.Read(path, file =>
    {
        if (!file.IsLengthExact) throw new DataException($"{file.Name} is compressed with gzip. Decompress it first; an .npz file is already compressed.");
        using var archive = new ZipArchive(file.Stream, ZipArchiveMode.Read);
        ZipNames.Check(file.Stream);
        if (archive.Entries.Count > MostArrays)
            throw new DataException($"{file.Name} has {archive.Entries.Count} arrays, more than {MostArrays}. Split it.");
        var entries = new OrderedDictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            var name = entry.FullName.EndsWith(".npy", StringComparison.Ordinal) ? entry.FullName[..^4] : entry.FullName;
            if (!IsPlain(name))
                throw new DataException($"{file.Name} names an array like a path outside of the archive. It is malicious or not an .npz file. Do not use it.");
            if (!entries.TryAdd(name, entry)) throw new DataException($"{file.Name} has the array '{name}' twice. Save it again with numpy.savez.");
        }

        return read(file, entries);
    });

    private static Tensor<T> Read<T>(DataFile file, string name, ZipArchiveEntry entry)
        where T : struct, INumberBase<T>
    {
        var described = $"Array '{name}' of {file.Name}";
        if (entry.IsEncrypted) throw new DataException($"{described} is encrypted. Save it without a password.");
        using var stream = ZipContent.Open(entry);
        var tensor = NpyElements.Read<T>(stream, described, declared =>
        {
            var possible = ((Int128)Math.Min(entry.CompressedLength, file.LargestLength) * LargestExpansion) + LargestExpansion;
            if (declared == entry.Length && declared <= possible) return;
            throw new DataException(
                $"{described} declares {declared} bytes but holds {Int128.Min(entry.Length, possible)}: it is damaged. Copy or download it again.");
        });
        return stream.ReadByte() < 0
            ? tensor
            : throw new DataException($"{described} continues after the declared data: it is damaged. Copy or download it again.");
    }

    private static bool IsPlain(string name) =>
        name.Length > 0 && !Path.IsPathRooted(name) && !name.AsSpan().ContainsAny('\\', ':') && !name.Any(char.IsControl)
        && !name.Split('/').Contains("..", StringComparer.Ordinal);
}
