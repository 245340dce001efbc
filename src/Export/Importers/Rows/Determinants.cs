namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Determinants of small matrices, written out along their first rows.</summary>
internal static class Determinants
{
    private const int MostRows = 6;

    public static FileResult[] Import(FileNode node)
    {
        var shape = node.ShapeOf(0);
        if (shape.Rank < 2 || shape.Dims[^1] != shape.Dims[^2] || shape.Dims[^1] is < 1 or > MostRows)
            throw new ModelException($"its matrices are {shape}; expected square ones of 1 to {MostRows} rows.");
        var x = node.In(0);
        var size = shape.Dims[^1];

        // Minors of the last rows, by the columns that they leave.
        var minors = new Dictionary<int, SymbolicTensor>();
        for (var column = 0; column < size; column++) minors[1 << column] = Element(size - 1, column);
        for (var row = size - 2; row >= 0; row--)
        {
            var next = new Dictionary<int, SymbolicTensor>();
            foreach (var columns in Enumerable.Range(0, 1 << size).Where(set => int.PopCount(set) == size - row))
            {
                var sign = 1;
                SymbolicTensor? sum = null;
                foreach (var column in Enumerable.Range(0, size).Where(column => (columns >> column & 1) != 0))
                {
                    var term = Element(row, column) * minors[columns ^ (1 << column)];
                    sum = sum is null ? term : sign > 0 ? sum + term : sum - term;
                    sign = -sign;
                }

                next[columns] = sum!;
            }

            minors = next;
        }

        return [minors[(1 << size) - 1]];

        SymbolicTensor Element(int row, int column) => Parts.At(Parts.At(x, x.Rank - 2, row), x.Rank - 2, column);
    }
}
