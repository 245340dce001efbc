using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>
/// Reductions along axes. Without axes, all are reduced. Reduced axes disappear from the shape, or stay with size 1 if <c>keepdims</c> is true; negative axes
/// count from the end.
/// </content>
public static partial class Ops
{
    /// <summary>True where all elements along the axes are true (https://keras.io/api/ops/numpy/#all-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor All(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceAll(axis.List, keepdims), x);

    /// <summary>True where any element along the axes is true (https://keras.io/api/ops/numpy/#any-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Any(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceAny(axis.List, keepdims), x);

    /// <summary>The index of the largest element along an axis, as int64; of equal ones, the first (https://keras.io/api/ops/numpy/#argmax-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, which counts from the end if negative.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor ArgMax(SymbolicTensor x, int axis = -1, bool keepdims = false) => Make(new ArgMax(axis, keepdims), x);

    /// <summary>
    /// The index of the smallest element along an axis, as int64; of equal ones, the first (https://keras.io/api/ops/numpy/#argmin-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, which counts from the end if negative.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor ArgMin(SymbolicTensor x, int axis = -1, bool keepdims = false) => Make(new ArgMin(axis, keepdims), x);

    /// <summary>Cumulative sums along an axis; the shape stays (https://keras.io/api/ops/numpy/#cumsum-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, which counts from the end if negative.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor CumSum(SymbolicTensor x, int axis = -1) => Make(new CumSum(axis, false, false), x);

    /// <summary>The Euclidean norm along the axes: <c>sqrt(sum(x^2))</c> (https://keras.io/api/ops/linalg/#norm-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Norm(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceL2(axis.List, keepdims), x);

    /// <summary><c>log(sum(exp(x)))</c> along the axes, without overflow (https://keras.io/api/ops/math/#logsumexp-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor LogSumExp(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceLogSumExp(axis.List, keepdims), x);

    /// <summary>The mean along the axes (https://keras.io/api/ops/numpy/#mean-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Mean(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceMean(axis.List, keepdims), x);

    /// <summary>The product along the axes (https://keras.io/api/ops/numpy/#prod-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Prod(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceProd(axis.List, keepdims), x);

    /// <summary>The largest element along the axes (https://keras.io/api/ops/numpy/#max-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Max(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceMax(axis.List, keepdims), x);

    /// <summary>The smallest element along the axes (https://keras.io/api/ops/numpy/#min-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Min(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceMin(axis.List, keepdims), x);

    /// <summary>The sum along the axes (https://keras.io/api/ops/numpy/#sum-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes that are reduced; all by default.</param>
    /// <param name="keepdims">Whether reduced axes stay with size 1.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Sum(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceSum(axis.List, keepdims), x);

    /// <summary>
    /// The k largest elements along the last axis, in descending order, with their indices as int64 (https://keras.io/api/ops/math/#top_k-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="k">How many of the largest elements along the last axis.</param>
    /// <exception cref="ModelException">There are fewer than k elements along the last axis.</exception>
    public static (SymbolicTensor Values, SymbolicTensor Indices) TopK(SymbolicTensor x, int k)
    {
        var results = MakeAll(new TopK(k), x);
        return (results[0], results[1]);
    }

    /// <summary><c>exp(x) / sum(exp(x))</c> along an axis; the shape stays (https://keras.io/api/ops/nn/#softmax-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, which counts from the end if negative.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor Softmax(SymbolicTensor x, int axis = -1) => Make(new Softmax(axis), x);

    /// <summary><c>x - log(sum(exp(x)))</c> along an axis; the shape stays (https://keras.io/api/ops/nn/#log_softmax-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis, which counts from the end if negative.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or holds text.</exception>
    public static SymbolicTensor LogSoftmax(SymbolicTensor x, int axis = -1) => Make(new LogSoftmax(axis), x);

    /// <summary>The number of elements along the axes, as one float32 number.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes whose sizes are multiplied; all by default.</param>
    public static SymbolicTensor Size(SymbolicTensor x, Axes axis = default) => Make(new Operators.Size(axis.List), x);

    /// <summary><c>x / max(|x|, epsilon)</c> along some axes.</summary>
    /// <remarks>The bound lies on the sum of squares, below the root, so that the gradient at zero is zero and not a quotient of zeros.</remarks>
    internal static SymbolicTensor UnitLength(SymbolicTensor x, Axes axes, float epsilon)
    {
        var squares = Make(new ReduceSumSquare(axes.List, true), x);
        return x / Sqrt(Maximum(squares, epsilon * epsilon));
    }
}
