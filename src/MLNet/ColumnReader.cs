using System.Numerics;
using Microsoft.Data.Analysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxFunctional.Training;

namespace OnnxFunctional.MLNet;

/// <summary>Reads columns of ML.NET's data with one pass over the rows.</summary>
internal static class ColumnReader
{
    private delegate void Reader(Span<float> destination, int row);

    /// <summary>Columns side by side, and the number of elements in a row.</summary>
    public static (float[] Values, int Width) Floats(IDataView data, IReadOnlyList<DataViewSchema.Column> columns)
    {
        int[] widths = [.. columns.Select(Width)];
        foreach (var column in columns) RefuseEmptyCells(data, column);
        var width = widths.Sum();
        using var cursor = data.GetRowCursor(columns);
        Reader[] readers = [.. columns.Select(column => Dispatch(cursor, column))];
        var values = new List<float>((int)Math.Min((data.GetRowCount() ?? 0) * width, Array.MaxLength));
        var line = new float[width];
        for (var row = 0; cursor.MoveNext(); row++)
        {
            var start = 0;
            for (var i = 0; i < readers.Length; i++)
            {
                readers[i](line.AsSpan(start, widths[i]), row);
                start += widths[i];
            }

            if (values.Count > Array.MaxLength - width)
                throw new DataException($"The data has more than {row} rows of {width} numbers, more than a tensor can hold. Read it in parts.");
            values.AddRange(line);
        }

        if (values.Count == 0) throw new DataException("The data has no rows. Give at least one.");
        return ([.. values], width);
    }

    public static long[] Integers(IDataView data, DataViewSchema.Column column)
    {
        var isKey = column.Type is KeyDataViewType;
        if (!isKey && column.Type is not (NumberDataViewType or BooleanDataViewType))
            throw Unsuitable(column, "whole numbers", "Use GetClasses for a column of names");
        RefuseEmptyCells(data, column);
        using var cursor = data.GetRowCursor([column]);
        return column.Type.RawType switch
        {
            var type when type == typeof(bool) => Read<bool, long>(cursor, column, (value, _) => value ? 1 : 0),
            var type when type == typeof(sbyte) => Whole<sbyte>(),
            var type when type == typeof(byte) => Whole<byte>(),
            var type when type == typeof(short) => Whole<short>(),
            var type when type == typeof(ushort) => Whole<ushort>(),
            var type when type == typeof(int) => Whole<int>(),
            var type when type == typeof(uint) => Whole<uint>(),
            var type when type == typeof(long) => Whole<long>(),
            var type when type == typeof(ulong) => Whole<ulong>(),
            var type when type == typeof(float) => Whole<float>(),
            var type when type == typeof(double) => Whole<double>(),
            _ => throw Unsuitable(column, "whole numbers", "Use GetClasses for a column of names"),
        };

        long[] Whole<T>()
            where T : INumber<T> => Read<T, long>(cursor, column, (value, row) =>
        {
            // Keys begin with 1; 0 stands for a missing one.
            if (isKey && value == T.Zero) throw Bad(row, column, "a missing key", "Leave out rows without a label");
            if (!T.IsInteger(value) || value > T.CreateSaturating(long.MaxValue) || value < T.CreateSaturating(long.MinValue))
                throw Bad(row, column, $"{value}, not a whole number", "Use GetFloats for a column of numbers");
            return long.CreateSaturating(value) - (isKey ? 1 : 0);
        });
    }

    public static string[] Texts(IDataView data, DataViewSchema.Column column)
    {
        if (column.Type is not TextDataViewType) throw Unsuitable(column, "text", "Use GetLabels or GetFloats for a column of numbers");
        RefuseEmptyCells(data, column);
        using var cursor = data.GetRowCursor([column]);
        return Read<ReadOnlyMemory<char>, string>(cursor, column, (value, _) => value.ToString());
    }

