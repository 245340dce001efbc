using System.Buffers.Binary;
using System.Text;
using OnnxFunctional.Export.Files;

namespace OnnxFunctional.Export.Keras;

/// <summary>Reads the arrays and texts of a file of weights: only the part of HDF5 that Keras writes.</summary>
/// <remarks>
/// PureHDF, which writes our files, can also read them, but it follows external links and external storage to any path that the file
/// names, and does not bound its allocations. A weight file is untrusted, so this reader never leaves it: every offset is checked
/// against its end, only hard links within the file are followed, each object is visited once, arrays are contiguous or compact, and
/// nothing is copied before the caller has seen the shapes. Structure: "HDF5 File Format Specification Version 3.0", sections II to IV.
/// </remarks>
internal sealed partial class Hdf5Reader
{
    // Keras' own files hold two objects per layer and four levels per nested model.
    internal const int MostObjects = 200_000;
    internal const int DeepestPath = 700;

    // Each array keeps its path, and a file may hold many arrays below one long name: paths of this length in all take as much memory as a large weight.
    private const long LongestPaths = 32 << 20;

    private const ulong Undefined = ulong.MaxValue;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly Dictionary<string, Hdf5Array> _arrays = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _visited = [];
    private long _pathLengths;

    private Hdf5Reader(ReadOnlyMemory<byte> file) => _file = file;

    /// <summary>All arrays by their paths, such as <c>layers/dense/vars/0</c>.</summary>
    /// <exception cref="ModelException">The bytes are not HDF5, are damaged, or use a feature that weight files do not have.</exception>
    public static IReadOnlyDictionary<string, Hdf5Array> Read(ReadOnlyMemory<byte> file) => Open(file).Arrays;

    /// <summary>The arrays of a file, and the texts that <see cref="Texts"/> finds beside them.</summary>
    /// <exception cref="ModelException">The bytes are not HDF5, are damaged, or use a feature that weight files do not have.</exception>
    public static Hdf5Reader Open(ReadOnlyMemory<byte> file)
    {
        var reader = new Hdf5Reader(file);
        reader.ReadObject(reader.ReadSuperblock(), "", 0);
        return reader;
    }

