namespace OnnxFunctional.Export.Quantizing;

/// <summary>Which weights share a scale: a kernel is a matrix whose columns are its last axis, the output channels.</summary>
/// <param name="Rows">The rows of the matrix.</param>
/// <param name="Columns">The columns.</param>
/// <param name="RowsPerScale">How many rows after one another share a scale.</param>
/// <param name="PerColumn">Whether each column has scales of its own.</param>
/// <param name="Bits">The bits of an integer: 8, 7 or 4.</param>
internal readonly record struct WeightGrid(int Rows, int Columns, int RowsPerScale, bool PerColumn, int Bits)
{
    public int Scales => (Rows + RowsPerScale - 1) / RowsPerScale * (PerColumn ? Columns : 1);

    /// <summary>The largest integer. The least is its negative, so that products of two have room; of 4 bits none is left out.</summary>
    public int Greatest => (1 << (Bits - 1)) - 1;

    public int Least => Bits == 4 ? -8 : -Greatest;

    public int ScaleOf(int row, int column) => PerColumn ? (row / RowsPerScale * Columns) + column : row / RowsPerScale;
}