    private static TResult[] Read<T, TResult>(DataViewRowCursor cursor, DataViewSchema.Column column, Func<T, int, TResult> read)
    {
        var getter = cursor.GetGetter<T>(column);
        var results = new List<TResult>();
        T value = default!;
        for (var row = 0; cursor.MoveNext(); row++)
        {
            getter(ref value);
            results.Add(read(value, row));
        }

        if (results.Count == 0) throw new DataException("The data has no rows. Give at least one.");
        return [.. results];
    }

    private static int Width(DataViewSchema.Column column) => column.Type switch
    {
        NumberDataViewType or BooleanDataViewType => 1,
        VectorDataViewType { ItemType: NumberDataViewType or BooleanDataViewType, Size: > 0 } vector => vector.Size,
        VectorDataViewType { ItemType: NumberDataViewType or BooleanDataViewType } => throw Unsuitable(
            column, "vectors of one known size", "Give them a size in the schema, [VectorType(size)]"),
        KeyDataViewType => throw Unsuitable(column, "numbers", "Use GetLabels or GetClasses for a column of keys"),
        _ => throw Unsuitable(column, "numbers", "Use GetTexts or GetClasses for a column of text, or leave the column out"),
    };

    private static Reader Dispatch(DataViewRowCursor cursor, DataViewSchema.Column column)
    {
        var item = (column.Type as VectorDataViewType)?.ItemType ?? column.Type;
        return item.RawType switch
        {
            var type when type == typeof(float) => Of<float>(value => value),
            var type when type == typeof(double) => Of<double>(value => (float)value, double.IsFinite),
            var type when type == typeof(bool) => Of<bool>(value => value ? 1 : 0),
            var type when type == typeof(sbyte) => Of<sbyte>(value => value),
            var type when type == typeof(byte) => Of<byte>(value => value),
            var type when type == typeof(short) => Of<short>(value => value),
            var type when type == typeof(ushort) => Of<ushort>(value => value),
            var type when type == typeof(int) => Of<int>(value => value),
            var type when type == typeof(uint) => Of<uint>(value => value),
            var type when type == typeof(long) => Of<long>(value => value),
            var type when type == typeof(ulong) => Of<ulong>(value => value),
            _ => throw Unsuitable(column, "numbers", "Leave the column out"),
        };

        Reader Of<T>(Func<T, float> convert, Func<T, bool>? isFinite = null)
        {
            if (column.Type is VectorDataViewType)
            {
                var vectors = cursor.GetGetter<VBuffer<T>>(column);
                var vector = default(VBuffer<T>);
                return (destination, row) =>
                {
                    vectors(ref vector);
                    destination.Clear();
                    foreach (var (index, value) in vector.Items()) destination[index] = Converted(value, row);
                };
            }

            var getter = cursor.GetGetter<T>(column);
            T scalar = default!;
            return (destination, row) =>
            {
                getter(ref scalar);
                destination[0] = Converted(scalar, row);
            };

            float Converted(T value, int row)
            {
                var result = convert(value);
                if (float.IsInfinity(result) && isFinite?.Invoke(value) == true)
                    throw Bad(row, column, $"{value}, beyond the range of float", "Scale the column");
                return result;
            }
        }
    }

    /// <summary>As data of ML.NET, an empty cell of a table of integers is 0, and one of text is "".</summary>
    private static void RefuseEmptyCells(IDataView data, DataViewSchema.Column column)
    {
        if (data is not DataFrame frame || frame.Columns[column.Name] is not { NullCount: > 0 } cells) return;
        var row = 0;
        while (cells[row] is not null) row++;
        throw Bad(row, column, "empty", "Fill the cells with FillNulls, or drop their rows with DropNulls");
    }

    private static DataException Unsuitable(DataViewSchema.Column column, string expected, string remedy) =>
        new($"Column '{column.Name}' holds {column.Type}; expected {expected}. {remedy}.");

    private static DataException Bad(int row, DataViewSchema.Column column, string problem, string remedy) =>
        new($"Row {row} of column '{column.Name}' is {problem}. {remedy}.");
}
