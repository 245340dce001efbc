using System.IO.Compression;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Samples;

/// <summary>Kinds of data.</summary>
internal enum DataKind
{
    /// <summary>Text with columns: CSV, TSV.</summary>
    Table,

    /// <summary>A NumPy array.</summary>
    Array,

    /// <summary>Several NumPy arrays.</summary>
    Arrays,

    /// <summary>Images or labels as in MNIST.</summary>
    Idx,

    /// <summary>A folder with idx files.</summary>
    IdxFolder,

    /// <summary>An image, or a folder with images.</summary>
    Images,
}

/// <summary>Tells kinds of data by their bytes, whatever their names are.</summary>
internal static class DataKinds
{
    private const string Known = "a CSV or TSV table, NumPy arrays (.npy, .npz), idx files as MNIST's, PNG or JPEG images, or a folder of idx files or images";

    /// <summary>The kind of a file or folder.</summary>
    /// <exception cref="DataException">It is missing, unreadable or none of them.</exception>
    public static DataKind Of(string path)
    {
        if (Directory.Exists(path)) return IdxFolder.Contains(path) ? DataKind.IdxFolder : DataKind.Images;
        if (!File.Exists(path))
            throw new DataException($"There is no file or folder '{path}'. Check the path; the current folder is '{Environment.CurrentDirectory}'.");
        var start = Start(path);
        if (start.Length == 0) throw new DataException($"'{path}' is empty; expected {Known}.");
        if (start.StartsWith("PK\u0003\u0004"u8)) return Archive(path);
        if (start.StartsWith((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'])) return DataKind.Array;
        if (IsIdx(start)) return DataKind.Idx;
        if (IsImage(start)) return DataKind.Images;
        var isUnicode = start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]);
        return isUnicode || !start.Contains((byte)0) ? DataKind.Table : throw new DataException($"'{path}' is of no kind that is read; expected {Known}.");
    }

    /// <summary>Whether a file begins as an idx file of images or labels.</summary>
    public static bool IsIdx(ReadOnlySpan<byte> start) => start is [0, 0, 8, 1 or 3, ..];

    /// <summary>The first bytes of a file, of its content if it is compressed with gzip.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static ReadOnlySpan<byte> Start(string path)
    {
        var bytes = new byte[512];
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!file.CanSeek) throw new DataException($"'{path}' is a pipe, which can be read only once. Write its content to a file.");
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (!bytes.AsSpan(0, count).StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])) return bytes.AsSpan(0, count);
            file.Position = 0;
            using var content = new GZipStream(file, CompressionMode.Decompress);
            return bytes.AsSpan(0, content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        }
        catch (InvalidDataException damaged)
        {
            throw new DataException($"'{path}' is damaged: it begins as a gzip file, but cannot be decompressed. Copy or download it again.", damaged);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The file '{path}' cannot be read: {refused.Message} Check its permissions.", refused);
        }
    }

    private static bool IsImage(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']) || start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    /// <summary>Tells arrays from other archives that people have: models and workbooks.</summary>
    private static DataKind Archive(string path)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            if (archive.GetEntry("config.json") is not null && archive.GetEntry("metadata.json") is not null)
                throw new DataException($"'{path}' is a .keras file, a model; expected data: {Known}.");
            if (archive.GetEntry("[Content_Types].xml") is not null)
                throw new DataException($"'{path}' is a workbook or document of an office program. Save the table as CSV.");
            return DataKind.Arrays;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException)
        {
            throw new DataException($"'{path}' is a damaged archive ({damaged.Message.TrimEnd('.')}). Copy or download it again.", damaged);
        }
    }
}
