using System.Runtime.CompilerServices;
using OnnxFunctional.Training;
using Parquet;
using Parquet.Schema;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>The rows of a Parquet file, of which one row group is in memory.</summary>
internal sealed class ParquetCursor : ValueCursor
{
    private readonly string _table;
    private readonly FileStream _file;
    private readonly ParquetReader _reader;
    private readonly DataField[] _fields;
    private readonly ParquetValues[] _values;
    private readonly StrongBox<int> _place = new(-1);
    private int _group;
    private int _rows;

    /// <param name="file">The file.</param>
    /// <param name="reader">What reads it.</param>
    /// <param name="table">Its name in messages.</param>
    /// <param name="names">The names of the columns.</param>
    /// <param name="fields">The columns.</param>
    /// <exception cref="DataException">A column holds what is neither number nor text nor date.</exception>
    public ParquetCursor(FileStream file, ParquetReader reader, string table, IReadOnlyList<string> names, DataField[] fields)
        : base(table, names)
    {
        (_table, _file, _reader, _fields) = (table, file, reader, fields);
        _values = [.. fields.Select((field, i) => ParquetValues.Of(field, table, names[i]))];
        for (var i = 0; i < fields.Length; i++) Columns[i] = _values[i].Column(_place);
    }

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        while (++_place.Value >= _rows)
        {
            if (_group == _reader.RowGroupCount) return false;
            Load(_reader.OpenRowGroupReader(_group++));
        }

        Row++;
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _file.Dispose();
    }

    private void Load(ParquetRowGroupReader group)
    {
        // The counts are those of the file: memory is taken when they can be true.
        var (rows, bytes) = (group.RowCount, _values.Sum(values => (double)values.BytesARow));
        if (rows < 0 || rows > Array.MaxLength || bytes * rows > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            throw new DataException(
                $"{_table} has a row group of {rows:N0} rows, whose wanted columns take {bytes * rows / 1e9:F1} GB. Write it with smaller row groups.");
        }

        foreach (var field in _fields) ParquetPages.Check(_file, group.GetMetadata(field)!, rows);
        _rows = (int)rows;
        foreach (var values in _values) values.Load(group, _rows);
        _place.Value = -1;
    }
}
