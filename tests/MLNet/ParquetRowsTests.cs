using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.MLNet;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using Parquet;

namespace OnnxFunctional.Tests.MLNet;

[TestClass]
public sealed class ParquetRowsTests
{
    [TestMethod]
    public void Columns_become_features_and_targets_across_row_groups()
    {
        using var folder = new TemporaryFolder();
        var path = Homes().Write(folder, "homes.parquet", 1, 0, 3);
        var rows = ParquetRows.Open(path, new TableOptions
        {
            Targets = ["price"],
            Columns =
            {
                ["size"] = TableColumn.Number with { Missing = MissingValues.Mean },
                ["city"] = TableColumn.OneHot(),
                ["sold"] = TableColumn.Date(DateParts.DayOfWeek | DateParts.Year | DateParts.Hour),
            },
            BatchSize = 3,
        });
        CollectionAssert.AreEqual(
            new[] { "size", "city=Bern", "city=Oslo", "city=Rome", "sold.Year", "sold.DayOfWeek", "sold.Hour", "isNew" }, rows.FeatureNames.ToArray());
        CollectionAssert.AreEqual(new[] { "Bern", "Oslo", "Rome" }, rows.Categories("city").ToArray());
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var batches = rows.Batches.ToList();
            CollectionAssert.AreEqual(
                new float[] { 50, 0, 0, 1, 2026, 0, 8, 1, 70, 0, 1, 0, 2026, 6, 9, 0, 70, 0, 0, 1, 2027, 4, 10, 1 }, batches[0].X[0].ToArray());
            CollectionAssert.AreEqual(new float[] { 90, 1, 0, 0, 2024, 3, 23, 0 }, batches[1].X[0].ToArray());
            CollectionAssert.AreEqual(new[] { 1.5f, 2, 3 }, batches[0].Y[0].ToArray());
        }
    }

    [TestMethod]
    public void Every_type_of_number_is_read_with_and_without_nulls()
    {
        Read<sbyte>();
        Read<byte>();
        Read<short>();
        Read<ushort>();
        Read<int>();
        Read<uint>();
        Read<long>();
        Read<ulong>();
        Read<float>();
        Read<double>();
        Read<decimal>();

        static void Read<T>()
            where T : struct, System.Numerics.INumber<T>
        {
            using var folder = new TemporaryFolder();
            T[] numbers = [.. Enumerable.Range(0, 17).Select(T.CreateChecked)];
            var path = new ParquetFile().With("x", numbers).WithNulls("n", [.. numbers.Select((x, i) => i % 3 == 0 ? (T?)null : x)]).With("y", numbers)
                .Write(folder, "x.parquet", 7, 10);
            var label = TableColumn.Integer with { Missing = MissingValues.Refuse };
            var options = new TableOptions { Targets = ["y"], Columns = { ["y"] = label }, Missing = MissingValues.Fill(-1) };
            var (x, y, _) = ParquetRows.Open(path, options).ReadAll();
            CollectionAssert.AreEqual(Enumerable.Range(0, 17).SelectMany(i => new[] { i, i % 3 == 0 ? -1f : i }).ToArray(), x[0].ToArray(), typeof(T).Name);
            CollectionAssert.AreEqual(Enumerable.Range(0, 17).Select(i => (long)i).ToArray(), (long[])y[0], typeof(T).Name);
        }
    }

    /// <summary>What a table becomes does not depend on how it is written.</summary>
    [TestMethod]
    [DataRow(CompressionMethod.None)]
    [DataRow(CompressionMethod.Snappy)]
    [DataRow(CompressionMethod.Gzip)]
    [DataRow(CompressionMethod.Zstd)]
    [DataRow(CompressionMethod.LZ4)]
    [DataRow(CompressionMethod.Brotli)]
    public void A_table_gives_the_batches_of_the_same_table_of_text(CompressionMethod compression)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(3);
        const int Rows = 301;
        double?[] numbers = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(9) == 0 ? (double?)null : random.NextDouble() - 0.5)];
        string?[] towns = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(9) == 0 ? null : "town, \"" + random.Next(5) + "\"")];
        long[] labels = [.. Enumerable.Range(0, Rows).Select(_ => (long)random.Next(3))];
        var parquet = new ParquetFile { Compression = compression }.WithNulls("number", numbers).WithTexts("town", towns).With("label", labels)
            .Write(folder, "t.parquet", 100, 1, 200);
        var csv = folder.File("t.csv");
        File.WriteAllLines(csv, ["number,town,label", .. Enumerable.Range(0, Rows).Select(Line)]);
        foreach (var missing in new[] { MissingValues.SkipRow, MissingValues.Fill(7) })
        {
            var typed = Set(new TableOptions { Missing = missing, Targets = ["label"], BatchSize = 17 });
            var text = Set(new CsvOptions { Missing = missing, Targets = ["label"], BatchSize = 17 });
            using var ours = ParquetRows.Open(parquet, typed).Batches.GetEnumerator();
            foreach (var expected in CsvRows.Open(csv, text).Batches)
            {
                Assert.IsTrue(ours.MoveNext());
                CollectionAssert.AreEqual(expected.X[0].ToArray(), ours.Current.X[0].ToArray());
                CollectionAssert.AreEqual((long[])expected.Y[0], (long[])ours.Current.Y[0]);
            }

            Assert.IsFalse(ours.MoveNext());
        }

        string Line(int row)
        {
            var town = towns[row] is { } words ? $"\"{words.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : "";
            return string.Create(CultureInfo.InvariantCulture, $"{numbers[row]},{town},{labels[row]}");
        }

        static T Set<T>(T options)
            where T : TableOptions
        {
            options.Columns["town"] = TableColumn.OneHot(numOovIndices: 1);
            options.Columns["label"] = TableColumn.Integer with { Missing = MissingValues.SkipRow };
            return options;
        }
    }

    [TestMethod]
    public void Several_files_are_one_table_that_trains()
    {
        using var folder = new TemporaryFolder();
        float[] x = [.. Enumerable.Range(0, 64).Select(i => (i % 8) / 8f)];
        float[] y = [.. x.Select(value => (2 * value) - 1)];
        var first = new ParquetFile().With("x", x).With("y", y).Write(folder, "1.parquet", 64);
        var second = new ParquetFile().With("y", y).WithTexts("note", new string?[64]).With("x", x).Write(folder, "2.parquet", 40, 24);
        var rows = ParquetRows.Open([first, second], new TableOptions { Features = ["x"], Targets = ["y"], BatchSize = 16 });
        var input = Model.Input([1]);
        var trainer = new Model(input, new Dense(1).Call(input)).Compile(new Adam(0.1f), Loss.MeanSquaredError, seed: 1);
        var history = trainer.Fit(rows.Samples.Shuffle(50, seed: 2).Batch(16), epochs: 40, verbose: 0);
        Assert.IsLessThan(1e-3, history["loss"][^1]);
        Assert.AreEqual(8, rows.Batches.Count());
    }

    [TestMethod]
    public void A_column_may_be_feature_and_target()
    {
        using var folder = new TemporaryFolder();
        var path = new ParquetFile().With("a", 1f, 2, 3).With("b", 4f, 5, 6).Write(folder, "t.parquet", 1, 2);
        var (x, y, _) = ParquetRows.Open(path, new TableOptions { Features = ["b", "a", "b"], Targets = ["b"] }).ReadAll();
        CollectionAssert.AreEqual(new float[] { 4, 1, 4, 5, 2, 5, 6, 3, 6 }, x[0].ToArray());
        CollectionAssert.AreEqual(new float[] { 4, 5, 6 }, y[0].ToArray());
    }

    [TestMethod]
    public void Texts_and_truth_values_keep_their_words()
    {
        using var folder = new TemporaryFolder();
        var path = new ParquetFile().WithTexts("text", "a", "", "NA").With("isNew", true, false, true).Write(folder, "t.parquet", 3);
        var options = new TableOptions { Features = ["text"], Targets = ["isNew"] };
        (options.Columns["text"], options.Columns["isNew"]) = (TableColumn.Text, TableColumn.Category());
        var (x, y, _) = ParquetRows.Open(path, options).ReadAll();
        CollectionAssert.AreEqual(new[] { "a", "", "NA" }, (string[])x[0]);
        CollectionAssert.AreEqual(new long[] { 1, 0, 1 }, (long[])y[0]);
    }

    [TestMethod]
    public void What_does_not_fit_is_said()
    {
        using var folder = new TemporaryFolder();
        var path = Homes().WithLists("rooms").Write(folder, "homes.parquet", 2, 2);
        Says<ArgumentException>(new() { Features = ["Size"] }, "no column 'Size'. It has size, city, ");
        Says<DataException>(new() { Features = ["isNew", "rooms"], Targets = ["price"] }, "holds lists of Int32");
        Says<DataException>(new() { Features = ["city"] }, "row 0, column 'city': 'Rome' is not a number");
        Says<DataException>(new() { Features = ["size"], BatchSize = 4 }, "row 2, column 'size': '' is missing");
        Says<DataException>(new() { Features = ["sold"] }, "'2026-11-30T08:15:00' is not a number");
        Says<DataException>(new() { Features = ["price"], Columns = { ["price"] = TableColumn.Integer } }, "'1.5' is not an integer");
        Says<ModelException>(new() { BatchSize = 0 }, "TableOptions has BatchSize 0");
        var large = new ParquetFile().With("x", 1, 1e300).Write(folder, "large.parquet", 2);
        Assert.Contains("row 1, column 'x': '1E+300' is beyond the range of float", Assert.ThrowsExactly<DataException>(() => All(large, new())).Message);
        var empty = new ParquetFile().With<int>("x").Write(folder, "empty.parquet", 0);
        Assert.Contains("has no rows", Assert.ThrowsExactly<DataException>(() => All(empty, new())).Message);
        Assert.Contains("does not exist", Assert.ThrowsExactly<DataException>(() => All(folder.File("no.parquet"), new())).Message);
        File.WriteAllText(folder.File("text.parquet"), "a,b\n1,2\n");
        Assert.Contains("is no Parquet file", Assert.ThrowsExactly<DataException>(() => All(folder.File("text.parquet"), new())).Message);
        Assert.Contains("no files", Assert.ThrowsExactly<ArgumentException>(() => ParquetRows.Open([], new())).Message);
        var other = new ParquetFile().With("b", 1, 2).Write(folder, "other.parquet", 2);
        var first = new ParquetFile().With("a", 1, 2).Write(folder, "first.parquet", 2);
        Assert.Contains("no column 'a'", Assert.ThrowsExactly<DataException>(() => ParquetRows.Open([first, other], new()).ReadAll()).Message);

        void Says<T>(TableOptions options, string text)
            where T : Exception => Assert.Contains(text, Assert.ThrowsExactly<T>(() => All(path, options)).Message);
    }

    private static void All(string path, TableOptions options) => ParquetRows.Open(path, options).ReadAll();

    private static ParquetFile Homes() => new ParquetFile()
        .WithNulls<double>("size", 50, 70, null, 90)
        .WithTexts("city", "Rome", "Oslo", "Rome", "Bern")
        .With<DateTime>("sold", new(2026, 11, 30, 8, 15, 0), new(2026, 12, 6, 9, 0, 0), new(2027, 1, 1, 10, 0, 0), new(2024, 2, 29, 23, 0, 0))
        .With("isNew", true, false, true, false)
        .With("price", 1.5f, 2, 3, 4);
}
