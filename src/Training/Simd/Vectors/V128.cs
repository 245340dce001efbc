using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OnnxFunctional.Training.Simd;

/// <summary>4 floats in one <see cref="Vector128{T}"/>.</summary>
internal readonly unsafe struct V128(Vector128<float> value) : IVector<V128>
{
    private readonly Vector128<float> _v = value;

    public static int Count => 4;
    public static V128 Zero => new(Vector128<float>.Zero);
    public static V128 LaneBits => new(Vector128<int>.Indices.AsSingle());
    public static bool IsFused => Fma.IsSupported || AdvSimd.IsSupported;
    [MethodImpl(I)] public static V128 Create(float value) => new(Vector128.Create(value));
    [MethodImpl(I)] public static V128 CreateBits(int value) => new(Vector128.Create(value).AsSingle());
    [MethodImpl(I)] public static V128 Load(float* source) => new(Vector128.Load(source));
    [MethodImpl(I)] public static void Store(V128 value, float* destination) => value._v.Store(destination);

    [MethodImpl(I)]
    public static V128 Load(float* source, int count) =>
        Avx.IsSupported ? new(Avx.MaskLoad(source, FirstLanes(count))) : PortableVector.Load<V128>(source, count);

    [MethodImpl(I)]
    public static void Store(V128 value, float* destination, int count)
    {
        if (Avx.IsSupported) Avx.MaskStore(destination, FirstLanes(count), value._v);
        else PortableVector.Store(value, destination, count);
    }

    [MethodImpl(I)]
    public static V128 LoadMask(byte* source)
    {
        var bytes = Vector128.CreateScalarUnsafe(*(uint*)source).AsByte();
        var words = Vector128.WidenLower(Vector128.WidenLower(bytes));
        return new(~Vector128.Equals(words.AsInt32(), Vector128<int>.Zero).AsSingle());
    }

    [MethodImpl(I)]
    public static void StoreMask(V128 mask, byte* destination)
    {
        var ones = mask._v.AsUInt32() >> 31;
        var halves = Vector128.Narrow(ones, ones);
        *(uint*)destination = Vector128.Narrow(halves, halves).AsUInt32().ToScalar();
    }

    [MethodImpl(I)]
    public static V128 LoadWords(ushort* source) => new(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()).AsSingle());

    [MethodImpl(I)]
    public static void StoreWords(V128 lanes, ushort* destination) =>
        *(ulong*)destination = Vector128.Narrow(lanes._v.AsUInt32(), lanes._v.AsUInt32()).AsUInt64().ToScalar();

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
    [MethodImpl(I)] public static V128 MinNative(V128 left, V128 right) => new(Vector128.MinNative(left._v, right._v));
    [MethodImpl(I)] public static V128 MaxNative(V128 left, V128 right) => new(Vector128.MaxNative(left._v, right._v));
    [MethodImpl(I)] public static V128 Abs(V128 value) => new(Vector128.Abs(value._v));
    [MethodImpl(I)] public static V128 Sqrt(V128 value) => new(Vector128.Sqrt(value._v));
    [MethodImpl(I)] public static V128 Floor(V128 value) => new(Vector128.Floor(value._v));
    [MethodImpl(I)] public static V128 Ceiling(V128 value) => new(Vector128.Ceiling(value._v));
    [MethodImpl(I)] public static V128 Round(V128 value) => new(Vector128.Round(value._v));

    [MethodImpl(I)] public static V128 LessThan(V128 left, V128 right) => new(Vector128.LessThan(left._v, right._v));
    [MethodImpl(I)] public static V128 LessThanOrEqual(V128 left, V128 right) => new(Vector128.LessThanOrEqual(left._v, right._v));
    [MethodImpl(I)] public static V128 Equals(V128 left, V128 right) => new(Vector128.Equals(left._v, right._v));
    [MethodImpl(I)] public static V128 Select(V128 mask, V128 whenTrue, V128 whenFalse) => new(Vector128.ConditionalSelect(mask._v, whenTrue._v, whenFalse._v));

    [MethodImpl(I)] public static bool Any(V128 mask) => mask._v.ExtractMostSignificantBits() != 0;

    [MethodImpl(I)]
    public static V128 Scale(V128 value, V128 exponent)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.Scale(value._v, exponent._v));

        // In two steps, so that both factors are normal numbers and the product is rounded once.
        var whole = (exponent._v + Vector128.Create(12582912f)).AsInt32() - Vector128.Create(0x4B400000);
        var half = whole >> 1;
        var first = ((half + Vector128.Create(127)) << 23).AsSingle();
        var second = ((whole - half + Vector128.Create(127)) << 23).AsSingle();
        return new(value._v * first * second);
    }

    [MethodImpl(I)] public static V128 AddBits(V128 left, V128 right) => new((left._v.AsInt32() + right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V128 SubtractBits(V128 left, V128 right) => new((left._v.AsInt32() - right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V128 ShiftLeftBits(V128 value, int count) => new((value._v.AsInt32() << count).AsSingle());
    [MethodImpl(I)] public static V128 ShiftRightBits(V128 value, int count) => new((value._v.AsInt32() >>> count).AsSingle());
    [MethodImpl(I)] public static V128 ShiftRightArithmeticBits(V128 value, int count) => new((value._v.AsInt32() >> count).AsSingle());
    [MethodImpl(I)] public static V128 MultiplyLowBits(V128 left, V128 right) => new((left._v.AsInt32() * right._v.AsInt32()).AsSingle());

    [MethodImpl(I)]
    public static V128 MultiplyHighBits(V128 left, V128 right)
    {
        if (!Sse2.IsSupported) return PortableVector.MultiplyHighBits(left, right);
        var (a, b) = (left._v.AsUInt32(), right._v.AsUInt32());
        var even = Sse2.Multiply(a, b) >> 32;
        var odd = Sse2.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32()) & Vector128.Create(0xFFFFFFFF00000000UL);
        return new((even | odd).AsSingle());
    }

    [MethodImpl(I)] public static V128 ToInt32Bits(V128 value) => new(Vector128.ConvertToInt32(value._v).AsSingle());
    [MethodImpl(I)] public static V128 FromInt32Bits(V128 bits) => new(Vector128.ConvertToSingle(bits._v.AsInt32()));

    [MethodImpl(I)] public static float Sum(V128 value) => Vector128.Sum(value._v);

    [MethodImpl(I)]
    public static float MaxLane(V128 value)
    {
        var pairs = Vector128.Max(value._v, Vector128.Shuffle(value._v, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(I)]
    public static float MinLane(V128 value)
    {
        var pairs = Vector128.Min(value._v, Vector128.Shuffle(value._v, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Min(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(I)]
    private static Vector128<float> FirstLanes(int count) => Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle();

    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
}
