namespace OnnxFunctional.Training.Simd;

/// <summary>A vector of floats of one hardware width. Loops and functions are written once over it, and the JIT compiles a copy per width.</summary>
/// <remarks>
/// Comparisons return lanes of all ones or all zeros, as the hardware does. Members ending in <c>Bits</c> treat the lanes as 32-bit integers.
/// </remarks>
internal unsafe interface IVector<TSelf> where TSelf : struct, IVector<TSelf>
{
    static abstract int Count { get; }
    static abstract TSelf Zero { get; }

    /// <summary>The lane indices 0, 1, 2 ... as 32-bit integers.</summary>
    static abstract TSelf LaneBits { get; }

    /// <summary>Whether <see cref="MultiplyAdd"/> rounds once; a constant to the JIT.</summary>
    static abstract bool IsFused { get; }
    static abstract TSelf Create(float value);
    static abstract TSelf CreateBits(int value);
    static abstract TSelf Load(float* source);
    static abstract void Store(TSelf value, float* destination);

    /// <summary>Reads the first <paramref name="count"/> lanes (fewer than <see cref="Count"/>) and nothing beyond them; the other lanes are zero.</summary>
    static abstract TSelf Load(float* source, int count);

    /// <summary>Writes the first <paramref name="count"/> lanes (fewer than <see cref="Count"/>) and nothing beyond them.</summary>
    static abstract void Store(TSelf value, float* destination, int count);

    /// <summary>Converts one byte per lane, zero or nonzero, to a mask.</summary>
    static abstract TSelf LoadMask(byte* source);

    /// <summary>Converts a mask to one byte per lane, 0 or 1.</summary>
    static abstract void StoreMask(TSelf mask, byte* destination);

    /// <summary>Loads 16-bit words as 32-bit lanes whose upper halves are zero.</summary>
    static abstract TSelf LoadWords(ushort* source);

    /// <summary>Stores the lower halves of lanes whose upper halves are zero.</summary>
    static abstract void StoreWords(TSelf lanes, ushort* destination);

    static abstract TSelf operator +(TSelf left, TSelf right);
    static abstract TSelf operator -(TSelf left, TSelf right);
    static abstract TSelf operator *(TSelf left, TSelf right);
    static abstract TSelf operator /(TSelf left, TSelf right);
    static abstract TSelf operator -(TSelf value);
    static abstract TSelf operator &(TSelf left, TSelf right);
    static abstract TSelf operator |(TSelf left, TSelf right);
    static abstract TSelf operator ^(TSelf left, TSelf right);

    /// <summary><c>left * right + addend</c>, rounded once where the machine has a fused instruction.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);
    static abstract TSelf Min(TSelf left, TSelf right);
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>
    /// The hardware's own minimum, one instruction. NaN in <paramref name="right"/> passes through, NaN in <paramref name="left"/> may not; the sign of a zero
    /// is unspecified.
    /// </summary>
    static abstract TSelf MinNative(TSelf left, TSelf right);

    /// <summary>The hardware's own maximum; see <see cref="MinNative"/>.</summary>
    static abstract TSelf MaxNative(TSelf left, TSelf right);
    static abstract TSelf Abs(TSelf value);
    static abstract TSelf Sqrt(TSelf value);
    static abstract TSelf Floor(TSelf value);
    static abstract TSelf Ceiling(TSelf value);

    /// <summary>Rounds to the nearest integer, halves to even.</summary>
    static abstract TSelf Round(TSelf value);

    static abstract TSelf LessThan(TSelf left, TSelf right);
    static abstract TSelf LessThanOrEqual(TSelf left, TSelf right);
    static abstract TSelf Equals(TSelf left, TSelf right);

    /// <summary>Computes <c>mask ? whenTrue : whenFalse</c> lane by lane.</summary>
    static abstract TSelf Select(TSelf mask, TSelf whenTrue, TSelf whenFalse);

    /// <summary>Whether any lane of the mask is true.</summary>
    static abstract bool Any(TSelf mask);

    /// <summary><c>value * 2^exponent</c>, rounded once, for whole exponents from -252 to 254.</summary>
    static abstract TSelf Scale(TSelf value, TSelf exponent);

    static abstract TSelf AddBits(TSelf left, TSelf right);
    static abstract TSelf SubtractBits(TSelf left, TSelf right);
    static abstract TSelf ShiftLeftBits(TSelf value, int count);
    static abstract TSelf ShiftRightBits(TSelf value, int count);
    static abstract TSelf ShiftRightArithmeticBits(TSelf value, int count);

    /// <summary>The lower halves of the 32 x 32-bit products.</summary>
    static abstract TSelf MultiplyLowBits(TSelf left, TSelf right);

    /// <summary>The upper halves of the unsigned 32 x 32-bit products.</summary>
    static abstract TSelf MultiplyHighBits(TSelf left, TSelf right);

    /// <summary>Truncates to 32-bit integers, returned as bits. NaN becomes 0; values out of range become the nearest integer.</summary>
    static abstract TSelf ToInt32Bits(TSelf value);

    /// <summary>Reads the bits as 32-bit integers and converts them to floats.</summary>
    static abstract TSelf FromInt32Bits(TSelf bits);

    /// <summary>The sum of all lanes, added pairwise from the halves inwards.</summary>
    static abstract float Sum(TSelf value);
    static abstract float MaxLane(TSelf value);
    static abstract float MinLane(TSelf value);
}
