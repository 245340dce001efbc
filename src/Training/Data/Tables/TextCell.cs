namespace OnnxFunctional.Training.Data;

/// <summary>Text as it is.</summary>
internal sealed class TextCell(string column, MissingValues missing) : CellReader(column, missing)
{
    /// <inheritdoc/>
    public override bool MustLearn => false;

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, Span<float> values) => false;

    /// <inheritdoc/>
    public override (string Problem, string Remedy) Complaint(ReadOnlySpan<char> cell) => ("not a number", "Use TableColumn.Category()");

    /// <inheritdoc/>
    public override void Learn(TableCursor cursor, int column)
    {
    }

    /// <inheritdoc/>
    public override void EndLearning()
    {
    }
}
