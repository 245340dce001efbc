namespace OnnxFunctional.Training.Data;

/// <summary>A file of a table of text.</summary>
/// <param name="path">The file.</param>
/// <param name="options">How it is written.</param>
internal sealed class CsvSource(string path, CsvOptions options) : TableSource
{
    // The current folder may be another one when the file is read again.
    private readonly string _path = Path.GetFullPath(path);

    /// <inheritdoc/>
    public override string Name => "'" + _path + "'";

    /// <inheritdoc/>
    public override string Stage => nameof(CsvRows);

    /// <inheritdoc/>
    public override TableHeader ReadHeader() => DataFile.Read(path, file =>
    {
        using var cursor = new CsvCursor(file, options);
        return new TableHeader(file.Name, cursor.Names);
    });

    /// <inheritdoc/>
    public override T Guarded<T>(Func<T> read) => DataFile.Guarded(_path, read);

    /// <inheritdoc/>
    protected override OpenedTable OpenDistinct(IReadOnlyList<string> columns) => DataFile.Guarded(_path, () =>
    {
        var file = DataFile.Open(_path);
        try
        {
            var cursor = new CsvCursor(file, options);
            var header = new TableHeader(file.Name, cursor.Names);
            return new OpenedFile(file, cursor, [.. columns.Select(header.IndexInNext)]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    });

    private sealed class OpenedFile(DataFile file, CsvCursor cursor, int[] columns) : OpenedTable(cursor, columns)
    {
        public override void Dispose()
        {
            base.Dispose();
            file.Dispose();
        }
    }
}
