using System.IO.Compression;

namespace OnnxFunctional.Training.Data;

/// <summary>The content of a zip entry, compared with its checksum, which <see cref="ZipArchive"/> reads but does not check.</summary>
internal sealed class ZipContent : ForwardStream
{
    private readonly Stream _content;
    private readonly ZipArchiveEntry _entry;
    private uint _register = uint.MaxValue;

    private ZipContent(ZipArchiveEntry entry) => (_entry, _content) = (entry, entry.Open());

    public override long Length => _entry.Length;

    public override long Position
    {
        get => _content.Position;
        set => throw new NotSupportedException();
    }

    /// <summary>Opens an entry.</summary>
    /// <returns>A stream whose last read, which finds nothing more, compares the checksum.</returns>
    public static Stream Open(ZipArchiveEntry entry) => new ZipContent(entry);

    /// <exception cref="InvalidDataException">It is the last read, and the content is not the one that was packed.</exception>
    public override int Read(Span<byte> buffer)
    {
        var read = _content.Read(buffer);
        _register = Crc32.Advance(_register, buffer[..read]);
        if (read == 0 && buffer.Length > 0 && ~_register != _entry.Crc32)
            throw new InvalidDataException($"The checksum of its entry '{_entry.FullName}' differs: bytes were changed after it was written.");
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _content.Dispose();
        base.Dispose(disposing);
    }
}
