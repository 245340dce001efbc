using Parquet;
using Parquet.Schema;

namespace OnnxFunctional.Tests.MLNet;

/// <summary>A Parquet file that is being made, column by column.</summary>
internal sealed class ParquetFile
{
    private readonly List<(DataField Field, Func<ParquetRowGroupWriter, Range, Task> Write)> _columns = [];

    public CompressionMethod Compression { get; init; } = CompressionMethod.Snappy;

    public ParquetFile With<T>(string name, params T[] values)
        where T : struct
    {
        var field = new DataField<T>(name);
        _columns.Add((field, (group, rows) => group.WriteAsync<T>(field, values.AsMemory(rows))));
        return this;
    }

    public ParquetFile WithNulls<T>(string name, params T?[] values)
        where T : struct
    {
        var field = new DataField<T>(name, nullable: true);
        _columns.Add((field, (group, rows) => group.WriteAsync<T>(field, (ReadOnlyMemory<T?>)values.AsMemory(rows))));
        return this;
    }

    public ParquetFile WithTexts(string name, params string?[] values)
    {
        var field = new DataField<string>(name, nullable: true);
        _columns.Add((field, (group, rows) => group.WriteAsync(field, values[rows]!)));
        return this;
    }

    public ParquetFile WithLists(string name)
    {
        var field = new DataField(name, typeof(int), false, true);
        _columns.Add((field, (group, rows) => group.WriteAsync<int>(field, Enumerable.Range(0, 2 * Length(rows)).ToArray(), Levels(Length(rows)))));
        return this;

        static int Length(Range rows) => rows.End.Value - rows.Start.Value;

        // Two numbers a row: the second belongs to the list of the first.
        static ReadOnlyMemory<int> Levels(int count) => Enumerable.Range(0, 2 * count).Select(i => i % 2).ToArray();
    }

    /// <summary>Writes the file.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="groups">The rows of each row group.</param>
    public string Write(TemporaryFolder folder, string name, params int[] groups)
    {
        var path = folder.File(name);
        using var file = File.Create(path);
        var schema = new ParquetSchema([.. _columns.Select(column => column.Field)]);
        Write(file, schema, groups).GetAwaiter().GetResult();
        return path;
    }

    private async Task Write(Stream file, ParquetSchema schema, int[] groups)
    {
        await using var writer = await ParquetWriter.CreateAsync(schema, file, new ParquetOptions { CompressionMethod = Compression });
        var row = 0;
        foreach (var rows in groups)
        {
            using var group = writer.CreateRowGroup();
            foreach (var (_, write) in _columns) await write(group, row..(row + rows));
            row += rows;
        }
    }
}
