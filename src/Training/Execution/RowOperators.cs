namespace OnnxFunctional.Training.Execution;

/// <summary>
/// The rows of a table that lists of indices name, each once, in the order of their first appearance: the rows, their number, and for each list the places of
/// its indices among them. As many rows are given as there are indices; those behind the number repeat the first.
/// </summary>
/// <param name="Rows">The number of rows of the table.</param>
internal sealed record DistinctRows(int Rows) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var (places, count) = (new TensorSpec[inputs.Length], 0L);
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = new(Shape.Of((int)inputs[i].Shape.ElementCount), DType.Int32);
            count += inputs[i].Shape.ElementCount;
        }

        return [new(Shape.Of(checked((int)count)), DType.Int32), new(Shape.Of(1), DType.Int32), .. places];
    }
}

/// <summary>A table with some rows set to others: the table, rows and their number as of <see cref="DistinctRows"/>, and the new rows.</summary>
internal sealed record SetRows : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];
}
