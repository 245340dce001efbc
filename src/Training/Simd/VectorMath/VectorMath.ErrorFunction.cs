using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

internal static partial class VectorMath
{
    /// <summary>The error function, within 2 ULP.</summary>
    /// <remarks>Minimax polynomials by N. Juffa: odd below 0.9277, <c>1 - e^p(|x|)</c> above.</remarks>
    [MethodImpl(I)]
    public static V Erf<V>(V x) where V : struct, IVector<V>
    {
        var magnitude = V.MinNative(V.Create(4f), V.Abs(x));
        var square = magnitude * magnitude;

        var far = V.MultiplyAdd(magnitude, V.Create(-1.72853470e-5f), V.Create(3.83197126e-4f));
        var even = V.MultiplyAdd(magnitude, V.Create(-3.88396438e-3f), V.Create(2.42546219e-2f));
        far = V.MultiplyAdd(far, square, even);
        far = V.MultiplyAdd(far, magnitude, V.Create(-1.06777877e-1f));
        far = V.MultiplyAdd(far, magnitude, V.Create(-6.34846687e-1f));
        far = V.MultiplyAdd(far, magnitude, V.Create(-1.28717512e-1f));
        far = V.MultiplyAdd(far, magnitude, -magnitude);
        far = V.Create(1f) - ExpNonPositive(far);

        var near = V.MultiplyAdd(square, V.Create(-5.96761703e-4f), V.Create(4.99119423e-3f));
        near = V.MultiplyAdd(near, square, V.Create(-2.67681349e-2f));
        near = V.MultiplyAdd(near, square, V.Create(1.12819925e-1f));
        near = V.MultiplyAdd(near, square, V.Create(-3.76125336e-1f));
        near = V.MultiplyAdd(near, square, V.Create(1.28379166e-1f));
        near = V.MultiplyAdd(near, magnitude, magnitude);

        var result = V.Select(V.LessThan(V.Create(0.927734375f), magnitude), far, near);
        return result | (x & V.CreateBits(SignBit));
    }

    /// <summary><c>x / 2 * (1 + erf(x / sqrt 2))</c>, within 3e-7 of the larger of |x| and the value.</summary>
    [MethodImpl(I)]
    public static V Gelu<V>(V x) where V : struct, IVector<V>
    {
        // Below -14 the true value is smaller than the smallest float. The limit keeps minus infinity from giving NaN.
        var limited = V.MaxNative(V.Create(-14f), x);
        var half = V.Create(0.5f) * limited;
        return V.MultiplyAdd(half, Erf(limited * V.Create(0.707106781f)), half);
    }

    /// <summary><c>x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))</c>, within 16 ULP down to x = -4, 128 below.</summary>
    [MethodImpl(I)]
    public static V GeluTanh<V>(V x) where V : struct, IVector<V>
    {
        // (1 + tanh u) / 2 is the sigmoid of 2u, which stays accurate where tanh approaches -1.
        var limited = V.MaxNative(V.Create(-20f), x);
        var cubic = limited * V.MultiplyAdd(limited * limited, V.Create(0.0713548163f), V.Create(1.59576912f));
        return limited * Sigmoid(cubic);
    }
}
