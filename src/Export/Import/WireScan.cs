using Google.Protobuf.Reflection;

namespace OnnxFunctional.Export.Import;

/// <summary>Scans serialized protobuf without building objects: lengths, depth and the number of parts.</summary>
/// <remarks>A part takes as few as two bytes in a file and about a hundred as an object, so their number must be checked before parsing.</remarks>
internal ref struct WireScan
{
    private const int DeepestMessage = 100;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly GuardContext _context;
    private int _position;
    private long _parts;

    private WireScan(ReadOnlySpan<byte> bytes, GuardContext context)
    {
        _bytes = bytes;
        _context = context;
    }

    /// <exception cref="OnnxFileException">The bytes are not such a message, are nested too deep, or have too many parts.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, MessageDescriptor message, GuardContext context) =>
        new WireScan(bytes, context).Message(message, bytes.Length, 0);

    private void Message(MessageDescriptor? message, int end, int depth)
    {
        if (depth >= DeepestMessage) throw _context.Refuse($"its parts are nested more than {DeepestMessage} deep");
        while (_position < end)
        {
            var tag = Varint(end);
            var number = tag >> 3;
            if (number is 0 or > int.MaxValue >> 2) throw Malformed("a field number out of range");
            var field = message?.FindFieldByNumber((int)number);
            switch ((int)(tag & 7))
            {
                case 0:
                    Varint(end);
                    break;
                case 1:
                    Skip(8, end);
                    break;
                case 2:
                    Delimited(field, end, depth);
                    break;
                case 5:
                    Skip(4, end);
                    break;
                default:
                    throw Malformed("a wire type that ONNX does not use");
            }

            // Numbers of known fields are stored in arrays; everything else becomes an object.
            if (field is null || field.FieldType is FieldType.Message or FieldType.String or FieldType.Bytes) _parts++;
            if (_parts > _context.Limits.MaxParts)
                throw _context.RefuseBeyond($"it has more than {_context.Limits.MaxParts} parts", nameof(OnnxFileLimits.MaxParts));
        }
    }

    private void Delimited(FieldDescriptor? field, int end, int depth)
    {
        var length = Varint(end);
        if (length > (ulong)(end - _position)) throw Malformed("a part that is longer than what is left");
        if (field is { FieldType: FieldType.Message })
            Message(field.MessageType, _position + (int)length, depth + 1);
        else
            _position += (int)length;
    }

    private void Skip(int count, int end)
    {
        if (count > end - _position) throw Malformed("a number that is cut off");
        _position += count;
    }

    private ulong Varint(int end)
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_position >= end) throw Malformed("a number that is cut off");
            var next = _bytes[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Malformed("a number of more than ten bytes");
    }

    private readonly OnnxFileException Malformed(string what) => _context.Refuse($"it is not an ONNX file (at byte {_position}: {what})");
}
