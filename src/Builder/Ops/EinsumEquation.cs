namespace OnnxFunctional;

/// <summary>The letters of an equation of <see cref="Ops.Einsum(string, SymbolicTensors)"/>, its ellipses written out.</summary>
internal static class EinsumEquation
{
    private const string Ellipsis = "...";

    /// <summary>The letters of each operand and of the result; an ellipsis becomes letters that the equation lacks.</summary>
    public static (string[] Terms, string Result) Parse(string equation, SymbolicTensors operands, Func<string, ModelException> malformed)
    {
        var sides = equation.Replace(" ", "", StringComparison.Ordinal).Split("->");
        if (sides.Length > 2) throw malformed("expected lists of letters, an arrow and a list, such as \"ab,bc->ac\"");
        var terms = sides[0].Split(',');
        if (terms.Length != operands.Count) throw malformed($"it names {terms.Length} tensors, but got {operands.Count}");
        var free = string.Concat("ABCDEFGHIJKLMNOPQRSTUVWXYZ".Where(letter => !equation.Contains(letter)));
        var longest = terms.Select((term, i) => Covered(term, operands[i])).Max();
        if (longest > free.Length) throw malformed("it has more axes than there are letters");
        var open = free[..longest];
        for (var i = 0; i < terms.Length; i++)
        {
            // Axes of an ellipsis are aligned at its end.
            terms[i] = terms[i].Replace(Ellipsis, open[(longest - Covered(terms[i], operands[i]))..], StringComparison.Ordinal);
            if (terms[i].Length != operands[i].Rank)
                throw malformed($"'{terms[i]}' names {terms[i].Length} axes, but the tensor has shape {operands[i].Shape}");
        }

        var letters = string.Concat(terms);
        var result = sides.Length == 2
            ? sides[1].Replace(Ellipsis, open, StringComparison.Ordinal)
            : open + string.Concat(letters.Except(open).Where(letter => letters.Count(each => each == letter) == 1).Order());
        foreach (var term in terms.Append(result))
        {
            if (term.FirstOrDefault(letter => !char.IsAsciiLetter(letter)) is var sign and not '\0') throw malformed($"'{sign}' is no letter");
        }

        if (result.Distinct().Count() != result.Length) throw malformed($"'{result}', the result, must be distinct letters");
        if (result.FirstOrDefault(letter => !letters.Contains(letter)) is var stray and not '\0')
            throw malformed($"'{stray}' is in the result but in no tensor");
        return (terms, result);
    }

    private static int Covered(string term, SymbolicTensor x) =>
        term.Contains(Ellipsis, StringComparison.Ordinal) ? Math.Max(0, x.Rank - (term.Length - Ellipsis.Length)) : 0;
}
