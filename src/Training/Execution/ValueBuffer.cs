using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Execution;

/// <summary>A value at run time: its type, its shape, and the memory that holds its elements row by row.</summary>
internal sealed class ValueBuffer(TensorSpec spec, Storage storage)
{
    public TensorSpec Spec { get; } = spec;

    public Shape Shape => Spec.Shape;

    public Storage Storage { get; } = storage;

    /// <summary>The number of elements.</summary>
    public int Length { get; } = checked((int)spec.Shape.ElementCount);

    public Memory<float> Memory => Storage.Memory[..Length];

    public Span<float> Floats => Storage.Memory.Span[..Length];

    public Span<long> Longs => MemoryMarshal.Cast<float, long>(Storage.Memory.Span)[..Length];

    /// <summary>The elements of a 16-bit type.</summary>
    public Span<ushort> Words => MemoryMarshal.Cast<float, ushort>(Storage.Memory.Span)[..Length];

    public Span<int> Ints => MemoryMarshal.Cast<float, int>(Storage.Memory.Span)[..Length];

    public Span<bool> Bools => MemoryMarshal.Cast<float, bool>(Storage.Memory.Span)[..Length];

    /// <summary>The elements of text.</summary>
    public Span<string> Strings => Storage.Strings.AsSpan(0, Length);

    /// <summary>The elements as bytes.</summary>
    public Span<byte> Bytes => MemoryMarshal.AsBytes(Storage.Memory.Span)[..(Length * Spec.Type.Size())];

    /// <summary>The memory that a value takes, in floats: its bytes rounded up. Text takes none of the plan's.</summary>
    public static long FloatsFor(TensorSpec spec) => spec.Type == DType.String ? 0 : ((spec.Shape.ElementCount * spec.Type.Size()) + 3) / 4;
}
