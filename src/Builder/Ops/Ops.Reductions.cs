using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Many numbers to one along some axes.</content>
public static partial class Ops
{
    /// <summary>Whether all are true along some axes, or all of them.</summary>
    public static SymbolicTensor All(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceAll(axis.List, keepdims), x);

    /// <summary>Whether any is true along some axes, or all of them.</summary>
    public static SymbolicTensor Any(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceAny(axis.List, keepdims), x);

    /// <summary>The position of the largest element along one axis, the first of several; whole numbers.</summary>
    public static SymbolicTensor ArgMax(SymbolicTensor x, int axis = -1, bool keepdims = false) => Make(new ArgMax(axis, keepdims), x);

    /// <summary>The position of the smallest element along one axis, the first of several; whole numbers.</summary>
    public static SymbolicTensor ArgMin(SymbolicTensor x, int axis = -1, bool keepdims = false) => Make(new ArgMin(axis, keepdims), x);

    /// <summary>Running sums along one axis.</summary>
    public static SymbolicTensor CumSum(SymbolicTensor x, int axis = -1) => Make(new CumSum(axis, false, false), x);

    /// <summary>The square root of the sum of squares along some axes, or all of them.</summary>
    public static SymbolicTensor Norm(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceL2(axis.List, keepdims), x);

    /// <summary><c>log(sum(exp(x)))</c> along some axes, or all of them, without overflow.</summary>
    public static SymbolicTensor LogSumExp(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceLogSumExp(axis.List, keepdims), x);

    /// <summary>The mean along some axes, or all of them.</summary>
    public static SymbolicTensor Mean(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceMean(axis.List, keepdims), x);

    /// <summary>The product along some axes, or all of them.</summary>
    public static SymbolicTensor Prod(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceProd(axis.List, keepdims), x);

    /// <summary>The largest element along some axes, or all of them.</summary>
    public static SymbolicTensor Max(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceMax(axis.List, keepdims), x);

    /// <summary>The smallest element along some axes, or all of them.</summary>
    public static SymbolicTensor Min(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceMin(axis.List, keepdims), x);

    /// <summary>The sum along some axes, or all of them.</summary>
    public static SymbolicTensor Sum(SymbolicTensor x, Axes axis = default, bool keepdims = false) => Make(new ReduceSum(axis.List, keepdims), x);

    /// <summary>The k largest elements along the last axis, in descending order, with their indices.</summary>
    public static (SymbolicTensor Values, SymbolicTensor Indices) TopK(SymbolicTensor x, int k)
    {
        var results = MakeAll(new TopK(k), x);
        return (results[0], results[1]);
    }

    /// <summary><c>exp(x) / sum(exp(x))</c> along one axis.</summary>
    public static SymbolicTensor Softmax(SymbolicTensor x, int axis = -1) => Make(new Softmax(axis), x);

    /// <summary><c>x - log(sum(exp(x)))</c> along one axis.</summary>
    public static SymbolicTensor LogSoftmax(SymbolicTensor x, int axis = -1) => Make(new LogSoftmax(axis), x);

    /// <summary>How many elements lie along some axes, or all of them, as one number.</summary>
    public static SymbolicTensor Size(SymbolicTensor x, Axes axis = default) => Make(new Operators.Size(axis.List), x);

    /// <summary><c>x / max(|x|, epsilon)</c> along some axes.</summary>
    /// <remarks>The bound lies on the sum of squares, below the root, so that the gradient at zero is zero and not a quotient of zeros.</remarks>
    internal static SymbolicTensor UnitLength(SymbolicTensor x, Axes axes, float epsilon)
    {
        var squares = Make(new ReduceSumSquare(axes.List, true), x);
        return x / Sqrt(Maximum(squares, epsilon * epsilon));
    }
}
