namespace OnnxFunctional.Training.Data;

/// <summary>The pass over all rows that finds vocabularies and means.</summary>
internal static class FirstPass
{
    /// <summary>Shows all cells that are not missing to the readers that must learn, if there are any.</summary>
    /// <exception cref="DataException">A file cannot be read, or a column holds nothing.</exception>
    public static void Run(IReadOnlyList<TableSource> sources, RowPlan plan)
    {
        var learning = plan.Readers.Where(reader => reader.MustLearn).ToArray();
        if (learning.Length == 0) return;
        foreach (var source in sources)
        {
            using var table = source.Open([.. learning.Select(reader => reader.Column)]);
            var (cursor, columns) = (table.Cursor, table.Columns);
            source.Guarded(() =>
            {
                while (cursor.MoveNext())
                {
                    for (var i = 0; i < columns.Length; i++)
                    {
                        if (!cursor.IsMissing(columns[i])) learning[i].Learn(cursor, columns[i]);
                    }
                }

                return true;
            });
        }

        foreach (var reader in learning) reader.EndLearning();
    }
}