    /// <summary>The content of a file on the disk.</summary>
    /// <exception cref="ModelException">It cannot be opened, or cannot be read as <see cref="Open"/> says.</exception>
    public static Hdf5Reader OpenFile(string path)
    {
        using var stream = FileContents.Open(path);
        if (stream.Length > Array.MaxLength) throw new ModelException($"'{path}' has {stream.Length} bytes; at most {Array.MaxLength} can be read.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return Open(content);
    }

    /// <summary>All arrays by their paths, such as <c>layers/dense/vars/0</c>.</summary>
    public IReadOnlyDictionary<string, Hdf5Array> Arrays => _arrays;

    private ulong ReadSuperblock()
    {
        if (!At(0, 8).SequenceEqual((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 26, 10]))
            throw Broken("it does not begin like an HDF5 file");
        var version = At(8, 1)[0];
        var (sizes, start, root) = version switch
        {
            0 => (13, 24, 64),
            1 => (13, 28, 68),
            2 or 3 => (9, 12, 36),
            _ => throw Broken($"its superblock has version {version}; expected 0 to 3"),
        };
        if (At((ulong)sizes, 1)[0] != 8 || At((ulong)sizes + 1, 1)[0] != 8) throw Broken("its offsets are not 8 bytes long");
        if (Offset((ulong)start) != 0) throw Broken("its base address is not 0");
        return Offset((ulong)root);
    }

    /// <summary>Reads the members of a group, or notes an array.</summary>
    private void ReadObject(ulong address, string path, int depth)
    {
        if (depth > DeepestPath) throw Broken($"groups are nested more than {DeepestPath} deep");
        if (!_visited.Add(address)) throw Broken($"'{path}' is linked from two places");
        if (_visited.Count > MostObjects) throw Broken($"it holds more than {MostObjects} objects");
        _pathLengths += path.Length;
        if (_pathLengths > LongestPaths) throw Broken($"the names of its groups and arrays have more than {LongestPaths} characters in all");
        var messages = ReadMessages(address);
        if (messages.Find(message => message.Kind == MessageKind.Layout) is { } layout)
        {
            _arrays.Add(path, ReadArray(path, messages, layout));
            return;
        }

        NoteAttributes(path, messages);
        var prefix = path.Length == 0 ? "" : path + "/";
        foreach (var (name, target) in ReadLinks(messages, path)) ReadObject(target, prefix + name, depth + 1);
    }

    private List<(string Name, ulong Target)> ReadLinks(List<Message> messages, string path)
    {
        var links = new List<(string, ulong)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            switch (message.Kind)
            {
                case MessageKind.SymbolTable:
                    Need(message, 16);
                    ReadTree(Offset(message.Start), ReadHeap(Offset(message.Start + 8)), 0);
                    break;
                case MessageKind.Link:
                    Add(ReadLink(message, path));
                    break;
                case MessageKind.LinkInfo:
                    Need(message, 2);
                    var at = message.Start + 2 + ((At(message.Start + 1, 1)[0] & 1) != 0 ? 8UL : 0);
                    if (Offset(at) != Undefined)
                    {
                        throw Broken(
                            $"group '{path}' stores its links in a form that Keras does not write. Save the weights with Keras, or with h5py's default libver");
                    }
                    break;
            }
        }

        return links;

        void Add((string Name, ulong Target) link)
        {
            if (link.Name.Length == 0 || link.Name.Contains('/', StringComparison.Ordinal) || !names.Add(link.Name))
                throw Broken($"group '{path}' has a member '{link.Name}' twice or with an invalid name");
            links.Add(link);
        }

        void ReadTree(ulong address, (ulong Start, ulong Length) heap, int depth)
        {
            if (depth > 16 || !_visited.Add(address) || _visited.Count > MostObjects) throw Broken($"the index of group '{path}' is circular");
            Signature(address, "TREE"u8);
            var node = At(address, 24);
            if (node[4] != 0) throw Broken($"the index of group '{path}' does not list names");
            var level = node[5];
            var used = BinaryPrimitives.ReadUInt16LittleEndian(node[6..]);
            for (var i = 0UL; i < used; i++)
            {
                // Keys and children alternate, a key first.
                var child = Offset(address + 24 + (16 * i) + 8);
                if (level > 0) ReadTree(child, heap, depth + 1);
                else ReadNames(child, heap);
            }
        }

        void ReadNames(ulong address, (ulong Start, ulong Length) heap)
        {
            if (!_visited.Add(address) || _visited.Count > MostObjects) throw Broken($"the index of group '{path}' is circular");
            Signature(address, "SNOD"u8);
            var count = BinaryPrimitives.ReadUInt16LittleEndian(At(address + 6, 2));
            for (var i = 0UL; i < count; i++)
            {
                var entry = address + 8 + (40 * i);
                var name = ReadName(heap, Offset(entry));
                if (BinaryPrimitives.ReadUInt32LittleEndian(At(entry + 16, 4)) == 2)
                    throw Broken($"'{name}' in group '{path}' is a soft link; expected arrays and groups of this file");
                Add((name, Offset(entry + 8)));
            }
        }
    }

    private (string Name, ulong Target) ReadLink(Message message, string path)
    {
        Need(message, 2);
        var flags = At(message.Start + 1, 1)[0];
        var at = message.Start + 2;
        var kind = (flags & 8) != 0 ? At(at++, 1)[0] : 0;
        if ((flags & 4) != 0) at += 8;
        if ((flags & 16) != 0) at++;
        var width = 1 << (flags & 3);
        var length = Integer(at, width);
        at += (ulong)width;
        if (length > 1024 || at + length + 8 > message.End) throw Broken($"a link in group '{path}' is cut off");
        var name = Encoding.UTF8.GetString(At(at, (int)length));
        if (kind != 0) throw Broken($"'{name}' in group '{path}' is a soft or external link; expected arrays and groups of this file");
        return (name, Offset(at + length));
    }

    private (ulong Start, ulong Length) ReadHeap(ulong address)
    {
        Signature(address, "HEAP"u8);
        var (length, start) = (Offset(address + 8), Offset(address + 24));
        if (length > (ulong)_file.Length || start > (ulong)_file.Length - length) throw Broken("a table of names lies outside the file");
        return (start, length);
    }

    private string ReadName((ulong Start, ulong Length) heap, ulong offset)
    {
        if (offset >= heap.Length) throw Broken("a name lies outside its table");
        var rest = At(heap.Start + offset, (int)Math.Min(heap.Length - offset, 1024));
        var end = rest.IndexOf((byte)0);
        return end >= 0 ? Encoding.UTF8.GetString(rest[..end]) : throw Broken("a name has no end");
    }

