using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Sums of products named by letters.</content>
public static partial class Ops
{
    /// <summary>Sums of products of two tensors, axes named by letters as in NumPy: <c>"bqhd,bkhd->bhqk"</c>.</summary>
    /// <param name="equation">A letter for each axis of both tensors and of the result; a letter missing in the result is summed over. No letter twice in one tensor, no ellipsis.</param>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>One matrix product, with transpositions and reshapes where the order of axes asks for them.</returns>
    /// <exception cref="ModelException">The equation does not fit the tensors.</exception>
    public static SymbolicTensor Einsum(string equation, SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(equation);
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var parts = equation.Replace(" ", "", StringComparison.Ordinal).Split(',', '-');
        if (parts.Length != 3 || !parts[2].StartsWith('>')) throw Malformed(equation, "expected two lists of letters, an arrow and a list, such as \"ab,bc->ac\"");
        var (left, right, result) = (parts[0], parts[1], parts[2][1..]);
        foreach (var (letters, tensor) in new[] { (left, a), (right, b) })
        {
            if (letters.Length != tensor.Rank) throw Malformed(equation, $"'{letters}' names {letters.Length} axes, but the tensor is {tensor.Shape}");
        }

        foreach (var letters in new[] { left, right, result })
        {
            if (!letters.All(char.IsAsciiLetter) || letters.Distinct().Count() != letters.Length) throw Malformed(equation, $"'{letters}' must be letters, each once");
        }

        if (result.FirstOrDefault(letter => !left.Contains(letter) && !right.Contains(letter)) is var stray and not '\0') throw Malformed(equation, $"'{stray}' is in the result and in neither tensor");
        return Contract(equation, (a, left), (b, right), result);
    }

    private static SymbolicTensor Contract(string equation, (SymbolicTensor Tensor, string Letters) a, (SymbolicTensor Tensor, string Letters) b, string result)
    {
        a = SumAlone(a, b.Letters + result);
        b = SumAlone(b, a.Letters + result);
        var sizes = new Dictionary<char, int>();
        foreach (var (tensor, letters) in new[] { a, b })
        {
            for (var i = 0; i < letters.Length; i++)
            {
                var known = sizes.GetValueOrDefault(letters[i], Shape.Unknown);
                var size = tensor.Shape.Dim(i);
                if (known != Shape.Unknown && size != Shape.Unknown && known != size) throw Malformed(equation, $"axis '{letters[i]}' has {known} positions in one tensor and {size} in the other");
                sizes[letters[i]] = known == Shape.Unknown ? size : known;
            }
        }

        var batch = string.Concat(b.Letters.Where(letter => a.Letters.Contains(letter) && result.Contains(letter)));
        var summed = string.Concat(b.Letters.Where(letter => a.Letters.Contains(letter) && !result.Contains(letter)));
        var rows = string.Concat(a.Letters.Where(letter => !b.Letters.Contains(letter)));
        var columns = string.Concat(b.Letters.Where(letter => !a.Letters.Contains(letter)));

        // All free axes of the left but the last stand in front, where the right is broadcast: they need no folding, so unknown sizes stay unknown.
        var (front, row) = rows.Length == 0 ? ("", "") : (rows[..^1], rows[^1..]);
        var single = summed.Length == 1;
        var transposeLeft = single && row.Length == 1 && a.Letters.IndexOf(summed[0]) < a.Letters.IndexOf(row[0]);
        var transposeRight = single && columns.Length == 1 && b.Letters.IndexOf(columns[0]) < b.Letters.IndexOf(summed[0]);
        var x = Ordered(a, front + batch + (transposeLeft ? summed + row : row + summed));
        var y = Ordered(b, batch + (transposeRight ? columns + summed : summed + columns));
        if (row.Length == 0) x = ExpandDims(Folded(x, front.Length + batch.Length, 0, summed), -2);
        else if (!transposeLeft) x = Folded(x, front.Length + batch.Length + 1, 0, summed);
        if (!transposeRight) y = Folded(Folded(y, batch.Length, columns.Length, summed), batch.Length + 1, 0, columns);
        var product = Make(new MatMul(transposeLeft, transposeRight), x, y);

        var order = front + batch + row + columns;
        if (row.Length == 0) product = Squeeze(product, -2);
        if (columns.Length != 1)
        {
            var target = new int[order.Length];
            for (var i = 0; i < columns.Length; i++) target[order.Length - columns.Length + i] = sizes[columns[i]];
            if (columns.Count(letter => sizes[letter] == Shape.Unknown) > 1) throw Malformed(equation, $"more than one of the axes '{columns}' has an unknown size");
            product = columns.Length == 0 ? Squeeze(product, -1) : Reshape(product, target);
        }

        return Ordered((product, order), result);

        // Several axes become one, none becomes an axis of size 1.
        SymbolicTensor Folded(SymbolicTensor tensor, int start, int after, string letters)
        {
            if (letters.Length == 1) return tensor;
            if (letters.Length == 0) return ExpandDims(tensor, start);
            var size = letters.Aggregate(1, (total, letter) => ShapeRules.Multiply(total, sizes[letter]));
            var target = new int[start + 1 + after];
            target[start] = size;
            for (var i = 0; i < after; i++) target[start + 1 + i] = tensor.Shape.Dim(start + letters.Length + i);
            return target.Count(dim => dim == Shape.Unknown) <= 1 ? Reshape(tensor, target) : throw Malformed(equation, $"more than one axis has an unknown size in {tensor.Shape}");
        }
    }

    /// <summary>Sums over axes that stand in this tensor alone.</summary>
    private static (SymbolicTensor Tensor, string Letters) SumAlone((SymbolicTensor Tensor, string Letters) operand, string elsewhere)
    {
        int[] alone = [.. Enumerable.Range(0, operand.Letters.Length).Where(i => !elsewhere.Contains(operand.Letters[i]))];
        return alone.Length == 0 ? operand : (Sum(operand.Tensor, Axes.Create(alone)), string.Concat(operand.Letters.Where(elsewhere.Contains)));
    }

    private static SymbolicTensor Ordered((SymbolicTensor Tensor, string Letters) operand, string order)
    {
        int[] permutation = [.. order.Select(letter => operand.Letters.IndexOf(letter))];
        return permutation.SequenceEqual(Enumerable.Range(0, permutation.Length)) ? operand.Tensor : Transpose(operand.Tensor, permutation);
    }

    private static ModelException Malformed(string equation, string why) => new($"Einsum \"{equation}\": {why}.");
}
