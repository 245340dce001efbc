using System.Runtime.CompilerServices;
using OnnxFunctional.Training;
using Parquet;
using Parquet.Schema;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>The values of a column in a row group of a Parquet file.</summary>
internal abstract class ParquetValues
{
    /// <summary>The memory that a value takes.</summary>
    public abstract int BytesARow { get; }

    /// <summary>What reads a column.</summary>
    /// <param name="field">The column.</param>
    /// <param name="table">The name of the table in messages.</param>
    /// <param name="name">The name of the column.</param>
    /// <exception cref="DataException">It holds what is neither number nor text nor date.</exception>
    public static ParquetValues Of(DataField field, string table, string name)
    {
        if (field.MaxRepetitionLevel > 0) throw Unsuitable($"lists of {field.ClrType.Name}");
        return field.ClrType switch
        {
            var type when type == typeof(bool) => new ParquetValuesOf<bool>(field, get => new BooleanColumn(get)),
            var type when type == typeof(sbyte) => new ParquetValuesOf<sbyte>(field, get => new NumberColumn<sbyte>(get)),
            var type when type == typeof(byte) => new ParquetValuesOf<byte>(field, get => new NumberColumn<byte>(get)),
            var type when type == typeof(short) => new ParquetValuesOf<short>(field, get => new NumberColumn<short>(get)),
            var type when type == typeof(ushort) => new ParquetValuesOf<ushort>(field, get => new NumberColumn<ushort>(get)),
            var type when type == typeof(int) => new ParquetValuesOf<int>(field, get => new NumberColumn<int>(get)),
            var type when type == typeof(uint) => new ParquetValuesOf<uint>(field, get => new NumberColumn<uint>(get)),
            var type when type == typeof(long) => new ParquetValuesOf<long>(field, get => new NumberColumn<long>(get)),
            var type when type == typeof(ulong) => new ParquetValuesOf<ulong>(field, get => new NumberColumn<ulong>(get)),
            var type when type == typeof(float) => new ParquetValuesOf<float>(field, get => new NumberColumn<float>(get)),
            var type when type == typeof(double) => new ParquetValuesOf<double>(field, get => new NumberColumn<double>(get)),
            var type when type == typeof(decimal) => new ParquetValuesOf<decimal>(field, get => new NumberColumn<decimal>(get)),
            var type when type == typeof(DateTime) => new ParquetValuesOf<DateTime>(field, get => new FormattedColumn<DateTime>(get, TimeFormats.Time)),
            var type when type == typeof(DateOnly) => new ParquetValuesOf<DateOnly>(field, get => new FormattedColumn<DateOnly>(get, TimeFormats.Date)),
            var type when type == typeof(TimeSpan) => new ParquetValuesOf<TimeSpan>(field, get => new FormattedColumn<TimeSpan>(get)),
            var type when type == typeof(TimeOnly) => new ParquetValuesOf<TimeOnly>(field, get => new FormattedColumn<TimeOnly>(get)),
            var type when type == typeof(Guid) => new ParquetValuesOf<Guid>(field, get => new FormattedColumn<Guid>(get)),
            var type when type == typeof(ReadOnlyMemory<char>) => new ParquetValuesOf<ReadOnlyMemory<char>>(field, get => new TextColumn(get)),
            var type => throw Unsuitable(type == typeof(ReadOnlyMemory<byte>) ? "bytes" : type.Name),
        };

        DataException Unsuitable(string held) => new(
            $"{table}, column '{name}' holds {held}; expected single numbers, truth values, texts or dates. "
            + "Leave it out: name the others in TableOptions.Features.");
    }

    /// <summary>Reads the values of a row group.</summary>
    public abstract void Load(ParquetRowGroupReader group, int rows);

    /// <summary>The cell of a row.</summary>
    /// <param name="place">The place of the row in the row group.</param>
    public abstract ValueColumn Column(StrongBox<int> place);
}
