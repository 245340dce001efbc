using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>4 floats in one <see cref="Vector128{T}"/>.</summary>
internal readonly unsafe struct V128(Vector128<float> value) : IVector<V128>
{
    private readonly Vector128<float> _v = value;

    public static int Count => 4;
    public static V128 Zero => new(Vector128<float>.Zero);
    [MethodImpl(I)] public static V128 Create(float value) => new(Vector128.Create(value));
    [MethodImpl(I)] public static V128 CreateBits(int value) => new(Vector128.Create(value).AsSingle());
    [MethodImpl(I)] public static V128 Load(float* source) => new(Vector128.Load(source));
    [MethodImpl(I)] public static void Store(V128 value, float* destination) => value._v.Store(destination);

    [MethodImpl(I)] public static V128 operator +(V128 left, V128 right) => new(left._v + right._v);
    [MethodImpl(I)] public static V128 operator -(V128 left, V128 right) => new(left._v - right._v);
    [MethodImpl(I)] public static V128 operator *(V128 left, V128 right) => new(left._v * right._v);
    [MethodImpl(I)] public static V128 operator /(V128 left, V128 right) => new(left._v / right._v);
    [MethodImpl(I)] public static V128 operator -(V128 value) => new(-value._v);
    [MethodImpl(I)] public static V128 operator &(V128 left, V128 right) => new(left._v & right._v);
    [MethodImpl(I)] public static V128 operator |(V128 left, V128 right) => new(left._v | right._v);
    [MethodImpl(I)] public static V128 operator ^(V128 left, V128 right) => new(left._v ^ right._v);

    [MethodImpl(I)] public static V128 MultiplyAdd(V128 left, V128 right, V128 addend) => new(Vector128.MultiplyAddEstimate(left._v, right._v, addend._v));
    [MethodImpl(I)] public static V128 Min(V128 left, V128 right) => new(Vector128.Min(left._v, right._v));
    [MethodImpl(I)] public static V128 Max(V128 left, V128 right) => new(Vector128.Max(left._v, right._v));
    [MethodImpl(I)] public static V128 Abs(V128 value) => new(Vector128.Abs(value._v));
    [MethodImpl(I)] public static V128 Sqrt(V128 value) => new(Vector128.Sqrt(value._v));
    [MethodImpl(I)] public static V128 Floor(V128 value) => new(Vector128.Floor(value._v));
    [MethodImpl(I)] public static V128 Ceiling(V128 value) => new(Vector128.Ceiling(value._v));
    [MethodImpl(I)] public static V128 Round(V128 value) => new(Vector128.Round(value._v));

    [MethodImpl(I)] public static V128 LessThan(V128 left, V128 right) => new(Vector128.LessThan(left._v, right._v));
    [MethodImpl(I)] public static V128 LessThanOrEqual(V128 left, V128 right) => new(Vector128.LessThanOrEqual(left._v, right._v));
    [MethodImpl(I)] public static V128 Equals(V128 left, V128 right) => new(Vector128.Equals(left._v, right._v));
    [MethodImpl(I)] public static V128 Select(V128 mask, V128 whenTrue, V128 whenFalse) => new(Vector128.ConditionalSelect(mask._v, whenTrue._v, whenFalse._v));

    [MethodImpl(I)] public static V128 AddBits(V128 left, V128 right) => new((left._v.AsInt32() + right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V128 SubtractBits(V128 left, V128 right) => new((left._v.AsInt32() - right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V128 ShiftLeftBits(V128 value, int count) => new((value._v.AsInt32() << count).AsSingle());
    [MethodImpl(I)] public static V128 ShiftRightBits(V128 value, int count) => new((value._v.AsInt32() >>> count).AsSingle());
    [MethodImpl(I)] public static V128 ShiftRightArithmeticBits(V128 value, int count) => new((value._v.AsInt32() >> count).AsSingle());
    [MethodImpl(I)] public static V128 ToInt32Bits(V128 value) => new(Vector128.ConvertToInt32(value._v).AsSingle());
    [MethodImpl(I)] public static V128 FromInt32Bits(V128 bits) => new(Vector128.ConvertToSingle(bits._v.AsInt32()));

    [MethodImpl(I)] public static float Sum(V128 value) => Vector128.Sum(value._v);

    public static float MaxLane(V128 value)
    {
        var result = value._v[0];
        for (var i = 1; i < 4; i++) result = MathF.Max(result, value._v[i]);
        return result;
    }

    public static float MinLane(V128 value)
    {
        var result = value._v[0];
        for (var i = 1; i < 4; i++) result = MathF.Min(result, value._v[i]);
        return result;
    }

    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
}
