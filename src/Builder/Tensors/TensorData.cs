using System.Runtime.InteropServices;

namespace OnnxFunctional;

/// <summary>The content of a constant: shape, element type and raw elements. It is compared by content, so that equal constants can be merged.</summary>
internal sealed class TensorData : IEquatable<TensorData>
{
    private readonly byte[] _bytes;

    private TensorData(Shape shape, DType type, byte[] bytes)
    {
        Shape = shape;
        Type = type;
        _bytes = bytes;
    }

    public Shape Shape { get; }

    public DType Type { get; }

    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The value of a constant with one element; null if it has several, or if the element is not a number that a float can hold.</summary>
    public float? Number => Shape.ElementCount != 1 ? null : Type switch
    {
        DType.Float32 => As<float>()[0],
        DType.Float16 => (float)As<Half>()[0],
        DType.BFloat16 => BitConverter.Int32BitsToSingle(As<ushort>()[0] << 16),
        DType.Int8 => As<sbyte>()[0],
        DType.UInt8 => As<byte>()[0],
        DType.Int32 => As<int>()[0],
        DType.Int64 => As<long>()[0],
        _ => null,
    };

    public static TensorData Of(Shape shape, ReadOnlySpan<float> values) => Create(shape, DType.Float32, MemoryMarshal.AsBytes(values));

    public static TensorData Of(Shape shape, ReadOnlySpan<long> values) => Create(shape, DType.Int64, MemoryMarshal.AsBytes(values));

    public static TensorData Of(Shape shape, ReadOnlySpan<int> values) => Create(shape, DType.Int32, MemoryMarshal.AsBytes(values));

    public static TensorData Of(Shape shape, ReadOnlySpan<bool> values) => Create(shape, DType.Bool, MemoryMarshal.AsBytes(values));

    public static TensorData Create(Shape shape, DType type, ReadOnlySpan<byte> bytes) =>
        bytes.Length == checked(shape.ElementCount * type.Size())
            ? new(shape, type, bytes.ToArray())
            : throw new ModelException(
                $"A constant of shape {shape} and type {type.KerasName()} takes {shape.ElementCount * type.Size()} bytes, but got {bytes.Length}.");

    /// <summary>The same elements in another shape of as many.</summary>
    public TensorData In(Shape shape) => new(shape, Type, _bytes);

    public ReadOnlySpan<T> As<T>() where T : struct => MemoryMarshal.Cast<byte, T>(_bytes);

    public bool Equals(TensorData? other) => other is not null && Type == other.Type && Shape == other.Shape && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as TensorData);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Shape);
        hash.Add(Type);
        hash.AddBytes(_bytes.AsSpan(0, Math.Min(_bytes.Length, 256)));
        return hash.ToHashCode();
    }
}
