namespace OnnxFunctional.Training.Data;

/// <summary>Makes batches of rows: takes memory for each batch, and none for a row of numbers.</summary>
/// <param name="plan">What becomes of the columns.</param>
/// <param name="options">How the files are written.</param>
/// <param name="size">The rows of a batch.</param>
internal sealed class BatchMaker(RowPlan plan, CsvOptions options, int size)
{
    private readonly RowStep[] _steps = [.. plan.Steps];
    private readonly BatchArray[] _arrays = [.. plan.Arrays.Select(array => new BatchArray(array))];
    private readonly MissingWords _missing = new(options);

    /// <summary>The number of rows in the batch.</summary>
    public int Rows { get; private set; }

    /// <summary>Reads rows until the batch is full; false if they end before.</summary>
    /// <exception cref="DataException">A cell is not what it should be.</exception>
    public bool Fill(CsvFile file)
    {
        if (Rows == 0)
        {
            foreach (var array in _arrays) array.Start(size);
        }

        while (Rows < size)
        {
            if (!file.Cursor.MoveNext()) return false;
            if (TryReadRow(file.Cursor, file.Columns)) Rows++;
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
    private bool TryReadRow(CsvCursor cursor, int[] columns)
    {
        var areWords = !_missing.HaveNumbers;
        for (var i = 0; i < _steps.Length; i++)
        {
            var step = _steps[i];
            var array = _arrays[step.Array];
            if (areWords && step.Point is { } point && CellNumber.TryParseUsual(cursor.Raw(columns[i]), point, out array.Float(Rows, step.Offset))) continue;
            if (!TryReadCell(cursor, columns[i], step, array)) return false;
        }

        return true;
    }

    private bool TryReadCell(CsvCursor cursor, int column, RowStep step, BatchArray array)
    {
        var cell = cursor[column];
        var reader = step.Reader;
        var isMissing = _missing.Contains(cell);
        if (isMissing && reader.Missing.Kind == MissingKind.SkipRow) return false;
        if (array.Kind == ArrayKind.Texts)
        {
            array.Text(Rows, step.Offset) = cell.ToString();
            return true;
        }

        // A word that is missing may be in a vocabulary.
        var isTried = !isMissing || reader is CategoryCell;
        if (array.Kind == ArrayKind.Labels)
        {
            if (isTried && ((LabelCell)reader).TryRead(cell, out array.Label(Rows))) return true;
        }
        else
        {
            var values = array.Floats(Rows, step.Offset, step.Width);
            if (isTried && reader.TryRead(cell, values)) return true;
            if (isMissing && reader.Missing.Kind != MissingKind.Refused)
            {
                reader.Fill(values);
                return true;
            }
        }

        if (isMissing) throw cursor.Bad(column, "missing", "Fill it in, leave the column out, or say in CsvOptions.Missing what becomes of it");
        var (problem, remedy) = reader.Complaint(cell);
        throw cursor.Bad(column, problem, remedy);
    }
}
