using System.Buffers.Binary;
using System.Text;

namespace OnnxFunctional.Export.Keras;

/// <content>Texts beside groups: legacy files of Keras hold the architecture, the arguments of compile and the order of weights in attributes.</content>
internal sealed partial class Hdf5Reader
{
    // The description of 20,000 layers has 10 MB; the names of their weights have less.
    private const long LongestTexts = 1 << 26;

    private static readonly char[] s_digits = [.. "0123456789"];
    private static readonly string[] s_texts = ["model_config", "training_config", "keras_version", "layer_names", "weight_names"];

    private readonly Dictionary<(string Path, string Name), Message> _attributes = [];
    private readonly Dictionary<ulong, Dictionary<int, (ulong Start, ulong Length)>> _collections = [];
    private readonly HashSet<string> _groups = new(StringComparer.Ordinal);
    private int _collected;
    private long _textLengths;

    /// <summary>Whether there is a group of this path.</summary>
    public bool HasGroup(string path) => _groups.Contains(path);

    /// <summary>The texts of an attribute of a group; null if the group has no such attribute.</summary>
    /// <param name="path">The group; empty for the outermost one.</param>
    /// <param name="name">One of Keras' attributes. Lists too long for HDF5 are in parts, whose names Keras numbers: <c>layer_names0</c>.</param>
    /// <exception cref="ModelException">The attribute is damaged, or holds no texts.</exception>
    public IReadOnlyList<string>? Texts(string path, string name)
    {
        if (_attributes.TryGetValue((path, name), out var whole)) return ReadTexts(path, name, whole);
        if (!_attributes.ContainsKey((path, name + "0"))) return null;
        var texts = new List<string>();
        for (var part = 0; _attributes.TryGetValue((path, $"{name}{part}"), out var found); part++) texts.AddRange(ReadTexts(path, name, found));
        return texts;
    }

    /// <summary>The text of an attribute of the outermost group; null if there is no such attribute.</summary>
    public string? Text(string name) => Texts("", name) is [var text, ..] ? text : null;

    private void NoteAttributes(string path, List<Message> messages)
    {
        _groups.Add(path);
        foreach (var message in messages)
        {
            if (message.Kind == MessageKind.AttributeInfo) RequireAttributesInPlace(path, message);
            if (message.Kind != MessageKind.Attribute) continue;
            var parts = PartsOf(path, message);
            var name = Encoding.UTF8.GetString(At(parts.Name, parts.NameLength)).TrimEnd('\0');
            if (!s_texts.Contains(name.TrimEnd(s_digits))) continue;
            if (_attributes.Count == MostObjects) throw Broken($"it holds more than {MostObjects} attributes");
            if (!_attributes.TryAdd((path, name), message)) throw Broken($"group '{path}' has two attributes '{name}'");
        }
    }

    private void RequireAttributesInPlace(string path, Message info)
    {
        Need(info, 2);
        var at = info.Start + 2 + ((At(info.Start + 1, 1)[0] & 1) != 0 ? 2UL : 0);
        if (Offset(at) != Undefined)
            throw Broken($"group '{path}' stores its attributes in a form that Keras does not write. Save the model with h5py's default libver");
    }

    /// <summary>Where the parts of an attribute are; those of the first version are padded to 8 bytes.</summary>
    private (ulong Name, int NameLength, Message Type, Message Space, ulong Data) PartsOf(string path, Message attribute)
    {
        Need(attribute, 9);
        var header = At(attribute.Start, 8);
        var version = header[0];
        if (version is < 1 or > 3) throw Broken($"an attribute of group '{path}' has version {version}; expected 1 to 3");
        if (version > 1 && (header[1] & 3) != 0) throw Broken($"an attribute of group '{path}' has a shared type; Keras writes plain ones");
        int[] lengths = [.. Enumerable.Range(1, 3).Select(i => (int)BinaryPrimitives.ReadUInt16LittleEndian(At(attribute.Start + (2UL * (ulong)i), 2)))];
        var name = attribute.Start + (version == 3 ? 9UL : 8);
        var type = name + Padded(lengths[0]);
        var space = type + Padded(lengths[1]);
        var data = space + Padded(lengths[2]);
        if (data > attribute.End) throw Broken($"an attribute of group '{path}' is cut off");
        return (
            name,
            lengths[0],
            new(MessageKind.Datatype, type, type + (ulong)lengths[1], false),
            new(MessageKind.Dataspace, space, space + (ulong)lengths[2], false),
            data);

        ulong Padded(int length) => (ulong)(version == 1 ? (length + 7) / 8 * 8 : length);
    }

    private List<string> ReadTexts(string path, string name, Message attribute)
    {
        var (_, _, type, space, data) = PartsOf(path, attribute);
        var count = 1L;
        foreach (var dim in ReadDims($"{path}/{name}", space)) count = Math.Min(count * dim, (long)(attribute.End - data) + 1);
        var texts = new List<string>();

        // NumPy's empty list is one of floating-point numbers.
        if (count == 0) return texts;
        Need(type, 8);
        var header = At(type.Start, 8);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        var (kind, isText) = (header[0] & 15, (header[1] & 15) == 1);
        var (fixedText, anyText) = (kind == 3, kind == 9 && isText && size == 16);
        if (size == 0 || (!fixedText && !anyText)) throw Broken($"the attribute '{name}' of group '{path}' holds no texts");
        if ((ulong)count > (attribute.End - data) / size) throw Broken($"the attribute '{name}' of group '{path}' is cut off");
        for (var i = 0UL; i < (ulong)count; i++)
        {
            var at = data + (i * size);
            var bytes = fixedText ? At(at, (int)size) : ReadCollected(at);
            _textLengths += bytes.Length;
            if (_textLengths > LongestTexts) throw Broken($"its texts have more than {LongestTexts} characters in all");
            var end = bytes.IndexOf((byte)0);
            texts.Add(Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]));
        }

        return texts;
    }

    /// <summary>A text of any length: its length, and its place in a collection of such texts.</summary>
    private ReadOnlySpan<byte> ReadCollected(ulong at)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(At(at, 4));
        if (length == 0) return [];
        var (address, index) = (Offset(at + 4), BinaryPrimitives.ReadInt32LittleEndian(At(at + 12, 4)));
        if (!_collections.TryGetValue(address, out var texts)) _collections.Add(address, texts = ReadCollection(address));
        return texts.TryGetValue(index, out var found) && length <= found.Length
            ? At(found.Start, (int)length)
            : throw Broken("a text lies outside its collection");
    }

    private Dictionary<int, (ulong Start, ulong Length)> ReadCollection(ulong address)
    {
        Signature(address, "GCOL"u8);
        var size = Offset(address + 8);
        if (size > (ulong)_file.Length || address > (ulong)_file.Length - size) throw Broken("a collection of texts lies outside the file");
        var found = new Dictionary<int, (ulong, ulong)>();
        for (var (at, end) = (address + 16, address + size); at + 16 <= end;)
        {
            if (++_collected > MostObjects) throw Broken($"it holds more than {MostObjects} texts");
            var index = BinaryPrimitives.ReadUInt16LittleEndian(At(at, 2));

            // What is left of the collection has the index 0.
            if (index == 0) break;
            var length = Offset(at + 8);
            if (length > end - at - 16) throw Broken("a text lies outside its collection");
            found.TryAdd(index, (at + 16, length));
            at += 16 + ((length + 7) / 8 * 8);
        }

        return found;
    }
}
