using System.Collections.Frozen;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions along axes, in its module numpy: reductions, order, counts.</summary>
internal static class ReductionFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["All"] = Reduction((x, axis, keep) => Ops.All(Truth(x), axis, keep)),
        ["Amax"] = WholeReduction(Ops.Max),
        ["Amin"] = WholeReduction(Ops.Min),
        ["Any"] = Reduction((x, axis, keep) => Ops.Any(Truth(x), axis, keep)),
        ["Argmax"] = call => Place(call, Ops.ArgMax),
        ["Argmin"] = call => Place(call, Ops.ArgMin),
        ["Argpartition"] = call =>
        {
            call.Ignore("kth");
            return OverAxis(call, Ops.ArgSort);
        },
        ["Argsort"] = call => OverAxis(call, Ops.ArgSort),
        ["Average"] = Of((x, call) => Ops.Average(x, OptionalTensor(call, 1, "weights"), call.Axis)),
        ["Bincount"] = Bincount,
        ["Corrcoef"] = Unary(Ops.CorrCoef),
        ["CountNonzero"] = Of((x, call) => Ops.Cast(Ops.Sum(Ops.Cast(Ops.NotEqual(x, 0), DType.Float32), call.Axis), DType.Int32)),
        ["Cumprod"] = call => Cumulative(call, Ops.CumProd),
        ["Cumsum"] = call => Cumulative(call, Ops.CumSum),
        ["Digitize"] = Of((x, call) => Ops.Digitize(x, call.Tensor(1, "bins"))),
        ["Histogram"] = Histogram,
        ["IsIn"] = call =>
        {
            call.Ignore("assume_unique");
            return Ops.IsIn(call.Tensor(0, "x1"), call.Tensor(1, "x2"), call.Flag("invert"));
        },
        ["Max"] = WithInitial(Ops.Max, Ops.Maximum),
        ["Mean"] = Reduction(Ops.Mean),
        ["Median"] = Reduction(Ops.Median),
        ["Min"] = WithInitial(Ops.Min, Ops.Minimum),
        ["Nanargmax"] = call => NanPlace(call, Ops.ArgMax, double.NegativeInfinity),
        ["Nanargmin"] = call => NanPlace(call, Ops.ArgMin, double.PositiveInfinity),
        ["Nancumprod"] = call => Cumulative(call, Ops.CumProd, 1),
        ["Nancumsum"] = call => Cumulative(call, Ops.CumSum, 0),
        ["Nanmax"] = Reduction(Ops.NanMax),
        ["Nanmean"] = Reduction(Ops.NanMean),
        ["Nanmedian"] = Reduction((x, axis, keep) => Ops.NanQuantile(x, 0.5, axis, keep)),
        ["Nanmin"] = Reduction(Ops.NanMin),
        ["Nanpercentile"] = call => Quantiles(call, Ops.NanQuantile, 100),
        ["Nanprod"] = Reduction((x, axis, keep) => Ops.Prod(Ops.Where(Ops.IsNaN(x), 1, x), axis, keep)),
        ["Nanquantile"] = call => Quantiles(call, Ops.NanQuantile, 1),
        ["Nanstd"] = Reduction((x, axis, keep) => Ops.Sqrt(Ops.NanVar(x, axis, keep))),
        ["Nansum"] = Reduction((x, axis, keep) => Ops.Sum(Ops.Where(Ops.IsNaN(x), 0, x), axis, keep)),
        ["Nanvar"] = Reduction(Ops.NanVar),
        ["Percentile"] = call => Quantiles(call, Ops.Quantile, 100),
        ["Prod"] = Of((x, call) => Whole(Typed(call, x), Ops.Prod(Typed(call, x), call.Axis, call.Flag("keepdims")))),
        ["Ptp"] = WholeReduction((x, axis, keep) => Ops.Max(x, axis, keep) - Ops.Min(x, axis, keep)),
        ["Quantile"] = call => Quantiles(call, Ops.Quantile, 1),
        ["SearchSorted"] = call => Ops.SearchSorted(
            call.Tensor(0, "sorted_sequence"), call.Tensor(1, "values"), call.Choice("side", "left", ("left", false), ("right", true))),
        ["Size"] = call => Ops.Cast(Ops.Size(call.Tensor(0, "x")), DType.Int32),
        ["Sort"] = call => OverAxis(call, Ops.Sort),
        ["Std"] = Reduction(Ops.Std),
        ["Sum"] = WholeReduction(Ops.Sum),
        ["Trapezoid"] = call => Ops.Trapezoid(call.Tensor(0, "y"), OptionalConfig(call, "x"), call.Number("dx", 1), call.Integer("axis", -1)),
        ["Var"] = Reduction(Ops.Var),
    }.ToFrozenDictionary();

    private delegate SymbolicTensor QuantileFunction(SymbolicTensor x, double q, Axes axis, bool keepdims, QuantileMethod method);

    /// <summary>A position along an axis; without an axis, of all elements in one row.</summary>
    private static SymbolicTensor Place(FunctionArguments call, Func<SymbolicTensor, int, bool, SymbolicTensor> function, SymbolicTensor? given = null)
    {
        var (x, keepdims) = (given ?? call.Tensor(0, "x"), call.Flag("keepdims"));
        if (call.Config("axis") is { IsNull: false } axis) return function(x, axis.Integer("axis"), keepdims);
        var place = function(Ops.Reshape(x, -1), 0, false);
        return keepdims ? Ops.Reshape(place, [.. Enumerable.Repeat(1, x.Rank)]) : place;
    }

    /// <summary>The same among numbers, and -1 in a row without one.</summary>
    private static SymbolicTensor NanPlace(FunctionArguments call, Func<SymbolicTensor, int, bool, SymbolicTensor> function, double instead)
    {
        var x = call.Tensor(0, "x");
        var isMissing = Ops.IsNaN(x);
        var place = Place(call, function, Ops.Where(isMissing, instead, x));
        return Ops.Where(Ops.All(isMissing, call.Axis, call.Flag("keepdims")), -1, place);
    }

    /// <summary>A function along an axis, the last by default; for None, of all elements in one row.</summary>
    private static SymbolicTensor OverAxis(FunctionArguments call, Func<SymbolicTensor, int, SymbolicTensor> function)
    {
        var x = call.Tensor(0, "x");
        if (!call.Has("axis")) return function(x, -1);
        return call.Config("axis") is { IsNull: false } axis ? function(x, axis.Integer("axis")) : function(Ops.Reshape(x, -1), 0);
    }

    private static SymbolicTensor Cumulative(FunctionArguments call, Func<SymbolicTensor, int, SymbolicTensor> function, double? insteadOfNaN = null)
    {
        var x = Typed(call, call.Tensor(0, "x"));
        if (insteadOfNaN is { } number && x.DType.IsFloating()) x = Ops.Where(Ops.IsNaN(x), number, x);
        return Whole(x, call.Config("axis") is { IsNull: false } axis ? function(x, axis.Integer("axis")) : function(Ops.Reshape(x, -1), 0));
    }

    /// <summary>Several shares are a new first axis.</summary>
    private static SymbolicTensor Quantiles(FunctionArguments call, QuantileFunction function, double whole)
    {
        var method = call.Choice(
            "method",
            "linear",
            ("linear", QuantileMethod.Linear),
            ("lower", QuantileMethod.Lower),
            ("higher", QuantileMethod.Higher),
            ("midpoint", QuantileMethod.Midpoint),
            ("nearest", QuantileMethod.Nearest));
        var (x, q) = (call.Tensor(0, "x"), call.Tensor(1, "q"));
        if (q.Value.Producer.Op is not Constant { Data: { Type: DType.Float32 or DType.Int32 or DType.Int64 } data })
            throw new ModelException("q is a tensor; expected numbers. Give the shares when the model is built.");
        if (data.Shape.Rank == 0) return function(x, (double)data.Number! / whole, call.Axis, call.Flag("keepdims"), method);
        return Ops.Stack(Numbers(data).Select(share => function(x, share / whole, call.Axis, call.Flag("keepdims"), method)).ToArray(), 0);
    }

    private static SymbolicTensors Bincount(FunctionArguments call)
    {
        if (call.Flag("sparse")) throw new ModelException("a sparse result is not supported; expected sparse=False.");
        var size = call.Integer("minlength", 0);
        return size > 0
            ? Ops.BinCount(call.Tensor(0, "x"), size, OptionalConfig(call, "weights"))
            : throw new ModelException("minlength is 0, so the data decides on the number of counts. Give minlength, which is the number of counts here.");
    }

    private static SymbolicTensors Histogram(FunctionArguments call)
    {
        (double, double)? range = call.Config("range") is CallValue.List { Items: [var low, var high] } ? (low.Number("range"), high.Number("range")) : null;
        var x = call.Tensor(0, "x");
        var (counts, edges) = Ops.Histogram(x, call.Integer("bins", 10), range);
        return [counts, range is null ? edges : Dependent(edges, x)];
    }
}
