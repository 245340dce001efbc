using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Products of matrices.</summary>
internal static class Matrices
{
    public static FileResult[] MatMul(FileNode node)
    {
        var (a, b) = (Side(node, 0), Side(node, 1));
        return [Ops.MatMul(a, b)];
    }

    /// <summary><c>alpha A B + beta C</c>, either matrix transposed.</summary>
    public static FileResult[] Gemm(FileNode node)
    {
        var (alpha, beta) = (node.Float("alpha", 1), node.Float("beta", 1));
        var product = Ops.Make(new MatMul(node.Flag("transA"), node.Flag("transB")), Side(node, 0), Side(node, 1));
        if (alpha != 1) product *= alpha;
        if (!node.Has(2) || beta == 0) return [product];
        var bias = Side(node, 2);
        return [product + (beta == 1 ? bias : bias * beta)];
    }

    public static FileResult[] Einsum(FileNode node)
    {
        SymbolicTensor[] operands = [.. Enumerable.Range(0, node.InputCount).Select(node.In)];
        var equation = node.Text("equation", "").Replace(" ", "", StringComparison.Ordinal);
        if (!equation.Contains("->", StringComparison.Ordinal)) equation += "->" + Implied(equation);
        return operands.Length switch
        {
            1 => [Single(node, equation, operands[0])],
            2 => [Ops.Einsum(equation, operands[0], operands[1])],
            _ => throw new ModelException($"it multiplies {operands.Length} tensors, \"{equation}\"; expected one or two."),
        };
    }

    /// <summary>Sums over the axes that the result does not name, and the others in its order.</summary>
    private static SymbolicTensor Single(FileNode node, string equation, SymbolicTensor x)
    {
        var parts = equation.Split("->");
        var (letters, wanted) = (parts[0], parts[1]);
        if (letters.Length != x.Rank || letters.Distinct().Count() != letters.Length || wanted.Except(letters).Any())
            throw new ModelException($"\"{equation}\" of {x.Shape} repeats axes or names them by dots; expected one letter for each axis.");
        int[] summed = [.. Enumerable.Range(0, x.Rank).Where(axis => !wanted.Contains(letters[axis], StringComparison.Ordinal))];
        if (summed.Length > 0) x = Ops.Sum(x, [.. summed]);
        var left = string.Concat(letters.Where(letter => wanted.Contains(letter, StringComparison.Ordinal)));
        return Ops.Transpose(x, [.. wanted.Select(letter => left.IndexOf(letter, StringComparison.Ordinal))]);
    }

    /// <summary>What stands right of an arrow that is not written: the letters that occur once, in order.</summary>
    private static string Implied(string equation)
    {
        var letters = equation.Where(char.IsLetter).GroupBy(letter => letter).Where(group => group.Count() == 1).Select(group => group.Key).Order();
        return (equation.Contains("...", StringComparison.Ordinal) ? "..." : "") + string.Concat(letters);
    }

    private static SymbolicTensor Side(FileNode node, int input) => node.In(input);
}
