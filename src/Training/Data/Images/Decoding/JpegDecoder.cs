using System.Buffers;
using System.Buffers.Binary;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// Reads JPEG: sequential and progressive with Huffman codes, 8 bits, any sampling of whole factors, restarts, gray, colors and inks. Pixels are those of
/// libjpeg's defaults, bit for bit. Data that is missing, superfluous or impossible is found. One thread at a time; tables are kept for the next image.
/// </summary>
internal sealed class JpegDecoder
{
    private const byte Escape = 0xFF;

    // Files have about ten; thousands of empty ones would take time without end.
    private const int MostScans = 256;

    private readonly JpegHuffman[] _means = [new(), new(), new(), new()];
    private readonly JpegHuffman[] _others = [new(), new(), new(), new()];
    private readonly int[]?[] _steps = new int[]?[4];
    private int _restartInterval;
    private int _orientation;
    private int _adobe;
    private bool _isJfif;

    /// <summary>Whether a file begins as a JPEG does.</summary>
    public static bool Begins(ReadOnlySpan<byte> file) => file.StartsWith((ReadOnlySpan<byte>)[Escape, 0xD8, Escape]);

    /// <summary>Decodes an image.</summary>
    /// <param name="file">The content of the file.</param>
    /// <param name="request">What it becomes.</param>
    /// <exception cref="InvalidDataException">It is damaged or of a kind that is not supported.</exception>
    /// <exception cref="DataException">It is too large.</exception>
    public DecodedImage Decode(ReadOnlySpan<byte> file, in ImageRequest request)
    {
        Reset();
        JpegFrame? frame = null;
        try
        {
            var (at, scans) = (2, 0);
            while (true)
            {
                var marker = Marker(file, ref at);
                if (marker == 0xD9) return Finish(frame, request);
                var segment = Segment(file, ref at);
                switch (marker)
                {
                    case 0xC0 or 0xC1 or 0xC2:
                        if (frame is not null) throw new InvalidDataException("it has two headers");
                        frame = JpegFrame.Read(segment, isProgressive: marker == 0xC2, request, file.Length);
                        break;
                    case 0xC4:
                        Huffman(segment);
                        break;
                    case 0xDA:
                        if (++scans > MostScans) throw new InvalidDataException($"its pixels come in more than {MostScans} parts");
                        Scan(frame ?? throw new InvalidDataException("its pixels come before their header"), segment, file, ref at);
                        break;
                    case 0xDB:
                        Steps(segment);
                        break;
                    case 0xDD:
                        if (segment.Length != 2) throw WrongLength();
                        _restartInterval = BinaryPrimitives.ReadUInt16BigEndian(segment);
                        break;
                    case 0xE0:
                        _isJfif |= segment.StartsWith("JFIF\0"u8);
                        break;
                    case 0xE1:
                        if (segment.StartsWith("Exif\0\0"u8)) _orientation = Exif.Orientation(segment[6..]);
                        break;
                    case 0xEE:
                        if (segment.Length >= 12 && segment.StartsWith("Adobe"u8)) _adobe = segment[11];
                        break;
                    case >= 0xC3 and <= 0xCF:
                        throw new InvalidDataException("it is compressed by a rare process of JPEG (lossless, hierarchical or arithmetic)");
                }
            }
        }
        finally
        {
            frame?.Dispose();
        }
    }

    /// <summary>Moves behind the next marker.</summary>
    private static int Marker(ReadOnlySpan<byte> file, ref int at)
    {
        // Some programs fill up segments with zeros.
        while (at < file.Length && file[at] == 0) at++;
        if (at >= file.Length || file[at] != Escape)
            throw new InvalidDataException(at >= file.Length ? "it ends before its end mark" : "a segment does not begin where the one before it ends");
        while (at < file.Length && file[at] == Escape) at++;
        return at < file.Length ? file[at++] : throw new InvalidDataException("it ends before its end mark");
    }

    private static ReadOnlySpan<byte> Segment(ReadOnlySpan<byte> file, ref int at)
    {
        var length = at + 2 <= file.Length ? BinaryPrimitives.ReadUInt16BigEndian(file[at..]) : int.MaxValue;
        if (length < 2 || length > file.Length - at) throw new InvalidDataException("a segment is longer than the file");
        at += length;
        return file.Slice(at - length + 2, length - 2);
    }

    private static InvalidDataException WrongLength() => new("a segment has the wrong length");

    private void Reset()
    {
        foreach (var table in _means.Concat(_others)) table.IsDefined = false;
        Array.Clear(_steps);
        (_restartInterval, _orientation, _adobe, _isJfif) = (0, 1, -1, false);
    }

    private void Huffman(ReadOnlySpan<byte> segment)
    {
        while (segment.Length > 0)
        {
            if (segment.Length < 17 || (segment[0] & 0xEC) != 0) throw WrongLength();
            var count = 0;
            foreach (var codes in segment[1..17]) count += codes;
            if (count > 256 || segment.Length < 17 + count) throw WrongLength();
            (segment[0] < 16 ? _means : _others)[segment[0] & 3].Define(segment[1..17], segment.Slice(17, count));
            segment = segment[(17 + count)..];
        }
    }

