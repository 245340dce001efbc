using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Einstein summation.</content>
public static partial class Ops
{
    /// <summary>
    /// Sums of products of two tensors whose axes are named by letters: <c>"bqhd,bkhd->bhqk"</c> (https://keras.io/api/ops/numpy/#einsum-function).
    /// </summary>
    /// <param name="equation">One letter per axis of both tensors and of the result; letters that the result lacks are summed over. No letter may repeat within
    /// a tensor, and there is no ellipsis.</param>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>One matrix product, with transposes and reshapes where the order of the axes requires them.</returns>
    /// <exception cref="ModelException">The equation does not fit the tensors.</exception>
    public static SymbolicTensor Einsum(string equation, SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(equation);
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var parts = equation.Replace(" ", "", StringComparison.Ordinal).Split(',', '-');
        if (parts.Length != 3 || !parts[2].StartsWith('>'))
            throw Malformed(equation, "expected two lists of letters, an arrow and a list, such as \"ab,bc->ac\"");
        var (left, right, result) = (parts[0], parts[1], parts[2][1..]);
        foreach (var (letters, tensor) in new[] { (left, a), (right, b) })
        {
            if (letters.Length != tensor.Rank)
                throw Malformed(equation, $"'{letters}' names {letters.Length} axes, but the tensor has shape {tensor.Shape}");
        }

        foreach (var letters in new[] { left, right, result })
        {
            if (!letters.All(char.IsAsciiLetter) || letters.Distinct().Count() != letters.Length)
                throw Malformed(equation, $"'{letters}' must be distinct letters");
        }

        if (result.FirstOrDefault(letter => !left.Contains(letter) && !right.Contains(letter)) is var stray and not '\0')
            throw Malformed(equation, $"'{stray}' is in the result but in neither tensor");
        return Contract(equation, (a, left), (b, right), result);
    }

    private static SymbolicTensor Contract(string equation, (SymbolicTensor Tensor, string Letters) a, (SymbolicTensor Tensor, string Letters) b, string result)
    {
        a = SumOwnAxes(a, b.Letters + result);
        b = SumOwnAxes(b, a.Letters + result);
        var sizes = new Dictionary<char, int>();
        foreach (var (tensor, letters) in new[] { a, b })
        {
            for (var i = 0; i < letters.Length; i++)
            {
                var known = sizes.GetValueOrDefault(letters[i], Shape.Unknown);
                var size = tensor.Shape.Dim(i);
                if (known != Shape.Unknown && size != Shape.Unknown && known != size)
                    throw Malformed(equation, $"axis '{letters[i]}' has size {known} in one tensor and {size} in the other");
                sizes[letters[i]] = known == Shape.Unknown ? size : known;
            }
        }

        var batch = string.Concat(b.Letters.Where(letter => a.Letters.Contains(letter) && result.Contains(letter)));
        var summed = string.Concat(b.Letters.Where(letter => a.Letters.Contains(letter) && !result.Contains(letter)));
        var rows = string.Concat(a.Letters.Where(letter => !b.Letters.Contains(letter)));
        var columns = string.Concat(b.Letters.Where(letter => !a.Letters.Contains(letter)));

        // All free axes of the left but the last come first, where the right is broadcast: they are not merged, so unknown sizes stay unknown.
        var (front, row) = rows.Length == 0 ? ("", "") : (rows[..^1], rows[^1..]);
        var single = summed.Length == 1;
        var transposeLeft = single && row.Length == 1 && a.Letters.IndexOf(summed[0]) < a.Letters.IndexOf(row[0]);
        var transposeRight = single && columns.Length == 1 && b.Letters.IndexOf(columns[0]) < b.Letters.IndexOf(summed[0]);
        var x = Ordered(a, front + batch + (transposeLeft ? summed + row : row + summed));
        var y = Ordered(b, batch + (transposeRight ? columns + summed : summed + columns));
        if (row.Length == 0) x = ExpandDims(Merged(x, front.Length + batch.Length, 0, summed), -2);
        else if (!transposeLeft) x = Merged(x, front.Length + batch.Length + 1, 0, summed);
        if (!transposeRight) y = Merged(Merged(y, batch.Length, columns.Length, summed), batch.Length + 1, 0, columns);
        var product = Make(new MatMul(transposeLeft, transposeRight), x, y);

        var order = front + batch + row + columns;
        if (row.Length == 0) product = Squeeze(product, -2);
        if (columns.Length != 1)
        {
            var target = new int[order.Length];
            for (var i = 0; i < columns.Length; i++) target[order.Length - columns.Length + i] = sizes[columns[i]];
            if (columns.Count(letter => sizes[letter] == Shape.Unknown) > 1)
                throw Malformed(equation, $"more than one of the axes '{columns}' has an unknown size");
            product = columns.Length == 0 ? Squeeze(product, -1) : Reshape(product, target);
        }

        return Ordered((product, order), result);

        // Merges several axes into one, or inserts an axis of size 1 for none.
        SymbolicTensor Merged(SymbolicTensor tensor, int start, int after, string letters)
        {
            if (letters.Length == 1) return tensor;
            if (letters.Length == 0) return ExpandDims(tensor, start);
            var size = letters.Aggregate(1, (total, letter) => ShapeRules.Multiply(total, sizes[letter]));
            var target = new int[start + 1 + after];
            target[start] = size;
            for (var i = 0; i < after; i++) target[start + 1 + i] = tensor.Shape.Dim(start + letters.Length + i);
            return target.Count(dim => dim == Shape.Unknown) <= 1
                ? Reshape(tensor, target)
                : throw Malformed(equation, $"more than one axis has an unknown size in {tensor.Shape}");
        }
    }

    /// <summary>Sums over axes that only this tensor has.</summary>
    private static (SymbolicTensor Tensor, string Letters) SumOwnAxes((SymbolicTensor Tensor, string Letters) operand, string elsewhere)
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
