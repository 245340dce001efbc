using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Functions of integers, which stay integers; those with booleans are computed as 0 and 1.</content>
public static partial class Ops
{
    // The greatest common divisor of two Fibonacci numbers takes the most steps; of those that int32 holds, as many.
    private const int MostDivisions = 46;

    /// <summary>The bits that both have (https://keras.io/api/ops/numpy/#bitwise_and-function).</summary>
    /// <param name="a">Integers.</param>
    /// <param name="b">Integers; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not of integers.</exception>
    public static SymbolicTensor BitwiseAnd(SymbolicTensor a, SymbolicTensor b) => Bits(new BitwiseAnd(), new And(), a, b);

    /// <summary>The bits with the opposite value: <c>-1 - x</c> (https://keras.io/api/ops/numpy/#bitwise_not-function).</summary>
    /// <param name="x">Integers.</param>
    /// <exception cref="ModelException">The tensor is not of integers.</exception>
    public static SymbolicTensor BitwiseNot(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.DType == DType.Bool ? LogicalNot(x) : -1 - Integers(x, nameof(BitwiseNot));
    }

    /// <summary>The bits that at least one has (https://keras.io/api/ops/numpy/#bitwise_or-function).</summary>
    /// <param name="a">Integers.</param>
    /// <param name="b">Integers; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not of integers.</exception>
    public static SymbolicTensor BitwiseOr(SymbolicTensor a, SymbolicTensor b) => Bits(new BitwiseOr(), new Or(), a, b);

    /// <summary>The bits that exactly one has (https://keras.io/api/ops/numpy/#bitwise_xor-function).</summary>
    /// <param name="a">Integers.</param>
    /// <param name="b">Integers; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not of integers.</exception>
    public static SymbolicTensor BitwiseXor(SymbolicTensor a, SymbolicTensor b) => Bits(new BitwiseXor(), new Xor(), a, b);

    /// <summary>The bits moved to the left: <c>x 2^count</c> (https://keras.io/api/ops/numpy/#left_shift-function).</summary>
    /// <param name="x">Integers.</param>
    /// <param name="count">By how many places, from 0 to 62; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not of integers.</exception>
    public static SymbolicTensor LeftShift(SymbolicTensor x, SymbolicTensor count)
    {
        (x, count) = Promote(Integers(x, nameof(LeftShift)), Integers(count, nameof(LeftShift)));
        return x * PowersOfTwo(count, x.DType);
    }

    /// <summary>The bits moved to the right: <c>floor(x / 2^count)</c> (https://keras.io/api/ops/numpy/#right_shift-function).</summary>
    /// <param name="x">Integers.</param>
    /// <param name="count">By how many places, from 0 to 62; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not of integers.</exception>
    public static SymbolicTensor RightShift(SymbolicTensor x, SymbolicTensor count)
    {
        (x, count) = Promote(Integers(x, nameof(RightShift)), Integers(count, nameof(RightShift)));

        // In 64 bits, where all powers of the table are positive.
        return Cast(FloorDivide(Cast(x, DType.Int64), PowersOfTwo(count, DType.Int64)), x.DType);
    }

    /// <summary>The greatest common divisor, which is not negative (https://keras.io/api/ops/numpy/#gcd-function).</summary>
    /// <param name="a">Integers of up to 32 bits.</param>
    /// <param name="b">Integers of up to 32 bits; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not of integers.</exception>
    public static SymbolicTensor Gcd(SymbolicTensor a, SymbolicTensor b)
    {
        (a, b) = Promote(Integers(a, nameof(Gcd)), Integers(b, nameof(Gcd)));
        (a, b) = (Magnitude(a), Magnitude(b));
        for (var i = 0; i < MostDivisions; i++)
        {
            // Once nothing remains, a is the result and stays.
            var isDone = Equal(b, 0);
            (a, b) = (Where(isDone, a, b), Where(isDone, 0, Mod(a, Where(isDone, 1, b))));
        }

        return a;
    }

    /// <summary>The least common multiple, which is not negative (https://keras.io/api/ops/numpy/#lcm-function).</summary>
    /// <param name="a">Integers of up to 32 bits.</param>
    /// <param name="b">Integers of up to 32 bits; shapes broadcast.</param>
    /// <exception cref="ModelException">The shapes do not broadcast, or a tensor is not of integers.</exception>
    public static SymbolicTensor Lcm(SymbolicTensor a, SymbolicTensor b)
    {
        var product = Integers(a, nameof(Lcm)) * Integers(b, nameof(Lcm));
        return FloorDivide(Magnitude(product), Maximum(Gcd(a, b), 1));
    }

    /// <summary>The absolute value in the type of the tensor; Abs computes in float32.</summary>
    private static SymbolicTensor Magnitude(SymbolicTensor x) => Maximum(x, 0 - x);

    /// <summary>2 to the power of integers, exactly; larger powers than a type holds are those of its bits, 0.</summary>
    private static SymbolicTensor PowersOfTwo(SymbolicTensor exponents, DType type)
    {
        // A file has no form for an element of a constant.
        if (exponents.Value.Producer.Op is Operators.Constant { Data: { Number: >= 0 and < 63 and var known } }) return WholeNumber(1L << (int)known, type);
        var table = new long[63];
        for (var i = 0; i < table.Length; i++) table[i] = 1L << i;
        return Cast(Take(Constant(Shape.Of(table.Length), table), exponents), type);
    }

    private static SymbolicTensor Bits(Op ofIntegers, Op ofBooleans, SymbolicTensor a, SymbolicTensor b)
    {
        if (AreBools(a, b)) return Make(ofBooleans, a, b);
        (a, b) = Promote(Integers(a, ofIntegers.Name), Integers(b, ofIntegers.Name));
        return Make(ofIntegers, a, b);
    }

    /// <summary>A tensor of integers; booleans and 8-bit integers become int32, and a whole number of a program's text is one.</summary>
    private static SymbolicTensor Integers(SymbolicTensor x, string what)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.DType.IsInteger()) return x;
        if (x.DType == DType.Bool || x.DType.Is8Bit()) return Cast(x, DType.Int32);
        return x.Value.Producer.Op is Operators.Constant { Data: { Shape.Count: 0, Number: { } number } } && float.IsInteger(number)
            ? WholeNumber((long)number, DType.Int32)
            : throw new ModelException($"{what} takes integers, but got {x.DType.KerasName()} of shape {x.Shape}. Use Ops.Cast.");
    }
}
