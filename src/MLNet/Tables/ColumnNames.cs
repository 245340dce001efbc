using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>Names that annotations of a column hold.</summary>
internal static class ColumnNames
{
    /// <summary>The names of keys in their order; null if they have none.</summary>
    public static string[]? OfKeys(DataViewSchema.Column column) => Find(column, "KeyValues");

    /// <summary>The names of the places of a vector; null if they have none.</summary>
    public static string[]? OfSlots(DataViewSchema.Column column) => Find(column, "SlotNames");

    private static string[]? Find(DataViewSchema.Column column, string kind)
    {
        if (column.Annotations.Schema.GetColumnOrNull(kind)?.Type is not VectorDataViewType { ItemType: TextDataViewType }) return null;
        var names = default(VBuffer<ReadOnlyMemory<char>>);
        column.Annotations.GetValue(kind, ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }
}
