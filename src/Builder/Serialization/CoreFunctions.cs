using System.Collections.Frozen;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions of its module core.</summary>
internal static class CoreFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["Cast"] = call => Ops.Cast(call.Tensor(0, "x"), TypeOf(call.Config("dtype"))),
        ["ConvertToTensor"] = call => Typed(call, call.Tensor(0, "x")),
        ["SaturateCast"] = SaturateCast,
        ["Scatter"] = call => Ops.Scatter(call.Tensor(0, "indices"), call.Tensor(1, "values"), ShapeOf(call.Config("shape"))),
        ["ScatterUpdate"] = call => Ops.ScatterUpdate(
            call.Tensor(0, "inputs"),
            call.Tensor(1, "indices"),
            call.Tensor(2, "updates"),
            call.Choice(
                "reduction",
                "",
                ("", ScatterReduction.None),
                ("add", ScatterReduction.Add),
                ("max", ScatterReduction.Max),
                ("min", ScatterReduction.Min),
                ("mul", ScatterReduction.Mul))),
        ["Slice"] = Cut,
        ["SliceUpdate"] = call => Ops.SliceUpdate(call.Tensor(0, "inputs"), Starts(call), call.Tensor(2, "updates")),
        ["StopGradient"] = call => Ops.StopGradient(call.Tensor(0, "variable")),
        ["Unstack"] = call =>
        {
            call.Ignore("num");
            return Ops.Unstack(call.Tensor(0, "x"), call.Integer("axis", 0));
        },
    }.ToFrozenDictionary();

    private static SymbolicTensors Cut(FunctionArguments call)
    {
        var (x, starts, sizes) = (call.Tensor(0, "inputs"), Starts(call), call.Integers("shape"));
        if (starts.Length != x.Rank || sizes.Length != x.Rank)
            throw new ModelException($"Slice of {x.Shape} from {starts.Length} indices with {sizes.Length} sizes; expected one of each for every axis.");
        for (var axis = 0; axis < starts.Length; axis++)
        {
            if (starts[axis] != 0 || sizes[axis] != (x.Shape[axis] ?? Shape.Unknown)) x = Ops.Slice(x, axis, starts[axis], starts[axis] + sizes[axis]);
        }

        return x;
    }

    private static int[] Starts(FunctionArguments call) => call.Argument(1, "start_indices") is CallValue.Tensor
        ? throw new ModelException("start_indices is a tensor; expected numbers. Take with computed indices selects such a part.")
        : call.Argument(1, "start_indices").Integers("start_indices");

    /// <summary>Numbers outside the range of an integer type become the nearest that it holds.</summary>
    private static SymbolicTensors SaturateCast(FunctionArguments call)
    {
        var (x, type) = (call.Tensor(0, "x"), TypeOf(call.Config("dtype")));
        if (type == DType.Bool) return Ops.Cast(Truth(x), type);
        if (!x.DType.IsFloating() || type.IsFloating()) return Ops.Cast(x, type);

        // The largest float32 number below the bound, which float32 has not.
        return Ops.Cast(type == DType.Int32 ? Ops.Clip(x, int.MinValue, 2147483520) : Ops.Clip(x, long.MinValue, 9223371487098961920), type);
    }
}
