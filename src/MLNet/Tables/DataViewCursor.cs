using System.Numerics;
using Microsoft.Data.Analysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxFunctional.Training;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>The rows of ML.NET's data.</summary>
internal sealed class DataViewCursor : ValueCursor
{
    private readonly DataViewRowCursor _cursor;
    private readonly Action[] _loads;

    /// <param name="data">The data.</param>
    /// <param name="table">Its name in messages.</param>
    /// <param name="names">The names of the columns.</param>
    /// <param name="places">The columns.</param>
    /// <exception cref="DataException">A column holds what is neither number nor text nor date.</exception>
    public DataViewCursor(IDataView data, string table, IReadOnlyList<string> names, ColumnPlace[] places)
        : base(table, names)
    {
        var groups = places.Index().GroupBy(place => place.Item.Column.Index).ToArray();
        _cursor = data.GetRowCursor(groups.Select(group => group.First().Item.Column));
        try
        {
            _loads = [.. groups.Select(group => Load(group.First().Item.Column, [.. group], EmptyCells(data, group.First().Item.Column)))];
        }
        catch
        {
            _cursor.Dispose();
            throw;
        }
    }

    private delegate bool Present<T>(in T value);

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        if (!_cursor.MoveNext()) return false;
        Row++;
        foreach (var load in _loads) load();
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose() => _cursor.Dispose();

    /// <summary>The cells of a table some of which are empty; as data of ML.NET, one of integers is 0, and one of text is "".</summary>
    private static DataFrameColumn? EmptyCells(IDataView data, DataViewSchema.Column column) =>
        data is DataFrame frame && frame.Columns[column.Name] is { NullCount: > 0 } cells ? cells : null;

    private Action Load(DataViewSchema.Column column, (int Index, ColumnPlace Item)[] places, DataFrameColumn? emptyCells)
    {
        if (column.Type is KeyDataViewType) return Key(column, places[0].Index);
        var item = (column.Type as VectorDataViewType)?.ItemType ?? column.Type;
        return item.RawType switch
        {
            var type when type == typeof(float) => Number<float>(),
            var type when type == typeof(double) => Number<double>(),
            var type when type == typeof(bool) => Cell<bool>(get => new BooleanColumn(get)),
            var type when type == typeof(sbyte) => Number<sbyte>(),
            var type when type == typeof(byte) => Number<byte>(),
            var type when type == typeof(short) => Number<short>(),
            var type when type == typeof(ushort) => Number<ushort>(),
            var type when type == typeof(int) => Number<int>(),
            var type when type == typeof(uint) => Number<uint>(),
            var type when type == typeof(long) => Number<long>(),
            var type when type == typeof(ulong) => Number<ulong>(),
            var type when type == typeof(DateTime) => Cell<DateTime>(get => new FormattedColumn<DateTime>(get, TimeFormats.Time)),
            var type when type == typeof(DateTimeOffset) => Cell<DateTimeOffset>(get => new FormattedColumn<DateTimeOffset>(get, TimeFormats.TimeWithOffset)),
            var type when type == typeof(TimeSpan) => Cell<TimeSpan>(get => new FormattedColumn<TimeSpan>(get)),
            var type when type == typeof(ReadOnlyMemory<char>) => Cell<ReadOnlyMemory<char>>(get => new TextColumn(get), (in text) => !text.IsEmpty),
            _ => throw Unsuitable(),
        };

        Action Number<T>()
            where T : struct, INumber<T> => Cell<T>(get => new NumberColumn<T>(get));

        Action Cell<T>(Func<ValueGetter<T>, ValueColumn> make, Present<T>? isPresent = null)
        {
            if (column.Type is VectorDataViewType { Size: 0 }) throw Unsuitable();
            return column.Type is VectorDataViewType ? Vector(column, places, make, isPresent) : Scalar(column, places[0].Index, make, isPresent, emptyCells);
        }

        DataException Unsuitable() => new(
            $"Column '{column.Name}' holds {column.Type}; expected numbers, truth values, keys, texts, dates, or vectors of a known size. "
            + "Leave it out: name the others in TableOptions.Features.");
    }

    private Action Scalar<T>(
        DataViewSchema.Column column, int index, Func<ValueGetter<T>, ValueColumn> make, Present<T>? isPresent, DataFrameColumn? emptyCells)
    {
        var getter = _cursor.GetGetter<T>(column);
        T held = default!;
        var isGiven = true;
        Columns[index] = make((out value) =>
        {
            value = held;
            return isGiven;
        });
        return () =>
        {
            getter(ref held);
            isGiven = (isPresent is null || isPresent(held)) && (emptyCells is null || emptyCells[Row] is not null);
        };
    }

    private Action Vector<T>(
        DataViewSchema.Column column, (int Index, ColumnPlace Item)[] places, Func<ValueGetter<T>, ValueColumn> make, Present<T>? isPresent)
    {
        var getter = _cursor.GetGetter<VBuffer<T>>(column);
        var held = default(VBuffer<T>);
        var values = new T[((VectorDataViewType)column.Type).Size];
        foreach (var (index, place) in places)
        {
            Columns[index] = make((out value) =>
            {
                value = values[place.Slot];
                return isPresent is null || isPresent(value);
            });
        }

        return () =>
        {
            getter(ref held);
            held.CopyTo(values);
        };
    }

    private Action Key(DataViewSchema.Column column, int index)
    {
        var names = ColumnNames.OfKeys(column);
        return column.Type.RawType switch
        {
            var type when type == typeof(byte) => Scalar<byte>(column, index, get => Keys(get), null, null),
            var type when type == typeof(ushort) => Scalar<ushort>(column, index, get => Keys(get), null, null),
            var type when type == typeof(uint) => Scalar<uint>(column, index, get => Keys(get), null, null),
            _ => Scalar<ulong>(column, index, get => Keys(get), null, null),
        };

        KeyColumn Keys<T>(ValueGetter<T> get)
            where T : INumber<T> => new(
            (out key) =>
            {
                var isGiven = get(out var value);
                key = ulong.CreateSaturating(value);
                return isGiven;
            },
            names);
    }
}
