using System.Globalization;
using System.Text;

namespace OnnxFunctional.Training.Data;

/// <summary>The header of a NumPy array: element type, order, shape.</summary>
/// <param name="Kind">f for float, i for signed, u for unsigned, b for bool.</param>
/// <param name="Size">The number of bytes per element.</param>
/// <param name="IsBigEndian">The byte order of the elements.</param>
/// <param name="IsColumnMajor">Whether the first index varies fastest.</param>
/// <param name="Shape">The dimensions; empty for a scalar.</param>
internal sealed record NpyHeader(char Kind, int Size, bool IsBigEndian, bool IsColumnMajor, long[] Shape)
{
    private const int LongestHeader = 1 << 16;
    private const int MostDimensions = 32;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The name in NumPy: f4, i8 ...</summary>
    public string TypeName => Kind + Size.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads the header; the stream is then at the first element.</summary>
    /// <param name="stream">The array, from its first byte.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="bytes">The length of the header.</param>
    public static NpyHeader Read(Stream stream, string name, out int bytes)
    {
        Span<byte> start = stackalloc byte[12];
        stream.ReadExactly(start[..8]);
        if (!start[..6].SequenceEqual(Magic)) throw new DataException($"{name} is not a NumPy array (.npy). Save it with numpy.save.");
        var version = start[6];
        if (version is < 1 or > 3)
            throw new DataException($"{name} has version {version} of NumPy's format; versions 1 to 3 are supported. Save it with numpy.save.");

        var lengthBytes = version == 1 ? 2 : 4;
        stream.ReadExactly(start.Slice(8, lengthBytes));
        var length = 0L;
        for (var i = 0; i < lengthBytes; i++) length |= (long)start[8 + i] << (8 * i);
        if (length > LongestHeader)
            throw new DataException($"{name} has a header of {length} bytes, more than {LongestHeader}. Save a plain array with numpy.save.");

        var text = new byte[length];
        stream.ReadExactly(text);
        bytes = 8 + lengthBytes + text.Length;
        return new Parser(Encoding.Latin1.GetString(text), name).Parse();
    }

    /// <summary>The header of an array in this machine's byte order, padded as NumPy pads it.</summary>
    public static byte[] Write(string type, ReadOnlySpan<nint> shape)
    {
        var text = new StringBuilder("{'descr': '").Append(type).Append("', 'fortran_order': False, 'shape': (");
        foreach (var length in shape) text.Append(CultureInfo.InvariantCulture, $"{length}, ");
        if (shape.Length > 1) text.Length -= 2;
        if (shape.Length == 1) text.Length -= 1;
        text.Append("), }");
        var unpadded = 10 + text.Length + 1;
        text.Append(' ', ((unpadded + Alignment - 1) / Alignment * Alignment) - unpadded).Append('\n');
        return [.. Magic, 1, 0, (byte)text.Length, (byte)(text.Length >> 8), .. Encoding.Latin1.GetBytes(text.ToString())];
    }

    /// <summary>Parses the header, the text of a Python dictionary with three entries; nothing is evaluated.</summary>
    private sealed class Parser(string text, string name)
    {
        private int _position;

        public NpyHeader Parse()
        {
            string? type = null;
            bool? isColumnMajor = null;
            long[]? shape = null;
            Expect('{');
            while (!Take('}'))
            {
                var key = Quoted();
                Expect(':');
                switch (key)
                {
                    case "descr" when type is null:
                        if (Peek() == '[') throw new DataException($"{name} holds records of several fields. Save each field as a separate array.");
                        type = Quoted();
                        break;
                    case "fortran_order" when isColumnMajor is null:
                        isColumnMajor = Word() switch
                        {
                            "True" => true,
                            "False" => false,
                            _ => throw Malformed(),
                        };
                        break;
                    case "shape" when shape is null:
                        shape = Tuple();
                        break;
                    default:
                        throw Malformed();
                }

                if (!Take(',') && Peek() != '}') throw Malformed();
            }

            if (type is null || isColumnMajor is null || shape is null) throw Malformed();
            return Header(type, isColumnMajor.Value, shape);
        }

        private NpyHeader Header(string type, bool isColumnMajor, long[] shape)
        {
            var order = type.Length > 0 && "<>|=".Contains(type[0], StringComparison.Ordinal) ? type[0] : '=';
            var element = type.TrimStart('<', '>', '|', '=');
            if (element is not ("f2" or "f4" or "f8" or "i1" or "i2" or "i4" or "i8" or "u1" or "u2" or "u4" or "u8" or "b1"))
            {
                var shown = type.Length <= 20 ? type : type[..20];
                throw new DataException(
                    $"{name} holds elements of type '{shown}'. Floats (f2, f4, f8), integers (i1 to u8) and bool are supported. Convert it with astype.");
            }

            return new NpyHeader(element[0], element[1] - '0', order == '>', isColumnMajor, shape);
        }

        private long[] Tuple()
        {
            var result = new List<long>();
            Expect('(');
            while (!Take(')'))
            {
                if (!long.TryParse(Word().TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var length)) throw Malformed();
                result.Add(length);
                if (result.Count > MostDimensions) throw new DataException($"{name} has more than {MostDimensions} dimensions. Reshape it before saving.");
                if (!Take(',') && Peek() != ')') throw Malformed();
            }

            return [.. result];
        }

        private string Quoted()
        {
            var quote = Peek();
            if (quote is not ('\'' or '"')) throw Malformed();
            var end = text.IndexOf(quote, _position + 1);
            if (end < 0) throw Malformed();
            var result = text[(_position + 1)..end];
            _position = end + 1;
            return result;
        }

        private string Word()
        {
            Peek();
            var start = _position;
            while (_position < text.Length && char.IsAsciiLetterOrDigit(text[_position])) _position++;
            return text[start.._position];
        }

        private char Peek()
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position])) _position++;
            return _position < text.Length ? text[_position] : '\0';
        }

        private bool Take(char character)
        {
            if (Peek() != character) return false;
            _position++;
            return true;
        }

        private void Expect(char character)
        {
            if (!Take(character)) throw Malformed();
        }

        private DataException Malformed() => new($"{name} has a damaged header (at character {_position}). Save it again with numpy.save.");
    }
}
