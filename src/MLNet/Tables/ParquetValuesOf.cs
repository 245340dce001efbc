using System.Runtime.CompilerServices;
using Parquet;
using Parquet.Schema;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>The numbers, truth values, texts or dates of a column in a row group.</summary>
/// <param name="field">The column.</param>
/// <param name="column">Makes the cell of a row.</param>
internal sealed class ParquetValuesOf<T>(DataField field, Func<ValueGetter<T>, ValueColumn> column) : ParquetValues
    where T : struct
{
    private readonly bool _isNullable = field.MaxDefinitionLevel > 0;
    private T[] _values = [];
    private T?[] _nullables = [];

    /// <inheritdoc/>
    public override int BytesARow => _isNullable ? Unsafe.SizeOf<T?>() : Unsafe.SizeOf<T>();

    /// <inheritdoc/>
    public override void Load(ParquetRowGroupReader group, int rows)
    {
        if (_isNullable)
        {
            if (_nullables.Length < rows) _nullables = new T?[rows];
            group.ReadAsync<T>(field, _nullables.AsMemory(0, rows), null, default).AsTask().GetAwaiter().GetResult();
        }
        else
        {
            if (_values.Length < rows) _values = new T[rows];
            group.ReadAsync<T>(field, _values.AsMemory(0, rows), null, default).AsTask().GetAwaiter().GetResult();
        }
    }

    /// <inheritdoc/>
    public override ValueColumn Column(StrongBox<int> place) => column(Get(place));

    private ValueGetter<T> Get(StrongBox<int> place)
    {
        return _isNullable ? Nullable : Value;

        bool Nullable(out T value)
        {
            var nullable = _nullables[place.Value];
            value = nullable.GetValueOrDefault();
            return nullable.HasValue;
        }

        bool Value(out T value)
        {
            value = _values[place.Value];
            return true;
        }
    }
}
