using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using Parquet;
using Parquet.Schema;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>A Parquet file.</summary>
/// <param name="path">The file.</param>
internal sealed class ParquetSource(string path) : TableSource
{
    // The current folder may be another one when the file is read again.
    private readonly string _path = Path.GetFullPath(path);

    /// <inheritdoc/>
    public override string Name => "'" + path + "'";

    /// <inheritdoc/>
    public override string Stage => "ParquetRows";

    /// <inheritdoc/>
    public override TableHeader ReadHeader() => Guarded(() =>
    {
        using var file = Checked(path);
        var fields = ParquetReader.ReadSchemaAsync(file).GetAwaiter().GetResult().DataFields;
        return new TableHeader(Name, [.. fields.Select(NameOf)]);
    });

    /// <inheritdoc/>
    public override T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException damaged)
        {
            throw new DataException($"{Name} is damaged ({damaged.Message.TrimEnd('.')}). Copy or download it again.", damaged);
        }
        catch (Exception damaged) when (damaged is not (DataException or ModelException))
        {
            // That a file is damaged, the library says by exceptions of many kinds.
            throw new DataException(
                $"{Name} is damaged, or written in a way that Parquet.Net does not read ({damaged.Message.TrimEnd('.')}). Write it again.",
                damaged);
        }
    }

    /// <inheritdoc/>
    protected override OpenedTable OpenDistinct(IReadOnlyList<string> columns) => Guarded(() =>
    {
        var file = Checked(_path);
        try
        {
            var reader = ParquetReader.CreateAsync(file).GetAwaiter().GetResult();
            var fields = reader.Schema.DataFields;
            var header = new TableHeader(Name, [.. fields.Select(NameOf)]);
            var cursor = new ParquetCursor(file, reader, Name, columns, [.. columns.Select(column => fields[header.IndexInNext(column)])]);
            return new OpenedTable(cursor, [.. Enumerable.Range(0, columns.Count)]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    });

    private FileStream Checked(string file) => DataFile.Guarded(file, () =>
    {
        var stream = DataFile.OpenRaw(file);
        try
        {
            ParquetFooter.Check(stream, Name);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    });

    private static string NameOf(DataField field) => field.Path.ToString();
}
