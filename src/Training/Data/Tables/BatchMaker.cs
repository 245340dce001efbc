namespace OnnxFunctional.Training.Data;

/// <summary>Makes batches of rows: takes memory for each batch, and none for a row of numbers.</summary>
/// <param name="plan">What becomes of the columns.</param>
/// <param name="size">The rows of a batch.</param>
internal sealed class BatchMaker(RowPlan plan, int size)
{
    private readonly RowStep[] _steps = [.. plan.Steps];
    private readonly BatchArray[] _arrays = [.. plan.Arrays.Select(array => new BatchArray(array))];

    /// <summary>The number of rows in the batch.</summary>
    public int Rows { get; private set; }

    /// <summary>Reads rows until the batch is full; false if they end before.</summary>
    /// <exception cref="DataException">A cell is not what it should be.</exception>
    public bool Fill(OpenedTable table)
    {
        if (Rows == 0)
        {
            foreach (var array in _arrays) array.Start(size);
        }

        while (Rows < size)
        {
            if (!table.Cursor.MoveNext()) return false;
            if (TryReadRow(table.Cursor, table.Columns)) Rows++;
        }

        return true;
    }

    /// <summary>The rows as a batch; the next ones begin another.</summary>
    public Batch Take()
    {
        NDArray[] arrays = [.. _arrays.Select(array => array.End(Rows))];
        var inputs = NDArrays.Create(arrays.AsSpan(0, plan.InputCount));
        if (plan.Arrays[0].Name is not null)
        {
            inputs = [];
            for (var i = 0; i < plan.InputCount; i++) inputs[plan.Arrays[i].Name!] = arrays[i];
        }

        Rows = 0;
        return new(inputs, NDArrays.Create(arrays.AsSpan(plan.InputCount)));
    }

    /// <summary>Reads a row; false if it is to be skipped.</summary>
    private bool TryReadRow(TableCursor cursor, int[] columns)
    {
        for (var i = 0; i < _steps.Length; i++)
        {
            var step = _steps[i];
            var array = _arrays[step.Array];
            if (step.IsNumber && cursor.TryReadNumber(columns[i], out array.Float(Rows, step.Offset))) continue;
            if (!TryReadCell(cursor, columns[i], step, array)) return false;
        }

        return true;
    }

    private bool TryReadCell(TableCursor cursor, int column, RowStep step, BatchArray array)
    {
        var reader = step.Reader;
        var isMissing = cursor.IsMissing(column);
        if (isMissing && reader.Missing.Kind == MissingKind.SkipRow) return false;
        if (array.Kind == ArrayKind.Texts)
        {
            array.Text(Rows, step.Offset) = cursor[column].ToString();
            return true;
        }

        // A word that is missing may be in a vocabulary.
        var isTried = !isMissing || reader is CategoryCell;
        if (array.Kind == ArrayKind.Labels)
        {
            if (isTried && ((LabelCell)reader).TryRead(cursor, column, out array.Label(Rows))) return true;
        }
        else
        {
            var values = array.Floats(Rows, step.Offset, step.Width);
            if (isTried && reader.TryRead(cursor, column, values)) return true;
            if (isMissing && reader.Missing.Kind != MissingKind.Refused)
            {
                reader.Fill(values);
                return true;
            }
        }

        if (isMissing) throw cursor.Bad(column, "missing", "Fill it in, leave the column out, or say in TableOptions.Missing what becomes of it");
        var (problem, remedy) = reader.Complaint(cursor[column]);
        throw cursor.Bad(column, problem, remedy);
    }
}
