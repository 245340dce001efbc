using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>Reads and writes named arrays in the format of Hugging Face (<c>.safetensors</c>).</summary>
/// <remarks>
/// Format: huggingface.co/docs/safetensors; a header in JSON, then the elements. Nothing in a file is executed, and its arrays must lie one after the other,
/// without gaps, overlaps or anything behind them.
/// </remarks>
/// <example><code>
/// SafeTensors.Write("sizes.safetensors", new Dictionary&lt;string, Tensor&lt;float>> { ["sizes"] = Tensor.Create([5.1f, 3.5f], [1, 2]) });
/// NDArray sizes = SafeTensors.Read&lt;float>("sizes.safetensors", "sizes");
/// </code></example>
public static class SafeTensors
{
    /// <summary>The names of the arrays, in the order of the file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or damaged.</exception>
    public static IReadOnlyList<string> ReadNames(string path) => DataFile.Read(path, file => Header(file).Arrays.Select(array => array.Name).ToArray());

    /// <summary>What the file says of itself: texts by name, under <c>__metadata__</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or damaged.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path) => DataFile.Read(path, file => Header(file).Metadata);

    /// <summary>Reads one array, converted to <typeparamref name="T"/>; a scalar has shape [1].</summary>
    /// <typeparam name="T">float, long ...; integers are converted to floats, but floats are not converted to integers.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="name">The name of the array.</param>
    /// <exception cref="DataException">The file is missing or damaged, has no such array, or a value does not fit.</exception>
    public static Tensor<T> Read<T>(string path, string name)
        where T : struct, INumberBase<T> => DataFile.Read(path, file =>
    {
        var header = Header(file);
        var entry = header.Arrays.FirstOrDefault(array => array.Name == name)
            ?? throw new DataException($"{file.Name} has no array '{name}'. It has {string.Join(", ", header.Arrays.Select(array => array.Name))}.");
        file.Stream.Position += entry.Start;
        return Read<T>(file, entry);
    });

    /// <summary>Reads all arrays, converted to one type.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or damaged, or a value does not fit.</exception>
    public static IReadOnlyDictionary<string, Tensor<T>> ReadAll<T>(string path)
        where T : struct, INumberBase<T> => DataFile.Read(path, file =>
    {
        var result = new OrderedDictionary<string, Tensor<T>>(StringComparer.Ordinal);
        foreach (var entry in Header(file).Arrays) result.Add(entry.Name, Read<T>(file, entry));
        return result;
    });

    /// <summary>Writes arrays; equal arrays give equal bytes.</summary>
    /// <typeparam name="T">float, double, Half, an integer type or bool.</typeparam>
    /// <param name="path">The file; an existing one is replaced, or left as it is if writing fails.</param>
    /// <param name="arrays">The arrays by name.</param>
    /// <param name="metadata">What the file says of itself, such as <c>format: pt</c>; default: nothing.</param>
    /// <exception cref="ArgumentException">A name is <c>__metadata__</c>, or the element type is not supported.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write<T>(string path, IReadOnlyDictionary<string, Tensor<T>> arrays, IReadOnlyDictionary<string, string>? metadata = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(arrays);
        var header = SafeTensorsHeader.Write(arrays, metadata);
        DataFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var tensor in arrays.Values) HeldElements<T>.Of(tensor).WriteTo(stream);
        });
    }

    private static SafeTensorsHeader Header(DataFile file)
    {
        if (file.IsLengthExact) return SafeTensorsHeader.Read(file.Stream, file.LargestLength, file.Name);
        throw new DataException($"{file.Name} is compressed with gzip. Decompress it first: arrays of a .safetensors file are found by their place.");
    }

    private static Tensor<T> Read<T>(DataFile file, SafeTensorsEntry entry)
        where T : struct, INumberBase<T>
    {
        var name = $"Array '{entry.Name}' of {file.Name}";
        if (entry.Count > Array.MaxLength) throw new DataException($"{name} has {entry.Count} elements, but a tensor holds at most {Array.MaxLength}.");
        if (entry.Type.Numbers[0] is 'f' or 'b' && entry.Type.Name != "BOOL" && CheckedNumbers.IsInteger<T>())
        {
            throw new DataException(
                $"{name} holds floats ({entry.Type.Name}) but was read as {typeof(T).Name}, which would lose their fractions. Read it as float.");
        }

        var elements = GC.AllocateUninitializedArray<T>((int)entry.Count);
        NumberReader<T>.Of(entry.Type.Numbers, isReversed: !BitConverter.IsLittleEndian, name).Read(file.Stream, elements);
        return Tensor.Create(elements, entry.Shape.Length == 0 ? [1] : Array.ConvertAll(entry.Shape, length => (nint)length));
    }
}
