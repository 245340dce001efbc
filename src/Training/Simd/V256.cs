using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>8 floats in one <see cref="Vector256{T}"/>.</summary>
internal readonly unsafe struct V256(Vector256<float> value) : IVector<V256>
{
    private readonly Vector256<float> _v = value;

    public static int Count => 8;
    public static V256 Zero => new(Vector256<float>.Zero);
    [MethodImpl(I)] public static V256 Create(float value) => new(Vector256.Create(value));
    [MethodImpl(I)] public static V256 CreateBits(int value) => new(Vector256.Create(value).AsSingle());
    [MethodImpl(I)] public static V256 Load(float* source) => new(Vector256.Load(source));
    [MethodImpl(I)] public static void Store(V256 value, float* destination) => value._v.Store(destination);

    [MethodImpl(I)] public static V256 operator +(V256 left, V256 right) => new(left._v + right._v);
    [MethodImpl(I)] public static V256 operator -(V256 left, V256 right) => new(left._v - right._v);
    [MethodImpl(I)] public static V256 operator *(V256 left, V256 right) => new(left._v * right._v);
    [MethodImpl(I)] public static V256 operator /(V256 left, V256 right) => new(left._v / right._v);
    [MethodImpl(I)] public static V256 operator -(V256 value) => new(-value._v);
    [MethodImpl(I)] public static V256 operator &(V256 left, V256 right) => new(left._v & right._v);
    [MethodImpl(I)] public static V256 operator |(V256 left, V256 right) => new(left._v | right._v);
    [MethodImpl(I)] public static V256 operator ^(V256 left, V256 right) => new(left._v ^ right._v);

    [MethodImpl(I)] public static V256 MultiplyAdd(V256 left, V256 right, V256 addend) => new(Vector256.MultiplyAddEstimate(left._v, right._v, addend._v));
    [MethodImpl(I)] public static V256 Min(V256 left, V256 right) => new(Vector256.Min(left._v, right._v));
    [MethodImpl(I)] public static V256 Max(V256 left, V256 right) => new(Vector256.Max(left._v, right._v));
    [MethodImpl(I)] public static V256 Abs(V256 value) => new(Vector256.Abs(value._v));
    [MethodImpl(I)] public static V256 Sqrt(V256 value) => new(Vector256.Sqrt(value._v));
    [MethodImpl(I)] public static V256 Floor(V256 value) => new(Vector256.Floor(value._v));
    [MethodImpl(I)] public static V256 Ceiling(V256 value) => new(Vector256.Ceiling(value._v));
    [MethodImpl(I)] public static V256 Round(V256 value) => new(Vector256.Round(value._v));

    [MethodImpl(I)] public static V256 LessThan(V256 left, V256 right) => new(Vector256.LessThan(left._v, right._v));
    [MethodImpl(I)] public static V256 LessThanOrEqual(V256 left, V256 right) => new(Vector256.LessThanOrEqual(left._v, right._v));
    [MethodImpl(I)] public static V256 Equals(V256 left, V256 right) => new(Vector256.Equals(left._v, right._v));
    [MethodImpl(I)] public static V256 Select(V256 mask, V256 whenTrue, V256 whenFalse) => new(Vector256.ConditionalSelect(mask._v, whenTrue._v, whenFalse._v));

    [MethodImpl(I)] public static V256 AddBits(V256 left, V256 right) => new((left._v.AsInt32() + right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V256 SubtractBits(V256 left, V256 right) => new((left._v.AsInt32() - right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V256 ShiftLeftBits(V256 value, int count) => new((value._v.AsInt32() << count).AsSingle());
    [MethodImpl(I)] public static V256 ShiftRightBits(V256 value, int count) => new((value._v.AsInt32() >>> count).AsSingle());
    [MethodImpl(I)] public static V256 ShiftRightArithmeticBits(V256 value, int count) => new((value._v.AsInt32() >> count).AsSingle());
    [MethodImpl(I)] public static V256 ToInt32Bits(V256 value) => new(Vector256.ConvertToInt32(value._v).AsSingle());
    [MethodImpl(I)] public static V256 FromInt32Bits(V256 bits) => new(Vector256.ConvertToSingle(bits._v.AsInt32()));

    [MethodImpl(I)] public static float Sum(V256 value) => V128.Sum(new(value._v.GetLower() + value._v.GetUpper()));

    public static float MaxLane(V256 value)
    {
        var result = value._v[0];
        for (var i = 1; i < 8; i++) result = MathF.Max(result, value._v[i]);
        return result;
    }

    public static float MinLane(V256 value)
    {
        var result = value._v[0];
        for (var i = 1; i < 8; i++) result = MathF.Min(result, value._v[i]);
        return result;
    }

    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
}
