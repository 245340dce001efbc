using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>16 floats in one <see cref="Vector512{T}"/>.</summary>
internal readonly unsafe struct V512(Vector512<float> value) : IVector<V512>
{
    private readonly Vector512<float> _v = value;

    public static int Count => 16;
    public static V512 Zero => new(Vector512<float>.Zero);
    [MethodImpl(I)] public static V512 Create(float value) => new(Vector512.Create(value));
    [MethodImpl(I)] public static V512 CreateBits(int value) => new(Vector512.Create(value).AsSingle());
    [MethodImpl(I)] public static V512 Load(float* source) => new(Vector512.Load(source));
    [MethodImpl(I)] public static void Store(V512 value, float* destination) => value._v.Store(destination);

    [MethodImpl(I)] public static V512 operator +(V512 left, V512 right) => new(left._v + right._v);
    [MethodImpl(I)] public static V512 operator -(V512 left, V512 right) => new(left._v - right._v);
    [MethodImpl(I)] public static V512 operator *(V512 left, V512 right) => new(left._v * right._v);
    [MethodImpl(I)] public static V512 operator /(V512 left, V512 right) => new(left._v / right._v);
    [MethodImpl(I)] public static V512 operator -(V512 value) => new(-value._v);
    [MethodImpl(I)] public static V512 operator &(V512 left, V512 right) => new(left._v & right._v);
    [MethodImpl(I)] public static V512 operator |(V512 left, V512 right) => new(left._v | right._v);
    [MethodImpl(I)] public static V512 operator ^(V512 left, V512 right) => new(left._v ^ right._v);

    [MethodImpl(I)] public static V512 MultiplyAdd(V512 left, V512 right, V512 addend) => new(Vector512.MultiplyAddEstimate(left._v, right._v, addend._v));
    [MethodImpl(I)] public static V512 Min(V512 left, V512 right) => new(Vector512.Min(left._v, right._v));
    [MethodImpl(I)] public static V512 Max(V512 left, V512 right) => new(Vector512.Max(left._v, right._v));
    [MethodImpl(I)] public static V512 Abs(V512 value) => new(Vector512.Abs(value._v));
    [MethodImpl(I)] public static V512 Sqrt(V512 value) => new(Vector512.Sqrt(value._v));
    [MethodImpl(I)] public static V512 Floor(V512 value) => new(Vector512.Floor(value._v));
    [MethodImpl(I)] public static V512 Ceiling(V512 value) => new(Vector512.Ceiling(value._v));
    [MethodImpl(I)] public static V512 Round(V512 value) => new(Vector512.Round(value._v));

    [MethodImpl(I)] public static V512 LessThan(V512 left, V512 right) => new(Vector512.LessThan(left._v, right._v));
    [MethodImpl(I)] public static V512 LessThanOrEqual(V512 left, V512 right) => new(Vector512.LessThanOrEqual(left._v, right._v));
    [MethodImpl(I)] public static V512 Equals(V512 left, V512 right) => new(Vector512.Equals(left._v, right._v));
    [MethodImpl(I)] public static V512 Select(V512 mask, V512 whenTrue, V512 whenFalse) => new(Vector512.ConditionalSelect(mask._v, whenTrue._v, whenFalse._v));

    [MethodImpl(I)] public static V512 AddBits(V512 left, V512 right) => new((left._v.AsInt32() + right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V512 SubtractBits(V512 left, V512 right) => new((left._v.AsInt32() - right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V512 ShiftLeftBits(V512 value, int count) => new((value._v.AsInt32() << count).AsSingle());
    [MethodImpl(I)] public static V512 ShiftRightBits(V512 value, int count) => new((value._v.AsInt32() >>> count).AsSingle());
    [MethodImpl(I)] public static V512 ShiftRightArithmeticBits(V512 value, int count) => new((value._v.AsInt32() >> count).AsSingle());
    [MethodImpl(I)] public static V512 ToInt32Bits(V512 value) => new(Vector512.ConvertToInt32(value._v).AsSingle());
    [MethodImpl(I)] public static V512 FromInt32Bits(V512 bits) => new(Vector512.ConvertToSingle(bits._v.AsInt32()));

    [MethodImpl(I)] public static float Sum(V512 value) => V256.Sum(new(value._v.GetLower() + value._v.GetUpper()));

    public static float MaxLane(V512 value)
    {
        var result = value._v[0];
        for (var i = 1; i < 16; i++) result = MathF.Max(result, value._v[i]);
        return result;
    }

    public static float MinLane(V512 value)
    {
        var result = value._v[0];
        for (var i = 1; i < 16; i++) result = MathF.Min(result, value._v[i]);
        return result;
    }

    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
}
