namespace OnnxFunctional.Training.Data;

/// <summary>A Huffman table of a JPEG, ready to decode: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annexes C and F.2.2.3.</summary>
internal sealed class JpegHuffman
{
    /// <summary>The bits that the tables look up at once; longer codes are rare.</summary>
    public const int Lookup = 10;

    private const int Longest = 16;

    private readonly byte[] _counts = new byte[Longest];
    private readonly byte[] _symbols = new byte[256];
    private readonly int[] _end = new int[Longest + 1];
    private readonly int[] _offset = new int[Longest + 1];
    private readonly ushort[] _short = new ushort[1 << Lookup];
    private readonly int[] _whole = new int[1 << Lookup];
    private bool _isMade;

    /// <summary>Whether a file has defined the table.</summary>
    public bool IsDefined { get; set; }

    /// <summary>By the next bits: length of the code, and symbol times 256; 0 if the code is longer than <see cref="Lookup"/>.</summary>
    public ReadOnlySpan<ushort> Short => _short;

    /// <summary>
    /// By the next bits: length of code and value together, run of zeros times 256, value times 65536; 0 if they are longer or the symbol has no value.
    /// </summary>
    public ReadOnlySpan<int> Whole => _whole;

    /// <summary>Makes the table from a segment of the file.</summary>
    /// <param name="counts">How many codes there are of each length, from 1.</param>
    /// <param name="symbols">The symbols in the order of their codes.</param>
    /// <exception cref="InvalidDataException">There are more codes than fit.</exception>
    public void Define(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        // Most files have the same tables: those that the standard gives as an example.
        if (_isMade && counts.SequenceEqual(_counts) && symbols.SequenceEqual(_symbols.AsSpan(0, symbols.Length)))
        {
            IsDefined = true;
            return;
        }

        _isMade = false;
        counts.CopyTo(_counts);
        symbols.CopyTo(_symbols);
        Array.Clear(_short);
        Array.Clear(_whole);
        var (code, index) = (0, 0);
        for (var length = 1; length <= Longest; length++)
        {
            _offset[length] = index - code;
            for (var i = 0; i < counts[length - 1]; i++)
            {
                if (length <= Lookup) Fill(code, length, symbols[index]);
                code++;
                index++;
            }

            if (code > 1 << length) throw new InvalidDataException("a table of codes is overfull");
            _end[length] = code;
            code <<= 1;
        }

        _isMade = true;
        IsDefined = true;
    }

    /// <summary>The symbol and length of a code that is longer than <see cref="Lookup"/>.</summary>
    /// <param name="bits">The next 16 bits.</param>
    /// <param name="length">The length of the code.</param>
    /// <exception cref="InvalidDataException">No code begins with these bits.</exception>
    public int Long(int bits, out int length)
    {
        for (length = Lookup + 1; length <= Longest; length++)
        {
            var code = bits >> (Longest - length);
            if (code < _end[length]) return _symbols[(code + _offset[length]) & 0xFF];
        }

        throw new InvalidDataException("its pixels hold a code that is in no table");
    }

    private void Fill(int code, int length, byte symbol)
    {
        if (code >= 1 << length) return;
        var (rest, size) = (Lookup - length, symbol & 15);
        for (var i = 0; i < 1 << rest; i++)
        {
            var bits = (code << rest) | i;
            _short[bits] = (ushort)(length | (symbol << 8));
            if (size == 0 || size > rest) continue;
            var value = JpegBits.Signed(i >> (rest - size), size);
            _whole[bits] = (length + size) | (symbol >> 4 << 8) | (value << 16);
        }
    }
}
