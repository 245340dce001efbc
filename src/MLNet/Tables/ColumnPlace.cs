using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>A column of ML.NET's data, or a number of a column of vectors.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Column">The column.</param>
/// <param name="Slot">The place in the vector; -1 without one.</param>
internal sealed record ColumnPlace(string Name, DataViewSchema.Column Column, int Slot)
{
    /// <summary>The places of a column: those of a vector have the names of its slots, or numbers if it has no names or two are equal.</summary>
    public static IEnumerable<ColumnPlace> Of(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType { Size: > 0 and var size }) return [new(column.Name, column, -1)];
        var names = SlotNames(column, size);
        return Enumerable.Range(0, size).Select(slot => new ColumnPlace($"{column.Name}.{names[slot]}", column, slot));
    }

    private static string[] SlotNames(DataViewSchema.Column column, int size)
    {
        string[] numbers = [.. Enumerable.Range(0, size).Select(slot => slot.ToString(CultureInfo.InvariantCulture))];
        if (ColumnNames.OfSlots(column) is not { } given || given.Length != size) return numbers;
        string[] names = [.. given.Zip(numbers, (name, number) => name.Length > 0 ? name : number)];
        return names.Distinct(StringComparer.Ordinal).Count() == size ? names : numbers;
    }
}
