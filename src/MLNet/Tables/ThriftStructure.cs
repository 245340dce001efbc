namespace OnnxFunctional.MLNet.Tables;

/// <summary>
/// A structure in Thrift's compact protocol, which is walked before it is read: the reader takes memory for as many elements as a list declares, calls itself
/// for each structure in another, and reads a field as what it should be, whatever the file says that it is.
/// </summary>
/// <remarks>https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.</remarks>
/// <param name="bytes">The bytes that begin with it.</param>
internal ref struct ThriftStructure(ReadOnlySpan<byte> bytes)
{
    private const int MostNested = 64;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _place;

    /// <summary>The bytes that it takes, once it was walked.</summary>
    public readonly int Length => _place;

    /// <summary>Walks the structure; false if it does not end, declares more than there is, or has a field of another kind.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="numbers">Takes the whole numbers of its fields, by the number of the field.</param>
    /// <param name="firsts">Takes the whole numbers of field 1 of the structures in its fields, by the number of the field.</param>
    public bool TryWalk(ThriftType type, scoped Span<long> numbers, scoped Span<long> firsts) => TrySkipStruct(type, 0, numbers, firsts);

    private bool TrySkipStruct(ThriftType? type, int depth, scoped Span<long> numbers, scoped Span<long> firsts)
    {
        for (var number = 0L; _place < _bytes.Length;)
        {
            var head = _bytes[_place++];
            if (head == (int)ThriftKind.Stop) return true;
            var kind = (ThriftKind)(head & 0xF);

            // The number of a field is the last one's and the distance, or stands behind the kind.
            if (head >> 4 != 0) number += head >> 4;
            else if (TryNumber(out var written)) number = Signed(written);
            else return false;

            var field = type?[number];
            if (kind is ThriftKind.True or ThriftKind.False)
            {
                if (field is not null && (field.Kind != ThriftKind.True || field.IsList)) return false;
            }
            else if (field is not null && kind != (field.IsList ? ThriftKind.List : field.Kind))
            {
                return false;
            }
            else if (kind is ThriftKind.Int32 or ThriftKind.Int64 && number >= 0 && number < numbers.Length)
            {
                if (!TryNumber(out var value)) return false;
                numbers[(int)number] = Signed(value);
            }
            else if (kind == ThriftKind.Struct && number >= 0 && number < firsts.Length)
            {
                Span<long> inner = [0, 0];
                if (!TrySkipStruct(field?.Type, depth + 1, inner, [])) return false;
                firsts[(int)number] = inner[1];
            }
            else if (!TrySkip(kind, field, depth))
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Walks a value that is no truth value of a field.</summary>
    private bool TrySkip(ThriftKind kind, ThriftField? field, int depth) => kind switch
    {
        ThriftKind.Byte => TryPass(1),
        ThriftKind.Int16 or ThriftKind.Int32 or ThriftKind.Int64 => TryNumber(out _),
        ThriftKind.Double => TryPass(8),
        ThriftKind.Uuid => TryPass(16),
        ThriftKind.Binary => TryNumber(out var length) && TryPass(length),
        _ when depth == MostNested => false,
        ThriftKind.List or ThriftKind.Set => TrySkipList(field, depth + 1),
        ThriftKind.Map => TrySkipMap(depth + 1),
        ThriftKind.Struct => TrySkipStruct(field?.Type, depth + 1, [], []),

        // Readers differ in what bytes truth values in lists take; Parquet has none.
        _ => false,
    };

    private bool TrySkipList(ThriftField? field, int depth)
    {
        if (_place == _bytes.Length) return false;
        var head = _bytes[_place++];
        var count = (ulong)(head >> 4);
        var kind = (ThriftKind)(head & 0xF);
        if (count == 15 && !TryNumber(out count)) return false;

        // Some writers say of a list without elements that they are of kind 0.
        if (count > 0 && field is not null && field.Kind != kind) return false;
        if (count > (ulong)(_bytes.Length - _place)) return false;
        for (var i = 0UL; i < count; i++)
        {
            if (!TrySkip(kind, field, depth)) return false;
        }

        return true;
    }

    private bool TrySkipMap(int depth)
    {
        if (!TryNumber(out var count)) return false;
        if (count == 0) return true;
        if (_place == _bytes.Length) return false;
        var kinds = _bytes[_place++];
        if (count > (ulong)(_bytes.Length - _place)) return false;
        for (var i = 0UL; i < count; i++)
        {
            if (!TrySkip((ThriftKind)(kinds >> 4), null, depth) || !TrySkip((ThriftKind)(kinds & 0xF), null, depth)) return false;
        }

        return true;
    }

    private static long Signed(ulong number) => (long)(number >> 1) ^ -(long)(number & 1);

    private bool TryPass(ulong count)
    {
        if (count > (ulong)(_bytes.Length - _place)) return false;
        _place += (int)count;
        return true;
    }

    private bool TryNumber(out ulong number)
    {
        number = 0;
        for (var shift = 0; shift < 64 && _place < _bytes.Length; shift += 7)
        {
            var part = _bytes[_place++];
            number |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return true;
        }

        return false;
    }
}
