using System.IO.Compression;

namespace OnnxFunctional.Training.Data;

/// <summary>A data file while it is read, plain or unpacked from gzip, with what is known about its size before anything is allocated.</summary>
internal sealed class DataFile
{
    // Deflate cannot expand further: a run of 258 bytes takes two bits.
    private const int LargestExpansion = 1032;

    private DataFile(string name, Stream stream, long length, bool isPacked)
    {
        Name = name;
        Stream = stream;
        LargestLength = isPacked ? (length * LargestExpansion) + LargestExpansion : length;
        IsLengthExact = !isPacked;
    }

    /// <summary>How messages call the file, in quotes.</summary>
    public string Name { get; }

    /// <summary>The content, unpacked.</summary>
    public Stream Stream { get; }

    /// <summary>No more bytes than these can come.</summary>
    public long LargestLength { get; }

    /// <summary>Whether exactly <see cref="LargestLength"/> bytes come.</summary>
    public bool IsLengthExact { get; }

    /// <summary>Opens a file, gzip or not (told by its first bytes), and turns what the system reports into sentences.</summary>
    /// <exception cref="DataException">It is missing, unreadable, damaged or too short.</exception>
    public static T Read<T>(string path, Func<DataFile, T> read) => ReadRaw(path, stream =>
    {
        var isPacked = stream.ReadByte() == 0x1F && stream.ReadByte() == 0x8B;
        stream.Position = 0;
        using Stream content = isPacked ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        return read(new DataFile("'" + path + "'", content, stream.Length, isPacked));
    });

    /// <summary>Opens a file as it is, and turns what the system reports into sentences.</summary>
    /// <exception cref="DataException">It is missing, unreadable, damaged or too short.</exception>
    public static T ReadRaw<T>(string path, Func<FileStream, T> read)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var name = "'" + path + "'";
        try
        {
            if (Directory.Exists(path)) throw new DataException($"{name} is a folder. Give the path of a file in it.");
            if (!File.Exists(path)) throw new DataException($"The file {name} does not exist. Check the path; the current folder is '{Environment.CurrentDirectory}'.");
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return read(stream);
        }
        catch (EndOfStreamException cut)
        {
            throw new DataException($"{name} ends too early: it was cut off. Copy or download it again.", cut);
        }
        catch (InvalidDataException damaged)
        {
            throw new DataException($"{name} is damaged ({damaged.Message.TrimEnd('.')}). Copy or download it again.", damaged);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The file {name} cannot be read: {failed.Message} Check the path and who may read it.", failed);
        }
    }

    /// <summary>Compares the length a header announces with what the file can hold, before memory is taken for it.</summary>
    public void CheckLength(Int128 announced)
    {
        if (announced > LargestLength)
            throw new DataException($"{Name} announces {announced} bytes and holds {(IsLengthExact ? "" : "at most ")}{LargestLength}: it was cut off. Copy or download it again.");
        if (IsLengthExact && announced < LargestLength)
            throw new DataException($"{Name} announces {announced} bytes and holds {LargestLength}: it is damaged or of another kind. Copy or download it again.");
    }

    /// <summary>After the last announced byte: nothing may follow.</summary>
    public void CheckEnd()
    {
        if (Stream.ReadByte() >= 0) throw new DataException($"{Name} goes on after the data it announces: it is damaged or of another kind. Copy or download it again.");
    }

    /// <summary>Writes a file beside its place and renames it, so that a failure leaves no half of it.</summary>
    /// <exception cref="DataException">The file system refuses.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (Directory.Exists(path) || folder is null) throw new DataException($"Cannot write '{path}': it is a folder. Give a file name in it.");
        if (!Directory.Exists(folder)) throw new DataException($"Cannot write '{path}': the folder '{folder}' does not exist. Create it first.");
        var temporary = Path.Combine(folder, "." + Path.GetRandomFileName() + ".tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write)) write(stream);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"Cannot write '{path}': {failed.Message} Choose another folder, or allow writing to it.", failed);
        }
        finally
        {
            // After the rename there is nothing to delete, and deleting nothing is no error.
            if (Directory.Exists(folder)) File.Delete(temporary);
        }
    }
}
