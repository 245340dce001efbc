namespace OnnxFunctional.Training.Data;

/// <summary>The pass over all rows that finds vocabularies and means.</summary>
internal static class FirstPass
{
    /// <summary>Shows all cells that are not missing to the readers that must learn, if there are any.</summary>
    /// <exception cref="DataException">A file cannot be read, or a column holds nothing.</exception>
    public static void Run(IReadOnlyList<string> paths, CsvOptions options, RowPlan plan)
    {
        var learning = plan.Readers.Where(reader => reader.MustLearn).ToHashSet();
        if (learning.Count == 0) return;
        var missing = new MissingWords(options);
        foreach (var path in paths)
        {
            using var file = CsvFile.Open(path, options, plan);
            var columns = plan.Steps.Zip(file.Columns).Where(pair => learning.Contains(pair.First.Reader))
                .Select(pair => (pair.First.Reader, pair.Second)).Distinct().ToArray();
            DataFile.Guarded(path, () =>
            {
                while (file.Cursor.MoveNext())
                {
                    foreach (var (reader, column) in columns)
                    {
                        var cell = file.Cursor[column];
                        if (!missing.Contains(cell)) reader.Learn(cell);
                    }
                }

                return true;
            });
        }

        foreach (var reader in learning) reader.EndLearning();
    }
}
