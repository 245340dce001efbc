using System.Collections.Immutable;
using System.Globalization;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>The ranks that an operator takes, where the kernel of ONNX Runtime 1.31 ends the process on others instead of refusing them.</summary>
/// <remarks>Found by running every operator of ai.onnx 21 with each input at ranks 0 and 1, which only the run brings, beside others of ranks 0 to 5.</remarks>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
internal readonly record struct RequiredRank(int Least, int Most)
{
    private const int Any = int.MaxValue;

    private static readonly ImmutableArray<(string Type, int Input, RequiredRank Rank)> s_rows =
    [
        ("AffineGrid", 0, new(3, 3)),
        ("AffineGrid", 1, new(1, 1)),
        ("Conv", 0, new(3, Any)),
        ("Conv", 1, new(3, Any)),
        ("ConvInteger", 0, new(3, Any)),
        ("ConvInteger", 1, new(3, Any)),
        ("DFT", 0, new(2, Any)),
        ("MaxRoiPool", 0, new(4, 4)),
        ("MaxRoiPool", 1, new(2, 2)),
        ("Multinomial", 0, new(2, 2)),
        ("QLinearConv", 0, new(3, Any)),
        ("QLinearConv", 3, new(3, Any)),
        ("ReverseSequence", 0, new(2, Any)),
        ("ReverseSequence", 1, new(1, 1)),
        ("STFT", 0, new(2, Any)),
        ("STFT", 2, new(1, 1)),
    ];

    /// <summary>What a node requires of an input; null if that is nothing, or ONNX Runtime looks itself.</summary>
    public static RequiredRank? Of(NodeProto node, int input)
    {
        if (node.OpType == "Einsum") return OfTerm(node, input);
        foreach (var (type, place, rank) in s_rows)
        {
            if (type == node.OpType && place == input) return rank;
        }

        return null;
    }

    /// <summary>Whether a rank is among those.</summary>
    public bool Allows(int rank) => rank >= Least && rank <= Most;

    /// <summary>For example <c>at least 3</c>.</summary>
    public override string ToString() => Most == Any
        ? string.Create(CultureInfo.InvariantCulture, $"at least {Least}")
        : Least.ToString(CultureInfo.InvariantCulture);

    // One axis per letter, and any number for an ellipsis.
    private static RequiredRank? OfTerm(NodeProto node, int input)
    {
        var equation = node.Attribute.FirstOrDefault(attribute => attribute.Name == "equation")?.S.ToStringUtf8() ?? "";
        var terms = equation.Split("->")[0].Split(',');
        if (input >= terms.Length) return null;
        var letters = terms[input].Count(char.IsAsciiLetter);
        return new(letters, terms[input].Contains("...", StringComparison.Ordinal) ? Any : letters);
    }
}
