using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>What the values of an update's formula are in the rows of a table that a batch does not look up, where its gradient is zero.</summary>
/// <remarks>
/// Factors of a gradient that have no rows of their own (a learning rate) are taken to be finite and not negative: then a new value that is found to be the
/// old one is so bit for bit, and the formula need not be computed for the row.
/// </remarks>
internal sealed class UntouchedRows
{
    private readonly Dictionary<Value, Content> _known = [];

    private enum Content
    {
        Other,
        Zero,
        False,
        True,
    }

    /// <summary>Takes note of the gradient of a table.</summary>
    public void Gradient(Value value) => _known[value] = Content.Zero;

    /// <summary>The weight whose old elements a value is in such rows; null if it is anything else.</summary>
    public Weight? Kept(Value value)
    {
        if (value.Producer.Op is Variable { Weight: var weight }) return weight;
        var inputs = value.Producer.Inputs;
        return value.Producer.Op switch
        {
            Add when Of(inputs[1]) == Content.Zero => Kept(inputs[0]),
            Add when Of(inputs[0]) == Content.Zero => Kept(inputs[1]),
            Sub when Of(inputs[1]) == Content.Zero => Kept(inputs[0]),
            Where when Of(inputs[0]) == Content.False => Kept(inputs[2]),
            Where when Of(inputs[0]) == Content.True => Kept(inputs[1]),
            _ => null,
        };
    }

    private Content Of(Value value)
    {
        if (!_known.TryGetValue(value, out var known)) _known[value] = known = Find(value.Producer);
        return known;
    }

    private Content Find(Node node)
    {
        var x = node.Inputs;
        return node.Op switch
        {
            Abs or Neg or Sqrt or ReduceL1 or ReduceL2 or ReduceMax or ReduceMean or ReduceMin or ReduceSum or ReduceSumSquare => ZeroIf(IsZero(0)),
            Clip { Minimum: <= 0, Maximum: >= 0 } => ZeroIf(IsZero(0)),
            Add or Sub => ZeroIf(IsZero(0) && IsZero(1)),
            Mul => ZeroIf((IsZero(0) && (IsZero(1) || IsFactor(1))) || (IsZero(1) && IsFactor(0))),
            Div => ZeroIf(IsZero(0) && IsRootOfMore(x[1])),
            Not => Of(x[0]) switch { Content.True => Content.False, Content.False => Content.True, _ => Content.Other },
            Equal when IsZero(0) && Simplifier.Number(x[1]) is 0 => Content.True,
            Greater when IsZero(0) && Simplifier.Number(x[1]) is >= 0 => Content.False,
            _ => Content.Other,
        };

        bool IsZero(int input) => Of(x[input]) == Content.Zero;

        bool IsFactor(int input) => x[input].Spec.Shape.ElementCount == 1;
    }

    private static Content ZeroIf(bool condition) => condition ? Content.Zero : Content.Other;

    /// <summary>Whether it is the root of something and a positive number, as Adagrad's sum of squares, which is never negative.</summary>
    private static bool IsRootOfMore(Value value) =>
        value.Producer is { Op: Sqrt } root && root.Inputs[0].Producer is { Op: Add } sum
        && (Simplifier.Number(sum.Inputs[1]) is > 0 || Simplifier.Number(sum.Inputs[0]) is > 0);
}
