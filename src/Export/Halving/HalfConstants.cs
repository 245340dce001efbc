using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Export.Halving;

/// <summary>Copies of a model's weights and constants: in 16 bits, and as they are, so that later changes of the weights do not change them.</summary>
internal sealed class HalfConstants
{
    // What is beyond float16's range stands for infinity, like the 1e9 of masks. 2^15 serves as well, and a sum with it stays finite.
    private const float Infinite = 32768;

    private readonly InferenceGraph _source;
    private readonly DType _type;
    private readonly Dictionary<Value, Value> _half = [];
    private readonly Dictionary<Value, Value> _whole = [];

    public HalfConstants(InferenceGraph source, DType type) => (_source, _type) = (source, type);

    /// <summary>Whether a value is a weight.</summary>
    public static bool IsWeight(Value value) => value.Producer.Op is Variable or Constant { FileName: not null };

    /// <summary>The elements of a weight or of a constant of float32.</summary>
    public static ReadOnlySpan<float> Elements(Value value) =>
        value.Producer.Op is Variable { Weight: var weight } ? weight.Storage : ((Constant)value.Producer.Op).Data.As<float>();

    /// <summary>A weight or constant in 16 bits.</summary>
    public Value Half(Value value)
    {
        if (_half.TryGetValue(value, out var known)) return known;
        var elements = IsWeight(value) ? Elements(value) : Bounded(Elements(value));
        return _half[value] = Of(TensorData.Create(value.Spec.Shape, _type, Narrowed(elements)), NameOf(value));
    }

    /// <summary>A weight as it is.</summary>
    public Value Whole(Value value)
    {
        if (_whole.TryGetValue(value, out var known)) return known;
        return _whole[value] = Of(TensorData.Of(value.Spec.Shape, Elements(value)), NameOf(value));
    }

    private string? NameOf(Value value) =>
        value.Producer.Op is Variable { Weight: var weight } ? _source.NameOf(weight) : ((Constant)value.Producer.Op).FileName;

    private static Value Of(TensorData data, string? name) => Node.Create(new Constant(data, name), [], null).Outputs[0];

    private byte[] Narrowed(ReadOnlySpan<float> values)
    {
        var bytes = new byte[values.Length * sizeof(short)];
        if (_type == DType.Float16)
        {
            TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes.AsSpan()));
            return bytes;
        }

        var words = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan());
        for (var i = 0; i < words.Length; i++) words[i] = (ushort)(BitConverter.SingleToUInt32Bits(BoundsAndTerms.Rounded(values[i], _type)) >> 16);
        return bytes;
    }

    private float[] Bounded(ReadOnlySpan<float> values)
    {
        var bounded = values.ToArray();
        if (_type != DType.Float16) return bounded;
        foreach (ref var value in bounded.AsSpan())
        {
            if (float.IsFinite(value) && float.IsInfinity((float)(Half)value)) value = MathF.CopySign(Infinite, value);
        }

        return bounded;
    }
}
