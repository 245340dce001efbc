using System.Buffers;
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Text.Json;

namespace OnnxFunctional.Training.Data;

/// <summary>A type of elements in a .safetensors file.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Numbers">Its name for <see cref="NumberReader{T}"/>.</param>
/// <param name="Size">The bytes of an element.</param>
internal sealed record SafeTensorsType(string Name, string Numbers, int Size)
{
    private static readonly SafeTensorsType[] s_all =
    [
        new("F64", "f8", 8), new("F32", "f4", 4), new("F16", "f2", 2), new("BF16", "bf2", 2), new("I64", "i8", 8), new("I32", "i4", 4), new("I16", "i2", 2),
        new("I8", "i1", 1), new("U8", "u1", 1), new("U16", "u2", 2), new("U32", "u4", 4), new("U64", "u8", 8), new("BOOL", "b1", 1),
    ];

    /// <summary>The type of that name, or null.</summary>
    public static SafeTensorsType? Find(string name) => s_all.FirstOrDefault(type => type.Name == name);

    /// <summary>The name of a type of .NET.</summary>
    /// <exception cref="ArgumentException">It has none.</exception>
    public static string NameOf<T>() => s_all.First(type => type.Numbers == NpyElements.TypeName<T>()[1..]).Name;

    /// <summary>All names.</summary>
    public static string Names => string.Join(", ", s_all.Select(type => type.Name));
}

/// <summary>An array of a .safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Count">The number of its elements.</param>
/// <param name="Start">Its first byte, counted from the end of the header.</param>
internal sealed record SafeTensorsEntry(string Name, SafeTensorsType Type, long[] Shape, long Count, long Start);

/// <summary>The header of a .safetensors file: its length in 8 bytes, then a JSON object of all arrays.</summary>
/// <param name="Arrays">The arrays in the order of their elements.</param>
/// <param name="Metadata">What the file says of itself.</param>
internal sealed record SafeTensorsHeader(IReadOnlyList<SafeTensorsEntry> Arrays, IReadOnlyDictionary<string, string> Metadata)
{
    private const int LongestHeader = 100_000_000;
    private const int MostDimensions = 32;
    private const int Alignment = 8;
    private const int MostShown = 60;
    private const string MetadataName = "__metadata__";

    private static readonly JsonDocumentOptions s_json = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    /// <summary>Reads the header; the stream is then at the first element.</summary>
    /// <param name="stream">The file, from its first byte.</param>
    /// <param name="length">Its length.</param>
    /// <param name="name">Its name in messages.</param>
    /// <exception cref="DataException">It is damaged, or holds a type of elements that is not read.</exception>
    public static SafeTensorsHeader Read(Stream stream, long length, string name)
    {
        Span<byte> start = stackalloc byte[8];
        stream.ReadExactly(start);
        var declared = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (declared > LongestHeader || declared + 8 > (ulong)length)
        {
            throw new DataException(
                $"{name} declares a header of {declared} bytes; expected at most {Math.Min(LongestHeader, length - 8)}. "
                + "It is cut off, or no .safetensors file.");
        }

        var text = new byte[declared];
        stream.ReadExactly(text);
        try
        {
            using var json = JsonDocument.Parse(text, s_json);
            return Parse(json.RootElement, length - 8 - (long)declared, name);
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new DataException($"{name} has a damaged header ({damaged.Message.TrimEnd('.')}). Copy or download it again.", damaged);
        }
    }

    /// <summary>The header of arrays of one type, padded with spaces so that elements are aligned.</summary>
    public static byte[] Write<T>(IReadOnlyDictionary<string, Tensor<T>> arrays, IReadOnlyDictionary<string, string>? metadata)
    {
        var type = SafeTensorsType.NameOf<T>();
        var size = SafeTensorsType.Find(type)!.Size;
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataName);
                foreach (var (key, value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }

            var start = 0L;
            foreach (var (name, tensor) in arrays)
            {
                if (name == MetadataName) throw new ArgumentException($"'{MetadataName}' cannot name an array: the format keeps it for texts.", nameof(arrays));
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (var length in tensor.Lengths) json.WriteNumberValue(length);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(start);
                json.WriteNumberValue(start += tensor.FlattenedLength * size);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        var padded = (text.WrittenCount + Alignment - 1) / Alignment * Alignment;
        var header = new byte[8 + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        text.WrittenSpan.CopyTo(header.AsSpan(8));
        header.AsSpan(8 + text.WrittenCount).Fill((byte)' ');
        return header;
    }

    private static SafeTensorsHeader Parse(JsonElement root, long bytes, string name)
    {
        var metadata = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        var found = new List<(SafeTensorsEntry Entry, long End)>();
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == MetadataName)
            {
                foreach (var entry in property.Value.EnumerateObject())
                    metadata[entry.Name] = entry.Value.GetString() ?? throw new JsonException("a text is null");
            }
            else
            {
                found.Add(Entry(property, name));
            }
        }

        var arrays = found.OrderBy(array => array.Entry.Start).ThenBy(array => array.End).ToList();
        var next = 0L;
        foreach (var (entry, end) in arrays)
        {
            if (entry.Start != next)
            {
                throw new DataException(
                    $"{name} places array '{Shown(entry.Name)}' at byte {entry.Start}; expected {next}, the end of the one before. "
                    + "It is damaged: download it again.");
            }

            next = end;
        }

        return next == bytes
            ? new SafeTensorsHeader([.. arrays.Select(array => array.Entry)], metadata)
            : throw new DataException($"{name} declares {next} bytes of arrays but holds {bytes}: it was cut off or is damaged. Copy or download it again.");
    }

    private static (SafeTensorsEntry Entry, long End) Entry(JsonProperty property, string file)
    {
        var name = $"Array '{Shown(property.Name)}' of {file}";
        var typeName = property.Value.GetProperty("dtype").GetString() ?? "";
        var type = SafeTensorsType.Find(typeName)
            ?? throw new DataException(
                $"{name} holds elements of type '{Shown(typeName)}'. {SafeTensorsType.Names} are supported. Convert it first.");
        var shape = Longs(property.Value.GetProperty("shape"), name);
        var offsets = Longs(property.Value.GetProperty("data_offsets"), name);
        if (shape.Length > MostDimensions) throw new DataException($"{name} has more than {MostDimensions} dimensions. Reshape it before saving.");
        Int128 count = 1;
        foreach (var length in shape)
        {
            count *= length;
            if (count > long.MaxValue) throw new DataException($"{name} declares more than 2^63 elements: it is damaged. Copy or download it again.");
        }

        if (offsets.Length != 2 || offsets[0] > offsets[1] || offsets[1] - offsets[0] != count * type.Size)
        {
            throw new DataException(
                $"{name} takes bytes {string.Join(" to ", offsets.Take(2))}; expected {count * type.Size} bytes, because it has {count} elements of "
                + $"{type.Name}. It is damaged: copy or download it again.");
        }

        return (new SafeTensorsEntry(property.Name, type, shape, (long)count, offsets[0]), offsets[1]);
    }

    private static long[] Longs(JsonElement array, string name)
    {
        var result = new List<long>();
        foreach (var element in array.EnumerateArray())
        {
            if (!element.TryGetInt64(out var number) || number < 0)
                throw new DataException($"{name} has {Shown(element.GetRawText())} where a whole number is needed: it is damaged. Copy or download it again.");
            result.Add(number);
        }

        return [.. result];
    }

    /// <summary>A text of a file, which may be of any length, for messages.</summary>
    private static string Shown(string text) => text.Length <= MostShown ? text : text[..MostShown];
}