    private void Steps(ReadOnlySpan<byte> segment)
    {
        while (segment.Length > 0)
        {
            var (bytes, table) = (1 + (segment[0] >> 4), segment[0] & 15);
            if (bytes > 2 || table > 3 || segment.Length < 1 + (64 * bytes)) throw WrongLength();
            var steps = new int[64];
            for (var i = 0; i < 64; i++)
                steps[JpegBlocks.Order[i]] = bytes == 1 ? segment[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(segment[(1 + (2 * i))..]);
            _steps[table] = steps;
            segment = segment[(1 + (64 * bytes))..];
        }
    }

    private void Scan(JpegFrame frame, ReadOnlySpan<byte> segment, ReadOnlySpan<byte> file, ref int at)
    {
        var count = segment.Length > 0 ? segment[0] : 0;
        if (count is < 1 or > 4 || segment.Length != 4 + (2 * count)) throw WrongLength();
        var rest = segment[(1 + (2 * count))..];
        var range = frame.IsProgressive ? new JpegScanRange(rest[0], rest[1], rest[2] >> 4, rest[2] & 15) : new(0, 63, 0, 0);
        if (range.Last > 63 || range.First > range.Last || range.Low > 13 || (frame.IsProgressive && (range.First == 0 ? range.Last > 0 : count > 1)))
            throw new InvalidDataException("a part of its pixels declares coefficients that cannot be");
        var parts = new JpegScanPart[count];
        for (var i = 0; i < count; i++) parts[i] = Part(frame, segment[1 + (2 * i)], segment[2 + (2 * i)], range);

        var piece = ArrayPool<byte>.Shared.Rent(file.Length - at + JpegBits.Padding);
        var scan = new JpegScan(frame, parts, range);
        for (var restart = 0; ; restart++)
        {
            var length = Piece(file, ref at, piece);
            scan.Read(new JpegBits(piece, length), _restartInterval == 0 ? int.MaxValue : _restartInterval);
            if (scan.IsComplete) break;
            if (Marker(file, ref at) != 0xD0 + (restart & 7)) throw new InvalidDataException("a part of its pixels is missing");
        }

        ArrayPool<byte>.Shared.Return(piece);
    }

    private JpegScanPart Part(JpegFrame frame, byte id, byte tables, JpegScanRange range)
    {
        var component = frame.Component(id);
        var (means, others) = (_means[(tables >> 4) & 3], _others[tables & 3]);
        component.Steps ??= _steps[component.Table] ?? throw new InvalidDataException("a table of steps is missing");
        var (needsMeans, needsOthers) = (range.First == 0 && range.High == 0, range.Last > 0);
        if ((needsMeans && !means.IsDefined) || (needsOthers && !others.IsDefined)) throw new InvalidDataException("a table of codes is missing");
        return new(component, means, others);
    }

    /// <summary>Copies the data up to the next marker, without the zeros behind bytes of ones, and adds zeros at its end.</summary>
    private static int Piece(ReadOnlySpan<byte> file, ref int at, Span<byte> piece)
    {
        var length = 0;
        while (true)
        {
            var data = file[at..];
            var run = data.IndexOf(Escape);
            if (run < 0 || run + 1 >= data.Length) throw new InvalidDataException("its pixels end too early");
            data[..run].CopyTo(piece[length..]);
            (length, at) = (length + run, at + run);
            if (file[at + 1] != 0) break;
            piece[length++] = Escape;
            at += 2;
        }

        piece.Slice(length, JpegBits.Padding).Clear();
        return length;
    }

    private DecodedImage Finish(JpegFrame? frame, in ImageRequest request)
    {
        if (frame is null || Array.Exists(frame.Components, component => component.Steps is null))
            throw new InvalidDataException("it ends before all of its pixels");
        if (frame.IsProgressive) foreach (var component in frame.Components) Transform(component);
        return JpegPixels.Of(frame, request.Channels, IsDifferences(frame), isInverted: _adobe >= 0, _orientation);
    }

    private static void Transform(JpegComponent component)
    {
        Span<int> block = stackalloc int[64];
        var (steps, blocks) = (component.Steps!, component.BlocksAcross);
        for (var i = 0; i < blocks * component.BlocksDown; i++)
        {
            var coefficients = component.Coefficients.Slice(i * 64, 64);
            for (var k = 0; k < 64; k++) block[k] = coefficients[k] * steps[k];
            var (down, across) = Math.DivRem(i, blocks);
            var last = coefficients[1..].ContainsAnyExcept((short)0) ? 63 : 0;
            JpegTransform.Run(block, last, component.Samples[(((down * component.Stride) + across) * 8)..], component.Stride);
        }
    }

    /// <summary>Which colors three components are: as the file says, else by the letters that some programs number them with.</summary>
    private bool IsDifferences(JpegFrame frame) => frame.Components.Length switch
    {
        1 => false,
        4 => _adobe == 2,
        _ when _isJfif => true,
        _ when _adobe >= 0 => _adobe != 0,
        _ => !(frame.Components[0].Id == 'R' && frame.Components[1].Id == 'G' && frame.Components[2].Id == 'B'),
    };
}
