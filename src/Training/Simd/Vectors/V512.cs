using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OnnxFunctional.Training.Simd;

/// <summary>16 floats in one <see cref="Vector512{T}"/>.</summary>
internal readonly unsafe struct V512(Vector512<float> value) : IVector<V512>
{
    private readonly Vector512<float> _v = value;

    public static int Count => 16;
    public static V512 Zero => new(Vector512<float>.Zero);
    public static V512 LaneBits => new(Vector512<int>.Indices.AsSingle());
    public static bool IsFused => Avx512F.IsSupported || Fma.IsSupported || AdvSimd.IsSupported;
    [MethodImpl(I)] public static V512 Create(float value) => new(Vector512.Create(value));
    [MethodImpl(I)] public static V512 CreateBits(int value) => new(Vector512.Create(value).AsSingle());
    [MethodImpl(I)] public static V512 Load(float* source) => new(Vector512.Load(source));
    [MethodImpl(I)] public static void Store(V512 value, float* destination) => value._v.Store(destination);

    [MethodImpl(I)]
    public static V512 Load(float* source, int count) =>
        Avx512F.IsSupported ? new(Avx512F.MaskLoad(source, FirstLanes(count), Vector512<float>.Zero)) : PortableVector.Load<V512>(source, count);

    [MethodImpl(I)]
    public static void Store(V512 value, float* destination, int count)
    {
        if (Avx512F.IsSupported) Avx512F.MaskStore(destination, FirstLanes(count), value._v);
        else PortableVector.Store(value, destination, count);
    }

    [MethodImpl(I)]
    public static V512 LoadMask(byte* source)
    {
        var halves = Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe());
        var words = Vector512.Create(Vector256.WidenLower(halves), Vector256.WidenUpper(halves));
        return new(~Vector512.Equals(words.AsInt32(), Vector512<int>.Zero).AsSingle());
    }

    [MethodImpl(I)]
    public static void StoreMask(V512 mask, byte* destination)
    {
        var ones = mask._v.AsUInt32() >> 31;
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128Byte(ones).Store(destination);
            return;
        }

        var halves = Vector256.Narrow(ones.GetLower(), ones.GetUpper());
        Vector128.Narrow(halves.GetLower(), halves.GetUpper()).Store(destination);
    }

    [MethodImpl(I)]
    public static V512 LoadWords(ushort* source)
    {
        var words = Vector256.Load(source);
        if (Avx512F.IsSupported) return new(Avx512F.ConvertToVector512Int32(words).AsSingle());
        var (lower, upper) = Vector256.Widen(words);
        return new(Vector512.Create(lower, upper).AsSingle());
    }

    [MethodImpl(I)]
    public static void StoreWords(V512 lanes, ushort* destination)
    {
        if (Avx512F.IsSupported) Avx512F.ConvertToVector256UInt16(lanes._v.AsUInt32()).Store(destination);
        else Vector256.Narrow(lanes._v.GetLower().AsUInt32(), lanes._v.GetUpper().AsUInt32()).Store(destination);
    }

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
    [MethodImpl(I)] public static V512 MinNative(V512 left, V512 right) => new(Vector512.MinNative(left._v, right._v));
    [MethodImpl(I)] public static V512 MaxNative(V512 left, V512 right) => new(Vector512.MaxNative(left._v, right._v));
    [MethodImpl(I)] public static V512 Abs(V512 value) => new(Vector512.Abs(value._v));
    [MethodImpl(I)] public static V512 Sqrt(V512 value) => new(Vector512.Sqrt(value._v));
    [MethodImpl(I)] public static V512 Floor(V512 value) => new(Vector512.Floor(value._v));
    [MethodImpl(I)] public static V512 Ceiling(V512 value) => new(Vector512.Ceiling(value._v));
    [MethodImpl(I)] public static V512 Round(V512 value) => new(Vector512.Round(value._v));

    [MethodImpl(I)] public static V512 LessThan(V512 left, V512 right) => new(Vector512.LessThan(left._v, right._v));
    [MethodImpl(I)] public static V512 LessThanOrEqual(V512 left, V512 right) => new(Vector512.LessThanOrEqual(left._v, right._v));
    [MethodImpl(I)] public static V512 Equals(V512 left, V512 right) => new(Vector512.Equals(left._v, right._v));
    [MethodImpl(I)] public static V512 Select(V512 mask, V512 whenTrue, V512 whenFalse) => new(Vector512.ConditionalSelect(mask._v, whenTrue._v, whenFalse._v));

    [MethodImpl(I)] public static bool Any(V512 mask) => mask._v.ExtractMostSignificantBits() != 0;

    [MethodImpl(I)]
    public static V512 Scale(V512 value, V512 exponent)
    {
        if (Avx512F.IsSupported) return new(Avx512F.Scale(value._v, exponent._v));

        // In two steps, so that both factors are normal numbers and the product is rounded once.
        var whole = (exponent._v + Vector512.Create(12582912f)).AsInt32() - Vector512.Create(0x4B400000);
        var half = whole >> 1;
        var first = ((half + Vector512.Create(127)) << 23).AsSingle();
        var second = ((whole - half + Vector512.Create(127)) << 23).AsSingle();
        return new(value._v * first * second);
    }

    [MethodImpl(I)] public static V512 AddBits(V512 left, V512 right) => new((left._v.AsInt32() + right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V512 SubtractBits(V512 left, V512 right) => new((left._v.AsInt32() - right._v.AsInt32()).AsSingle());
    [MethodImpl(I)] public static V512 ShiftLeftBits(V512 value, int count) => new((value._v.AsInt32() << count).AsSingle());
    [MethodImpl(I)] public static V512 ShiftRightBits(V512 value, int count) => new((value._v.AsInt32() >>> count).AsSingle());
    [MethodImpl(I)] public static V512 ShiftRightArithmeticBits(V512 value, int count) => new((value._v.AsInt32() >> count).AsSingle());
    [MethodImpl(I)] public static V512 MultiplyLowBits(V512 left, V512 right) => new((left._v.AsInt32() * right._v.AsInt32()).AsSingle());

    [MethodImpl(I)]
    public static V512 MultiplyHighBits(V512 left, V512 right)
    {
        if (!Avx512F.IsSupported) return PortableVector.MultiplyHighBits(left, right);
        var (a, b) = (left._v.AsUInt32(), right._v.AsUInt32());
        var even = Avx512F.Multiply(a, b) >> 32;
        var odd = Avx512F.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32()) & Vector512.Create(0xFFFFFFFF00000000UL);
        return new((even | odd).AsSingle());
    }

    [MethodImpl(I)] public static V512 ToInt32Bits(V512 value) => new(Vector512.ConvertToInt32(value._v).AsSingle());
    [MethodImpl(I)] public static V512 FromInt32Bits(V512 bits) => new(Vector512.ConvertToSingle(bits._v.AsInt32()));

    [MethodImpl(I)] public static float Sum(V512 value) => V256.Sum(new(value._v.GetLower() + value._v.GetUpper()));

    [MethodImpl(I)] public static float MaxLane(V512 value) => V256.MaxLane(V256.Max(new(value._v.GetLower()), new(value._v.GetUpper())));

    [MethodImpl(I)] public static float MinLane(V512 value) => V256.MinLane(V256.Min(new(value._v.GetLower()), new(value._v.GetUpper())));

    [MethodImpl(I)]
    private static Vector512<float> FirstLanes(int count) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
}
