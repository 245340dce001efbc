using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// A cache in a file: a mark, then one record after the other. A record has a key, the number of its bytes, their checksum, and the bytes. Records are only
/// added; what a crash has left unfinished at the end is overwritten.
/// </summary>
internal sealed class FileImageCache : ImageCache
{
    private const int RecordHeader = 24;
    private const int KeyBytes = 16;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly ConcurrentDictionary<Guid, (long Place, int Length)> _records = new();
    private readonly Lock _gate = new();
    private long _end;

    /// <param name="path">The file.</param>
    /// <exception cref="DataException">It cannot be opened, or is something else.</exception>
    public FileImageCache(string path)
    {
        _path = path;
        try
        {
            _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
            Find();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The cache '{path}' cannot be opened: {refused.Message} Check the path and its permissions.", refused);
        }
    }

    private static ReadOnlySpan<byte> Mark => "OnnxFunctional images 1\n"u8;

    /// <inheritdoc/>
    internal override bool TryRead(Guid key, Span<float> target)
    {
        if (!_records.TryGetValue(key, out var record)) return false;
        if (record.Length != target.Length && record.Length != (long)target.Length * sizeof(float)) return false;
        var whole = RecordHeader + record.Length;
        var bytes = ArrayPool<byte>.Shared.Rent(whole);
        try
        {
            var content = bytes.AsSpan(RecordHeader, record.Length);
            var isRight = RandomAccess.Read(_file, bytes.AsSpan(0, whole), record.Place) == whole && Header(bytes) == (key, record.Length, Checksum(content));
            if (isRight) Unpack(content, target);
            else _records.TryRemove(key, out _);
            return isRight;
        }
        catch (IOException failed)
        {
            throw new DataException($"The cache '{_path}' cannot be read: {failed.Message} Delete it, or read without cache.", failed);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <inheritdoc/>
    internal override void Add(Guid key, ReadOnlySpan<float> image)
    {
        var size = ElementSize(image);
        var length = checked(image.Length * size);
        var bytes = ArrayPool<byte>.Shared.Rent(RecordHeader + length);
        try
        {
            var content = bytes.AsSpan(RecordHeader, length);
            Pack(image, size, content);
            key.TryWriteBytes(bytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(KeyBytes), length);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(KeyBytes + 4), Checksum(content));
            lock (_gate)
            {
                RandomAccess.Write(_file, bytes.AsSpan(0, RecordHeader + length), _end);
                _records[key] = (_end, length);
                _end += RecordHeader + length;
            }
        }
        catch (IOException failed)
        {
            throw new DataException($"The cache '{_path}' cannot be written: {failed.Message} Make room for it, or read without cache.", failed);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static (Guid Key, int Length, uint Checksum) Header(ReadOnlySpan<byte> bytes) =>
        (new(bytes[..KeyBytes]), BinaryPrimitives.ReadInt32LittleEndian(bytes[KeyBytes..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[(KeyBytes + 4)..]));

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes)) sum = BitOperations.Crc32C(sum, word);
        foreach (var value in bytes[(bytes.Length & ~7)..]) sum = BitOperations.Crc32C(sum, value);
        return sum;
    }

    /// <summary>Finds the records of earlier programs, or begins the file.</summary>
    private void Find()
    {
        var length = RandomAccess.GetLength(_file);
        if (length == 0) RandomAccess.Write(_file, Mark, 0);
        Span<byte> mark = stackalloc byte[Mark.Length];
        if (RandomAccess.Read(_file, mark, 0) < Mark.Length || !mark.SequenceEqual(Mark))
            throw new DataException($"'{_path}' is not a cache of images, and is left as it is. Pass another path.");
        Span<byte> header = stackalloc byte[RecordHeader];
        for (_end = Mark.Length; RandomAccess.Read(_file, header, _end) == RecordHeader;)
        {
            var (key, size, _) = Header(header);
            if (size <= 0 || size > length - _end - RecordHeader) break;
            _records[key] = (_end, size);
            _end += RecordHeader + size;
        }
    }
}
