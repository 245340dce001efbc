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

    private static ReadOnlySpan<byte> Mark => "PAR1"u8;

    /// <inheritdoc/>
    public override TableHeader ReadHeader() => Guarded(() =>
    {
        using var file = Checked(path);
        var fields = ParquetReader.ReadSchemaAsync(file).GetAwaiter().GetResult().DataFields;
        return new TableHeader(Name, [.. fields.Select(NameOf)]);
    });

    /// <inheritdoc/>
    public override OpenedTable Open(IReadOnlyList<string> columns) => Guarded(() =>
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

    /// <inheritdoc/>
    public override T Guarded<T>(Func<T> read)
    {
        try
        {
            return DataFile.Guarded(path, read);
        }
        catch (Exception damaged) when (damaged is not (DataException or ModelException))
        {
            // Of a file that is damaged, the library says this by exceptions of many kinds.
            throw new DataException(
                $"{Name} is damaged, or written in a way that Parquet.Net does not read ({damaged.Message.TrimEnd('.')}). Write it again.",
                damaged);
        }
    }

    private FileStream Checked(string file)
    {
        var stream = DataFile.OpenRaw(file);
        Span<byte> mark = stackalloc byte[Mark.Length];
        if (stream.ReadAtLeast(mark, mark.Length, throwOnEndOfStream: false) == mark.Length && Mark.SequenceEqual(mark))
        {
            stream.Position = 0;
            return stream;
        }

        stream.Dispose();
        throw new DataException($"{Name} is no Parquet file: it does not begin with PAR1. Tables of text are read by CsvRows.");
    }

    private static string NameOf(DataField field) => field.Path.ToString();
}
