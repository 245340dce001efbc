using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Einstein summation.</content>
public static partial class Ops
{
    /// <summary>
    /// Sums of products of two tensors whose axes are named by letters: <c>"bqhd,bkhd->bhqk"</c> (https://keras.io/api/ops/numpy/#einsum-function).
    /// </summary>
    /// <param name="equation">One letter per axis of both tensors and of the result; letters that the result lacks are summed over.</param>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>One matrix product, with transposes and reshapes where the order of the axes requires them.</returns>
    /// <exception cref="ModelException">The equation does not fit the tensors.</exception>
    public static SymbolicTensor Einsum(string equation, SymbolicTensor a, SymbolicTensor b) => Einsum(equation, [a, b]);

    /// <summary>
    /// Sums of products of tensors whose axes are named by letters: <c>"bi,ij,bj->b"</c> (https://keras.io/api/ops/numpy/#einsum-function).
    /// </summary>
    /// <param name="equation">
    /// One letter per axis of each tensor and of the result; letters that the result lacks are summed over, and a letter twice in one tensor is its diagonal.
    /// An ellipsis stands for any axes, which broadcast. Without an arrow the result has all letters that occur once, in alphabetical order.
    /// </param>
    /// <param name="operands">The tensors.</param>
    /// <returns>A matrix product for each tensor after the first, from left to right.</returns>
    /// <exception cref="ModelException">The equation does not fit the tensors.</exception>
    public static SymbolicTensor Einsum(string equation, SymbolicTensors operands)
    {
        ArgumentNullException.ThrowIfNull(equation);
        var (terms, result) = EinsumEquation.Parse(equation, operands, why => Malformed(equation, why));
        var left = Single(operands[0], terms[0]);
        for (var i = 1; i < operands.Count; i++)
        {
            // What later tensors and the result still need stays; the rest is summed.
            var later = string.Concat(terms.Skip(i + 1)) + result;
            var right = Single(operands[i], terms[i]);
            var kept = i == operands.Count - 1 ? result : string.Concat((left.Letters + right.Letters).Distinct().Where(later.Contains));
            (left, right) = (WithoutOnes(left, right), WithoutOnes(right, left));
            left = (Contract(equation, left, right, kept), kept);
        }

        if (operands.Count == 1) left = SumOwnAxes(left, result);
        return left.Letters == result ? left.Tensor : Ordered(left, result);

        static (SymbolicTensor Tensor, string Letters) Single(SymbolicTensor x, string letters)
        {
            x = Floats(x);
            while (letters.GroupBy(letter => letter).FirstOrDefault(group => group.Count() > 1)?.Key is { } twice)
            {
                var (first, second) = (letters.IndexOf(twice), letters.LastIndexOf(twice));
                x = Diagonal(x, 0, first, second);
                letters = letters.Remove(second, 1).Remove(first, 1) + twice;
            }

            return (x, letters);
        }
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

    /// <summary>The tensor without axes of size 1 that the other one has in another size: they broadcast.</summary>
    private static (SymbolicTensor Tensor, string Letters) WithoutOnes(
        (SymbolicTensor Tensor, string Letters) operand, (SymbolicTensor Tensor, string Letters) other)
    {
        int[] ones =
        [
            .. Enumerable.Range(0, operand.Letters.Length)
                .Where(i => operand.Tensor.Shape[i] == 1 && other.Letters.IndexOf(operand.Letters[i]) is >= 0 and var at && other.Tensor.Shape[at] != 1),
        ];
        return ones.Length == 0
            ? operand
            : (Squeeze(operand.Tensor, Axes.Create(ones)), string.Concat(operand.Letters.Where((_, i) => !ones.Contains(i))));
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
