using System.IO.Compression;

namespace OnnxFunctional.Training.Data;

/// <summary>The content of a gzip file, decompressed; the end of the file is the end of the content.</summary>
/// <remarks>
/// <see cref="GZipStream"/> takes a file that was cut for one that has ended, and so a table for a shorter one. Here a further member stands behind the file:
/// only behind a complete one is it found.
/// </remarks>
internal sealed class GZipContent : ForwardStream
{
    private const int BufferBytes = 1 << 16;

    private static readonly byte[] s_mark = "the end of the file"u8.ToArray();
    private static readonly byte[] s_packedMark = Pack(s_mark);

    private readonly Marked _file;
    private readonly GZipStream _content;

    // What is decompressed and not yet read; its last bytes may be the mark.
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private bool _isComplete;

    /// <param name="file">The file; it is not disposed.</param>
    public GZipContent(Stream file)
    {
        _file = new Marked(file);
        _content = new GZipStream(_file, CompressionMode.Decompress);
    }

    /// <exception cref="InvalidDataException">The file is damaged, or continues with something else.</exception>
    /// <exception cref="EndOfStreamException">The file was cut.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!_isComplete && _end - _start <= s_mark.Length) Fill();
        var count = Math.Min(buffer.Length, _end - _start - (_isComplete ? 0 : s_mark.Length));
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _content.Dispose();
        base.Dispose(disposing);
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var read = Unpack(_buffer.AsSpan(_end));
        _end += read;
        if (read > 0) return;
        if (!_buffer.AsSpan(0, _end).EndsWith(s_mark)) throw new InvalidDataException("It was cut off, or something that is not gzip follows.");
        _end -= s_mark.Length;
        _isComplete = true;
    }

    private int Unpack(Span<byte> buffer)
    {
        try
        {
            return _content.Read(buffer);
        }
        catch (InvalidDataException misread) when (_file.IsAtMark)
        {
            // The mark was read as the rest of the member that was cut.
            throw new EndOfStreamException("The file was cut off.", misread);
        }
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.NoCompression, leaveOpen: true)) zip.Write(content);
        return packed.ToArray();
    }

    /// <summary>The bytes of a file, and then those of the mark.</summary>
    private sealed class Marked(Stream file) : ForwardStream
    {
        private int _markRead;

        /// <summary>Whether the file's own bytes were all read.</summary>
        public bool IsAtMark => _markRead > 0;

        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(buffer);
            if (read > 0) return read;
            read = Math.Min(buffer.Length, s_packedMark.Length - _markRead);
            s_packedMark.AsSpan(_markRead, read).CopyTo(buffer);
            _markRead += read;
            return read;
        }
    }
}