    private Hdf5Array ReadArray(string path, List<Message> messages, Message layout)
    {
        foreach (var message in messages)
        {
            if (message.Kind == MessageKind.ExternalFiles) throw Broken($"the array '{path}' stores its elements in another file, which is never opened");
            if (message.Kind == MessageKind.Filters) throw Broken($"the array '{path}' is compressed; Keras writes plain arrays. Save the weights with Keras");
        }

        var dims = ReadDims(path, messages.Find(message => message.Kind == MessageKind.Dataspace) ?? throw Broken($"the array '{path}' has no shape"));
        var (element, size) = ReadElement(
            path, messages.Find(message => message.Kind == MessageKind.Datatype) ?? throw Broken($"the array '{path}' has no element type"));
        var bytes = (ulong)size;
        foreach (var dim in dims)
        {
            // The file holds the elements, so no array can be larger than the file.
            if (dim != 0 && bytes > (ulong)_file.Length / (ulong)dim)
                throw Broken($"the array '{path}' claims the shape ({string.Join(", ", dims)}), more than the whole file holds");
            bytes *= (ulong)dim;
        }

        Need(layout, 2);
        var version = At(layout.Start, 1)[0];
        if (version is not (3 or 4)) throw Broken($"the array '{path}' has layout version {version}; expected 3 or 4");
        var start = At(layout.Start + 1, 1)[0] switch
        {
            0 when BinaryPrimitives.ReadUInt16LittleEndian(At(layout.Start + 2, 2)) >= bytes && layout.Start + 4 + bytes <= layout.End => layout.Start + 4,
            1 when bytes == 0 => 0UL,
            1 when Offset(layout.Start + 2) is var address && address != Undefined && Offset(layout.Start + 10) >= bytes => address,
            1 => throw Broken($"the array '{path}' has a shape but no elements"),
            _ => throw Broken($"the array '{path}' is stored in chunks; Keras writes plain arrays. Save the weights with Keras"),
        };
        if (start > (ulong)_file.Length || bytes > (ulong)_file.Length - start) throw Broken($"the array '{path}' lies outside the file");
        return new(path, dims, element, size, _file.Slice((int)start, (int)bytes));
    }

    private int[] ReadDims(string path, Message space)
    {
        Need(space, 4);
        var header = At(space.Start, 4);
        var (rank, at) = header[0] switch
        {
            1 => (header[1], space.Start + 8),
            2 when header[3] == 2 => throw Broken($"the array '{path}' is empty"),
            2 => (header[1], space.Start + 4),
            _ => throw Broken($"the shape of the array '{path}' has version {header[0]}; expected 1 or 2"),
        };
        if (rank > 32 || at + (8UL * rank) > space.End) throw Broken($"the shape of the array '{path}' is cut off");
        var dims = new int[rank];
        for (var i = 0; i < rank; i++)
        {
            var dim = Offset(at + (8UL * (ulong)i));
            dims[i] = dim <= int.MaxValue ? (int)dim : throw Broken($"the array '{path}' claims a dimension of {dim}");
        }

        return dims;
    }

    private (Hdf5Element Element, int Size) ReadElement(string path, Message type)
    {
        Need(type, 8);
        var header = At(type.Start, 8);
        var (kind, flags, size) = (header[0] & 15, header[1], BinaryPrimitives.ReadUInt32LittleEndian(header[4..]));
        var bigEndian = (flags & 1) != 0;
        if (bigEndian || kind > 1 || size is not (1 or 2 or 4 or 8) || type.Shared)
            throw Broken($"the array '{path}' holds elements of an unsupported type; expected little-endian numbers");
        Need(type, kind == 0 ? 12UL : 20UL);
        var offset = BinaryPrimitives.ReadUInt16LittleEndian(At(type.Start + 8, 2));
        var precision = BinaryPrimitives.ReadUInt16LittleEndian(At(type.Start + 10, 2));
        if (offset != 0 || precision != 8 * size)
            throw Broken($"the array '{path}' holds numbers of {precision} bits at bit {offset} of {size} bytes; expected numbers that fill their bytes");
        if (kind == 0) return ((flags & 8) != 0 ? Hdf5Element.Signed : Hdf5Element.Unsigned, (int)size);

        // Of IEEE 754: where the sign is, exponent (position, bits, bias), mantissa (position, bits), and that its first bit is not stored.
        var part = At(type.Start + 12, 8);
        var layout = (header[2], part[0], part[1], BinaryPrimitives.ReadUInt32LittleEndian(part[4..]), part[2], part[3], flags & 0x70);
        return (size, layout) switch
        {
            (2, (15, 10, 5, 15, 0, 10, 0x20)) => (Hdf5Element.Float16, 2),
            (4, (31, 23, 8, 127, 0, 23, 0x20)) => (Hdf5Element.Float32, 4),
            (8, (63, 52, 11, 1023, 0, 52, 0x20)) => (Hdf5Element.Float64, 8),
            _ => throw Broken(
                $"the array '{path}' holds floating-point numbers of {size} bytes that are not those of IEEE 754 (an exponent of {part[1]} bits with bias "
                + $"{BinaryPrimitives.ReadUInt32LittleEndian(part[4..])}); expected float16, float32 or float64"),
        };
    }

