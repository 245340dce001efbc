using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>What a layer is called on besides its first tensor: other tensors that fit it, initial states, options of the call.</summary>
internal static class CallDraw
{
    /// <summary>All input tensors of a layer that takes several.</summary>
    public static SymbolicTensor[] Inputs(LayerForm form, SymbolicTensor x, Draw draw, IReadOnlyList<SymbolicTensor> tensors)
    {
        var name = form.Type.Name;
        var inputs = new List<SymbolicTensor> { x };
        for (var i = 1; i < form.Inputs; i++)
        {
            var own = draw.For("input" + i);
            inputs.Add(name switch
            {
                "Concatenate" => Existing(own, tensors, x, other => Same(x, other, x.Rank - 1)) ?? Ops.Tanh(x),
                "Dot" => Existing(own, tensors, x, other => other.Rank == x.Rank && other.Shape[^1] == x.Shape[^1]) ?? Ops.Tanh(x),
                _ when name.EndsWith("Attention", StringComparison.Ordinal) =>
                    Existing(own, tensors, x, other => Same(x, other, 1) || (i > 1 && Same(inputs[1], other, x.Rank - 1))) ?? Ops.Tanh(x),
                _ => Existing(own, tensors, x, other => Broadcasts(x.Shape, other.Shape))
                    ?? (own.Chance(0.5) ? Ops.Mean(x, own.Between(1, x.Rank - 1), keepdims: true) : Ops.Tanh(x)),
            });
        }

        return [.. inputs];
    }

    /// <summary>Options that follow from the tensors.</summary>
    public static Dictionary<string, object?>? Given(LayerForm form, SymbolicTensor[] inputs, Draw draw)
    {
        switch (form.Type.Name)
        {
            case "Concatenate":
                int[] axes = [.. Enumerable.Range(1, inputs[0].Rank - 1).Where(axis => inputs.All(input => Same(inputs[0], input, axis)))];
                var chosen = axes.Length == 0 ? -1 : draw.Of(axes);
                return new() { ["axis"] = draw.Chance(0.5) ? chosen : chosen - inputs[0].Rank };
            case "Dot":
                var pairs = from i in Enumerable.Range(1, inputs[0].Rank - 1)
                            from j in Enumerable.Range(1, inputs[1].Rank - 1)
                            where inputs[0].Shape[i] == inputs[1].Shape[j]
                            select (i, j);
                var pair = draw.Of<(int, int)>([.. pairs.DefaultIfEmpty((1, 1))]);
                return new() { ["axes"] = pair.Item1 == pair.Item2 && draw.Chance(0.5) ? (IntValues)pair.Item1 : (IntValues)pair };
            default:
                return null;
        }
    }

    /// <summary>The tensors of the call with states, and its options.</summary>
    public static (SymbolicTensor[] Inputs, CallOptions Options, string Text) Options(
        LayerForm form,
        LayerBase layer,
        SymbolicTensor[] inputs,
        Draw draw,
        IReadOnlyList<SymbolicTensor> tensors)
    {
        var options = form.Options with { Training = draw.For("training").Chance(0.04) ? draw.For("training").For("value").Chance(0.5) : null };
        if (form.Type.Name is "Attention" or "AdditiveAttention" or "MultiHeadAttention" or "GroupQueryAttention")
        {
            options = options with
            {
                UseCausalMask = inputs[0].Rank == 3 && (options.UseCausalMask || draw.For("causal").Chance(0.2)),
                ReturnAttentionScores = draw.For("scores").Chance(0.2),
            };
        }

        if (layer is RecurrentLayer or Bidirectional && draw.For("state").Chance(0.15)) options = options with { ReturnState = true };
        if (layer is FusedRecurrentLayer recurrent && draw.For("initial").Chance(0.25))
        {
            var states = Enumerable.Range(0, layer is Lstm ? 2 : 1).Select(i => State(recurrent.Units, draw.For("initial" + i), tensors, inputs[0]));
            inputs = [.. inputs, .. states];
        }

        var text = (options.Training is { } training ? $", training: {training}" : "")
            + (options.UseCausalMask ? ", use_causal_mask" : "")
            + (options.ReturnAttentionScores ? ", return_attention_scores" : "")
            + (options.ReturnState ? ", return_state" : "");
        return (inputs, options == CallOptions.None ? CallOptions.None : options, text.Length > 0 ? " called with" + text[1..] : "");
    }

    private static SymbolicTensor State(int units, Draw draw, IReadOnlyList<SymbolicTensor> tensors, SymbolicTensor x)
    {
        SymbolicTensor[] fitting = [.. tensors.Where(tensor => tensor.Rank == 2 && tensor.DType == DType.Float32 && tensor.Shape[1] == units)];
        if (fitting.Length > 0 && draw.Chance(0.7)) return draw.Of(fitting);
        return new Dense(units).Call(Ops.Mean(x, 1));
    }

    private static SymbolicTensor? Existing(Draw draw, IReadOnlyList<SymbolicTensor> tensors, SymbolicTensor x, Func<SymbolicTensor, bool> fits)
    {
        SymbolicTensor[] found = [.. tensors.Where(tensor => tensor.DType == x.DType && !tensor.Equals(x) && fits(tensor))];
        return found.Length > 0 && draw.For("existing").Chance(0.8) ? draw.For("which").Of(found) : null;
    }

    /// <summary>Whether both shapes are the same but for one axis.</summary>
    private static bool Same(SymbolicTensor x, SymbolicTensor other, int exceptAxis)
    {
        if (x.Rank != other.Rank) return false;
        for (var axis = 0; axis < x.Rank; axis++)
        {
            if (axis != exceptAxis && x.Shape.Dims[axis] != other.Shape.Dims[axis]) return false;
        }

        return true;
    }

    private static bool Broadcasts(Shape a, Shape b)
    {
        if (a.Rank < b.Rank) (a, b) = (b, a);
        if (b.Rank < 2 || a.Dims[0] != b.Dims[0]) return false;
        for (var i = 1; i < b.Rank; i++)
        {
            if (a.Dims[^i] != b.Dims[^i] && a.Dims[^i] != 1 && b.Dims[^i] != 1) return false;
        }

        return true;
    }
}
