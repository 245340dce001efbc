namespace OnnxFunctional.Training.Data;

/// <summary>A file whose rows are read, and the place of the wanted columns in it.</summary>
internal sealed class CsvFile : IDisposable
{
    private readonly DataFile _file;

    private CsvFile(DataFile file, CsvCursor cursor, int[] columns) => (_file, Cursor, Columns) = (file, cursor, columns);

    /// <summary>The rows.</summary>
    public CsvCursor Cursor { get; }

    /// <summary>The column of each step of the plan.</summary>
    public int[] Columns { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="DataException">It is missing, damaged or empty, or lacks a column.</exception>
    public static CsvFile Open(string path, CsvOptions options, RowPlan plan) => DataFile.Guarded(path, () =>
    {
        var file = DataFile.Open(path);
        try
        {
            var cursor = new CsvCursor(file, options);
            var header = new CsvHeader(file.Name, cursor.Names);
            return new CsvFile(file, cursor, [.. plan.Steps.Select(step => header.IndexInNext(step.Reader.Column))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    });

    public void Dispose()
    {
        Cursor.Dispose();
        _file.Dispose();
    }
}