    /// <summary>The messages of an object header of either version, continuation blocks included.</summary>
    private List<Message> ReadMessages(ulong address)
    {
        var messages = new List<Message>();
        var blocks = new Queue<(ulong Start, ulong End)>();
        var second = At(address, 4).SequenceEqual("OHDR"u8);
        var tracked = false;
        if (second)
        {
            var flags = At(address + 5, 1)[0];
            var at = address + 6 + ((flags & 32) != 0 ? 16UL : 0) + ((flags & 16) != 0 ? 4UL : 0);
            var width = 1 << (flags & 3);
            tracked = (flags & 4) != 0;
            AddBlock(at + (ulong)width, Integer(at, width));
        }
        else
        {
            if (At(address, 1)[0] != 1) throw Broken("an object has an unknown header");
            AddBlock(address + 16, BinaryPrimitives.ReadUInt32LittleEndian(At(address + 8, 4)));
        }

        while (blocks.TryDequeue(out var block))
        {
            var head = second ? (tracked ? 6UL : 4UL) : 8UL;
            for (var at = block.Start; at + head <= block.End;)
            {
                var header = At(at, (int)head);
                var kind = second ? header[0] : BinaryPrimitives.ReadUInt16LittleEndian(header);
                var size = BinaryPrimitives.ReadUInt16LittleEndian(second ? header[1..] : header[2..]);
                var flags = second ? header[3] : header[4];
                var message = new Message((MessageKind)kind, at + head, at + head + size, (flags & 2) != 0);
                if (message.End > block.End) throw Broken("a header is cut off");
                if (message.Kind == MessageKind.Continuation)
                {
                    Need(message, 16);
                    var (start, length) = (Offset(message.Start), Offset(message.Start + 8));
                    if (second)
                    {
                        Signature(start, "OCHK"u8);
                        if (length < 8) throw Broken("a header is cut off");
                        AddBlock(start + 4, length - 8);
                    }
                    else
                    {
                        AddBlock(start, length);
                    }
                }
                else
                {
                    messages.Add(message);
                }

                at = message.End;
            }
        }

        return messages;

        void AddBlock(ulong start, ulong length)
        {
            if (length > (ulong)_file.Length || start > (ulong)_file.Length - length) throw Broken("a header lies outside the file");
            if (!_visited.Add(start) || _visited.Count > MostObjects) throw Broken("a header is circular");
            blocks.Enqueue((start, start + length));
        }
    }

    private void Signature(ulong address, ReadOnlySpan<byte> expected)
    {
        if (!At(address, 4).SequenceEqual(expected)) throw Broken($"there is no {Encoding.ASCII.GetString(expected)} at byte {address}");
    }

    private static void Need(Message message, ulong bytes)
    {
        if (message.End - message.Start < bytes) throw Broken("a header is cut off");
    }

    private ulong Offset(ulong address) => BinaryPrimitives.ReadUInt64LittleEndian(At(address, 8));

    private ulong Integer(ulong address, int width) => width switch
    {
        1 => At(address, 1)[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(At(address, 2)),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(At(address, 4)),
        _ => Offset(address),
    };

    private ReadOnlySpan<byte> At(ulong address, int length) =>
        address <= (ulong)_file.Length && (ulong)length <= (ulong)_file.Length - address ? _file.Span.Slice((int)address, length) : throw Broken(
            $"it ends before {address + (ulong)length} bytes");

    private static ModelException Broken(string what) => new($"The weight file cannot be read: {what}.");

    private enum MessageKind
    {
        Dataspace = 0x01,
        LinkInfo = 0x02,
        Datatype = 0x03,
        Link = 0x06,
        ExternalFiles = 0x07,
        Layout = 0x08,
        Filters = 0x0B,
        Attribute = 0x0C,
        Continuation = 0x10,
        SymbolTable = 0x11,
        AttributeInfo = 0x15,
    }

    private sealed record Message(MessageKind Kind, ulong Start, ulong End, bool Shared);
}
