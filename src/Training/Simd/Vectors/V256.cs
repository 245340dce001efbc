using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OnnxFunctional.Training.Simd;

/// <summary>8 floats in one <see cref="Vector256{T}"/>.</summary>
internal readonly unsafe struct V256(Vector256<float> value) : IVector<V256>
{
    private readonly Vector256<float> _v = value;

    public static int Count => 8;
    public static V256 Zero => new(Vector256<float>.Zero);
    public static V256 LaneBits => new(Vector256<int>.Indices.AsSingle());
    public static bool IsFused => Fma.IsSupported || AdvSimd.IsSupported;
    [MethodImpl(I)] public static V256 Create(float value) => new(Vector256.Create(value));
    [MethodImpl(I)] public static V256 CreateBits(int value) => new(Vector256.Create(value).AsSingle());
    [MethodImpl(I)] public static V256 Load(float* source) => new(Vector256.Load(source));
    [MethodImpl(I)] public static void Store(V256 value, float* destination) => value._v.Store(destination);

    [MethodImpl(I)]
    public static V256 Load(float* source, int count) =>
        Avx.IsSupported ? new(Avx.MaskLoad(source, FirstLanes(count))) : PortableVector.Load<V256>(source, count);

    [MethodImpl(I)]
    public static void Store(V256 value, float* destination, int count)
    {
        if (Avx.IsSupported) Avx.MaskStore(destination, FirstLanes(count), value._v);
        else PortableVector.Store(value, destination, count);
    }

    [MethodImpl(I)]
    public static V256 LoadMask(byte* source)
    {
        var bytes = Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte();
        var words = Vector256.WidenLower(Vector256.WidenLower(bytes.ToVector256Unsafe()));
        return new(~Vector256.Equals(words.AsInt32(), Vector256<int>.Zero).AsSingle());
    }

    [MethodImpl(I)]
    public static void StoreMask(V256 mask, byte* destination)
    {
        var ones = mask._v.AsUInt32() >> 31;
        var halves = Vector128.Narrow(ones.GetLower(), ones.GetUpper());
        *(ulong*)destination = Vector128.Narrow(halves, halves).AsUInt64().ToScalar();
    }

    [MethodImpl(I)]
    public static V256 LoadWords(ushort* source)
    {
        if (Avx2.IsSupported) return new(Avx2.ConvertToVector256Int32(source).AsSingle());
        var (lower, upper) = Vector128.Widen(Vector128.Load(source));
        return new(Vector256.Create(lower, upper).AsSingle());
    }

    [MethodImpl(I)]
    public static void StoreWords(V256 lanes, ushort* destination) =>
        Vector128.Narrow(lanes._v.GetLower().AsUInt32(), lanes._v.GetUpper().AsUInt32()).Store(destination);

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
    [MethodImpl(I)] public static V256 MinNative(V256 left, V256 right) => new(Vector256.MinNative(left._v, right._v));
    [MethodImpl(I)] public static V256 MaxNative(V256 left, V256 right) => new(Vector256.MaxNative(left._v, right._v));
    [MethodImpl(I)] public static V256 Abs(V256 value) => new(Vector256.Abs(value._v));
    [MethodImpl(I)] public static V256 Sqrt(V256 value) => new(Vector256.Sqrt(value._v));
    [MethodImpl(I)] public static V256 Floor(V256 value) => new(Vector256.Floor(value._v));
    [MethodImpl(I)] public static V256 Ceiling(V256 value) => new(Vector256.Ceiling(value._v));
    [MethodImpl(I)] public static V256 Round(V256 value) => new(Vector256.Round(value._v));

    [MethodImpl(I)] public static V256 LessThan(V256 left, V256 right) => new(Vector256.LessThan(left._v, right._v));
    [MethodImpl(I)] public static V256 LessThanOrEqual(V256 left, V256 right) => new(Vector256.LessThanOrEqual(left._v, right._v));
    [MethodImpl(I)] public static V256 Equals(V256 left, V256 right) => new(Vector256.Equals(left._v, right._v));
    [MethodImpl(I)] public static V256 Select(V256 mask, V256 whenTrue, V256 whenFalse) => new(Vector256.ConditionalSelect(mask._v, whenTrue._v, whenFalse._v));

    [MethodImpl(I)] public static bool Any(V256 mask) => mask._v.ExtractMostSignificantBits() != 0;

    [MethodImpl(I)]
    public static V256 Scale(V256 value, V256 exponent)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.Scale(value._v, exponent._v));

        // In two steps, so that both factors are normal numbers and the product is rounded once.
        var whole = (exponent._v + Vector256.Create(12582912f)).AsInt32() - Vector256.Create(0x4B400000);
        var half = whole >> 1;
        var first = ((half + Vector256.Create(127)) << 23).AsSingle();
        var second = ((whole - half + Vector256.Create(127)) << 23).AsSingle();
        return new(value._v * first * second);
    }

    [MethodImpl(I)] public static V256 AddBits(V256 left, V256 right) => new((left._v.AsInt32() + right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V256 SubtractBits(V256 left, V256 right) => new((left._v.AsInt32() - right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V256 ShiftLeftBits(V256 value, int count) => new((value._v.AsInt32() << count).AsSingle());
    [MethodImpl(I)] public static V256 ShiftRightBits(V256 value, int count) => new((value._v.AsInt32() >>> count).AsSingle());
    [MethodImpl(I)] public static V256 ShiftRightArithmeticBits(V256 value, int count) => new((value._v.AsInt32() >> count).AsSingle());
    [MethodImpl(I)] public static V256 MultiplyLowBits(V256 left, V256 right) => new((left._v.AsInt32() * right._v.AsInt32()).AsSingle());

    [MethodImpl(I)]
    public static V256 MultiplyHighBits(V256 left, V256 right)
    {
        if (!Avx2.IsSupported) return PortableVector.MultiplyHighBits(left, right);
        var (a, b) = (left._v.AsUInt32(), right._v.AsUInt32());
        var even = Avx2.Multiply(a, b) >> 32;
        var odd = Avx2.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32()) & Vector256.Create(0xFFFFFFFF00000000UL);
        return new((even | odd).AsSingle());
    }

    [MethodImpl(I)] public static V256 ToInt32Bits(V256 value) => new(Vector256.ConvertToInt32(value._v).AsSingle());
    [MethodImpl(I)] public static V256 FromInt32Bits(V256 bits) => new(Vector256.ConvertToSingle(bits._v.AsInt32()));

    [MethodImpl(I)] public static float Sum(V256 value) => V128.Sum(new(value._v.GetLower() + value._v.GetUpper()));

    [MethodImpl(I)] public static float MaxLane(V256 value) => V128.MaxLane(V128.Max(new(value._v.GetLower()), new(value._v.GetUpper())));

    [MethodImpl(I)] public static float MinLane(V256 value) => V128.MinLane(V128.Min(new(value._v.GetLower()), new(value._v.GetUpper())));

    [MethodImpl(I)]
    private static Vector256<float> FirstLanes(int count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
}
