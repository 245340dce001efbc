using Microsoft.ML;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>Data of ML.NET, in whose tables a vector stands for a column of each of its numbers.</summary>
/// <param name="data">The data.</param>
internal sealed class DataViewSource(IDataView data) : TableSource
{
    /// <inheritdoc/>
    public override string Name => "The data";

    /// <inheritdoc/>
    public override string Stage => "GetRows";

    /// <inheritdoc/>
    public override TableHeader ReadHeader()
    {
        ColumnPlace[] places = [.. Places()];
        var groups = places.Where(place => place.Slot >= 0).GroupBy(place => place.Column.Name, place => place.Name, StringComparer.Ordinal);
        var columns = groups.ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        return new TableHeader(Name, [.. places.Select(place => place.Name)], columns);
    }

    /// <inheritdoc/>
    public override T Guarded<T>(Func<T> read) => read();

    /// <inheritdoc/>
    protected override OpenedTable OpenDistinct(IReadOnlyList<string> columns)
    {
        var places = Places().ToDictionary(place => place.Name, StringComparer.Ordinal);
        return new(new DataViewCursor(data, Name, columns, [.. columns.Select(column => places[column])]), [.. Enumerable.Range(0, columns.Count)]);
    }

    private IEnumerable<ColumnPlace> Places() => data.Schema.Where(column => !column.IsHidden).SelectMany(ColumnPlace.Of);
}
