namespace OnnxFunctional.Training.Data;

/// <summary>A data file that is being read, plain or decompressed from gzip, with what is known about its size before anything is allocated.</summary>
internal sealed class DataFile : IDisposable
{
    // The largest expansion of deflate: a run of 258 bytes takes two bits.
    private const int LargestExpansion = 1032;

    private readonly FileStream _file;

    private DataFile(string name, Stream content, FileStream file, bool isPacked)
    {
        Name = name;
        Stream = content;
        _file = file;
        LargestLength = isPacked ? (file.Length * LargestExpansion) + LargestExpansion : file.Length;
        IsLengthExact = !isPacked;
    }

    /// <summary>The name of the file in messages, in quotes.</summary>
    public string Name { get; }

    /// <summary>The content, decompressed.</summary>
    public Stream Stream { get; }

    /// <summary>The largest possible length of the content.</summary>
    public long LargestLength { get; }

    /// <summary>Whether the length of the content is exactly <see cref="LargestLength"/>.</summary>
    public bool IsLengthExact { get; }

    /// <summary>Opens a file, decompresses gzip (recognized by its first bytes), and turns errors of the system into clear messages.</summary>
    /// <exception cref="DataException">It is missing, unreadable, damaged or too short.</exception>
    public static T Read<T>(string path, Func<DataFile, T> read) => Guarded(path, () =>
    {
        using var file = Open(path);
        return read(file);
    });

    /// <summary>Opens a file as it is, and turns errors of the system into clear messages.</summary>
    /// <exception cref="DataException">It is missing, unreadable, damaged or too short.</exception>
    public static T ReadRaw<T>(string path, Func<FileStream, T> read) => Guarded(path, () =>
    {
        using var stream = OpenRaw(path);
        return read(stream);
    });

    /// <summary>Opens a file whose content is read inside <see cref="Guarded"/>, and decompresses gzip.</summary>
    /// <exception cref="DataException">It is missing or unreadable.</exception>
    public static DataFile Open(string path)
    {
        var stream = OpenRaw(path);
        var isPacked = stream.ReadByte() == 0x1F && stream.ReadByte() == 0x8B;
        stream.Position = 0;
        return new DataFile("'" + path + "'", isPacked ? new GZipContent(stream) : stream, stream, isPacked);
    }

    /// <summary>Turns errors of the system into clear messages.</summary>
    /// <exception cref="DataException">The file is missing, unreadable, damaged or too short.</exception>
    public static T Guarded<T>(string path, Func<T> read)
    {
        var name = "'" + path + "'";
        try
        {
            return read();
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
            throw new DataException($"The file {name} cannot be read: {failed.Message} Check the path and its permissions.", failed);
        }
    }

    /// <summary>Compares the length that a header declares with what the file can hold, before memory is allocated.</summary>
    public void CheckLength(Int128 declared)
    {
        if (declared > LargestLength)
        {
            throw new DataException(
                $"{Name} declares {declared} bytes but holds {(IsLengthExact ? "" : "at most ")}{LargestLength}: it was cut off. Copy or download it again.");
        }

        if (IsLengthExact && declared < LargestLength)
        {
            throw new DataException(
                $"{Name} declares {declared} bytes but holds {LargestLength}: it is damaged or of another kind. Copy or download it again.");
        }
    }

    /// <summary>Checks that nothing follows the last declared byte.</summary>
    public void CheckEnd()
    {
        if (Stream.ReadByte() >= 0)
            throw new DataException($"{Name} continues after the declared data: it is damaged or of another kind. Copy or download it again.");
    }

    public void Dispose()
    {
        Stream.Dispose();
        _file.Dispose();
    }

    /// <summary>Writes a file completely or not at all.</summary>
    /// <exception cref="DataException">The file system refuses.</exception>
    public static void Write(string path, Action<Stream> write) =>
        FileReplacement.Write(path, (message, cause) => new DataException(message, cause), write);

    /// <summary>Opens a file as it is, whose content is read inside <see cref="Guarded"/>.</summary>
    /// <exception cref="DataException">It is missing or unreadable.</exception>
    public static FileStream OpenRaw(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var name = "'" + path + "'";
        if (Directory.Exists(path)) throw new DataException($"{name} is a folder. Pass the path of a file in it.");
        if (!File.Exists(path))
            throw new DataException($"The file {name} does not exist. Check the path; the current folder is '{Environment.CurrentDirectory}'.");
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);

        // Sizes are checked before memory is allocated, and a pipe has none.
        if (stream.CanSeek) return stream;
        stream.Dispose();
        throw new DataException($"{name} is a pipe, which can be read only once. Write its content to a file.");
    }
}
