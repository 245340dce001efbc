using System.Globalization;
using System.IO.Compression;
using System.Text;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data.Tables;

[TestClass]
public sealed class CsvRowsTests
{
    private const string Homes = "size,city,sold,price\n50,Rome,2026-11-30,1.5\n70,Oslo,2026-12-06,2\n,Rome,2027-01-01,3\n90,Bern,2024-02-29,4\n";

    [TestMethod]
    public void Columns_become_features_and_targets()
    {
        using var folder = new TemporaryFolder();
        var rows = CsvRows.Open(Write(folder, Homes), new CsvOptions
        {
            Targets = ["price"],
            Columns =
            {
                ["size"] = TableColumn.Number with { Missing = MissingValues.Mean },
                ["city"] = TableColumn.OneHot(),
                ["sold"] = TableColumn.Date(DateParts.DayOfWeek | DateParts.Year | DateParts.DayOfYear),
            },
            BatchSize = 3,
        });
        CollectionAssert.AreEqual(
            new[] { "size", "city=Bern", "city=Oslo", "city=Rome", "sold.Year", "sold.DayOfWeek", "sold.DayOfYear" }, rows.FeatureNames.ToArray());
        CollectionAssert.AreEqual(new[] { "Bern", "Oslo", "Rome" }, rows.Categories("city").ToArray());
        var batches = rows.Batches.ToList();
        CollectionAssert.AreEqual(new[] { 3, 1 }, batches.Select(batch => batch.X[0].Count).ToArray());
        CollectionAssert.AreEqual(
            new float[] { 50, 0, 0, 1, 2026, 0, 334, 70, 0, 1, 0, 2026, 6, 340, 70, 0, 0, 1, 2027, 4, 1 }, batches[0].X[0].ToArray());
        CollectionAssert.AreEqual(new float[] { 90, 1, 0, 0, 2024, 3, 60 }, batches[1].X[0].ToArray());
        CollectionAssert.AreEqual(new[] { 1.5f, 2, 3 }, batches[0].Y[0].ToArray());
        Assert.AreEqual(Shape.Of(3, 1), batches[0].Y[0].Shape);
    }

    [TestMethod]
    public void Several_files_are_one_table_whatever_the_order_of_their_columns()
    {
        using var folder = new TemporaryFolder();
        var files = new[] { Write(folder, "a,b,y\n1,2,x\n3,4,z\n"), Write(folder, "more,y,b,a\n0,z,6,5\n0,x,8,7\n0,w,10,9\n", packed: true) };
        var rows = CsvRows.Open(files, new CsvOptions { Features = ["b", "a"], Targets = ["y"], Columns = { ["y"] = TableColumn.Category() }, BatchSize = 4 });
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var batches = rows.Batches.ToList();
            CollectionAssert.AreEqual(new float[] { 2, 1, 4, 3, 6, 5, 8, 7 }, batches[0].X[0].ToArray());
            CollectionAssert.AreEqual(new float[] { 10, 9 }, batches[1].X[0].ToArray());
            CollectionAssert.AreEqual(new float[] { 1, 2, 2, 1 }, batches[0].Y[0].ToArray());
            Assert.AreEqual(DType.Int64, batches[0].Y[0].DType);
            Assert.AreEqual(Shape.Of(1), batches[1].Y[0].Shape);
        }
    }

    [TestMethod]
    public void Rows_are_shuffled_one_by_one_as_those_of_arrays()
    {
        using var folder = new TemporaryFolder();
        var text = new StringBuilder("a,b,y\n");
        for (var i = 0; i < 1000; i++) text.Append(CultureInfo.InvariantCulture, $"{i},{(i % 7) - 3},{i % 3}\n");
        var rows = CsvRows.Open(Write(folder, text.ToString()), new CsvOptions { Targets = ["y"], Columns = { ["y"] = TableColumn.Integer } });
        var (x, y, _) = rows.ReadAll();
        Assert.AreEqual(Shape.Of(1000, 2), x[0].Shape);
        CollectionAssert.AreEqual(Enumerable.Range(0, 1000).Select(i => (float)(i % 3)).ToArray(), y[0].ToArray());

        var (files, arrays) = (rows.Samples.Shuffle(300, seed: 5).Batch(17), Dataset.From(x, y).Shuffle(300, seed: 5).Batch(17));
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var (ours, expected) = (files.Epoch(epoch).ToList(), arrays.Epoch(epoch).ToList());
            Assert.HasCount(59, ours);
            foreach (var (batch, other) in ours.Zip(expected))
            {
                CollectionAssert.AreEqual(other.X[0].ToArray(), batch.X[0].ToArray());
                CollectionAssert.AreEqual(other.Y[0].ToArray(), batch.Y[0].ToArray());
            }
        }

        CollectionAssert.AreEqual(Trained(arrays), Trained(files));
        CollectionAssert.AreEqual(Trained(arrays), Trained(arrays.Prefetch(3)));
        Assert.AreEqual(nameof(CsvRows), files.Profile.Slowest!.Name);

        static float[] Trained(Dataset<Batch> data)
        {
            var input = Model.Input([2]);
            var model = new Model(input, new Dense(3, Activation.Softmax).Call(input), seed: 3);
            model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy).Fit(data, epochs: 2, verbose: 0);
            return model.Predict(new float[,] { { 500, 1 } }).ToArray();
        }
    }

    [TestMethod]
    public void Files_without_rows_and_rows_without_targets_are_read()
    {
        using var folder = new TemporaryFolder();
        var (x, y, _) = CsvRows.Open(Write(folder, "a,b\n1,2\n"), new CsvOptions()).ReadAll();
        CollectionAssert.AreEqual(new float[] { 1, 2 }, x[0].ToArray());
        Assert.IsEmpty(y);
        var none = CsvRows.Open(Write(folder, "a,b\n"), new CsvOptions { Targets = ["b"] });
        Refused(() => none.ReadAll(), "has no rows that can be used");
        Refused(() => Assert.IsEmpty(none.Samples.Batch(2)), "has no rows that can be used");
        var many = CsvRows.Open(Write(folder, "a,b\n1,2\n"), new CsvOptions { BatchSize = int.MaxValue });
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => Assert.IsEmpty(many.Batches)).Message, "Use a smaller BatchSize");
    }

    [TestMethod]
    public void Two_enumerations_at_once_do_not_meet()
    {
        using var folder = new TemporaryFolder();
        var rows = CsvRows.Open(Write(folder, "a,b\n1,2\n3,4\n5,6\n"), new CsvOptions { Targets = ["b"], BatchSize = 1 });
        foreach (var (first, second) in rows.Batches.Zip(rows.Batches.Skip(1)))
            Assert.AreEqual(first.X[0].ToArray()[0] + 2, second.X[0].ToArray()[0]);
    }

    [TestMethod]
    public void Missing_values_are_refused_filled_or_skipped()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "a,b,y\n1,NA,1\n2,4,\n nan ,6,3\n4,,4\n5,10,5\n");
        CollectionAssert.AreEqual(new float[] { 1, float.NaN, 2, 4, float.NaN, 6, 4, float.NaN, 5, 10 }, All(MissingValues.NaN));
        CollectionAssert.AreEqual(new float[] { 1, -1, 2, 4, -1, 6, 4, -1, 5, 10 }, All(MissingValues.Fill(-1)));
        CollectionAssert.AreEqual(new float[] { 1, 20 / 3f, 2, 4, 3, 6, 4, 20 / 3f, 5, 10 }, All(MissingValues.Mean));
        CollectionAssert.AreEqual(new float[] { 5, 10 }, All(MissingValues.SkipRow));
        Refused(() => All(MissingValues.Refuse), "line 2, column 'b': 'NA' is missing. Fill it in");

        // A column's own word comes first, and other words may count.
        var own = CsvRows.Open(path, new CsvOptions
        {
            Features = ["b"],
            Columns = { ["b"] = TableColumn.Number with { Missing = MissingValues.Fill(0) } },
            Missing = MissingValues.SkipRow,
            NaValues = ["4", "NA"],
        });
        CollectionAssert.AreEqual(new float[] { 0, 0, 6, 0, 10 }, own.Batches.Single().X[0].ToArray());
        Assert.IsEmpty(own.Batches.Single().Y);

        float[] All(MissingValues missing) =>
            [.. CsvRows.Open(path, new CsvOptions { Targets = ["y"], Missing = missing, BatchSize = 2 }).Batches.SelectMany(batch => batch.X[0].ToArray())];
    }

    [TestMethod]
    public void Categories_outside_the_vocabulary_are_refused_or_have_an_index()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "c,y\nred,0\nblue,1\n,0\n");
        Refused(() => Read(TableColumn.Category(["red"])), "line 3, column 'c': 'blue' is none of the categories red. Add it");
        Refused(() => Read(TableColumn.Category(["red", "blue"])), "line 4, column 'c': '' is missing");
        CollectionAssert.AreEqual(new float[] { 2, 0, 0 }, Read(TableColumn.Category(["green", "red"], numOovIndices: 1)));
        CollectionAssert.AreEqual(new float[] { 0, 1, 1, 0, 1, 0 }, Read(TableColumn.OneHot(["red"], numOovIndices: 1)));
        CollectionAssert.AreEqual(new float[] { 1, 0, float.NaN }, Read(TableColumn.Category() with { Missing = MissingValues.NaN }));
        CollectionAssert.AreEqual(new float[] { 0, 1, 2 }, Read(TableColumn.Category(["red", "blue", ""])));
        Assert.Throws<ModelException>(() => TableColumn.Category(["a", "a"]));
        Assert.Throws<ModelException>(() => TableColumn.OneHot(numOovIndices: 2));

        float[] Read(TableColumn column) =>
            CsvRows.Open(path, new CsvOptions { Features = ["c"], Columns = { ["c"] = column } }).Batches.Single().X[0].ToArray();
    }

    [TestMethod]
    public void Several_inputs_are_given_by_name_and_texts_stay_texts()
    {
        using var folder = new TemporaryFolder();
        var rows = CsvRows.Open(Write(folder, "a,title,b,y\n1,\"one, two\",2,0.5\n3,,4,1\n"), new CsvOptions
        {
            Inputs = { ["numbers"] = ["a", "b"], ["title"] = ["title"] },
            Targets = ["y", "a"],
            Columns = { ["title"] = TableColumn.Text },
        });
        var batch = rows.Batches.Single();
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4 }, batch.X["numbers"].ToArray());
        Assert.AreEqual(DType.String, batch.X["title"].DType);
        Assert.AreEqual(Shape.Of(2, 1), batch.X["title"].Shape);
        CollectionAssert.AreEqual(new[] { 0.5f, 1, 1, 3 }, batch.Y[0].ToArray());
        CollectionAssert.AreEqual(new[] { "a", "b", "title" }, rows.FeatureNames.ToArray());
    }

    [TestMethod]
    public void Commas_thousands_and_dates_are_read_as_written_here_and_there()
    {
        using var folder = new TemporaryFolder();
        const string Text = "sep=;\nn;d;t\n1.234,5;24.12.2026;1970-01-01T00:01:02Z\n-0,25;01.02.2000;2026-11-30 23:30:05.250+02:00\n";
        var rows = CsvRows.Open(Write(folder, Text), new CsvOptions
        {
            Separator = ';',
            SkipLines = 1,
            Decimal = ',',
            Thousands = '.',
            Columns =
            {
                ["d"] = TableColumn.Date(DateParts.Day | DateParts.Month, "dd.MM.yyyy"),
                ["t"] = TableColumn.Date(DateParts.Hour | DateParts.Minute | DateParts.Second | DateParts.SecondsSinceEpoch),
            },
        });
        CollectionAssert.AreEqual(
            new[] { 1234.5f, 12, 24, 0, 1, 2, 62, -0.25f, 2, 1, 23, 30, 5, 1796074205 }, rows.Batches.Single().X[0].ToArray());
        var wrong = CsvRows.Open(Write(folder, "d\n30.11.2026\n"), new CsvOptions { Columns = { ["d"] = TableColumn.Date(DateParts.Day) } });
        Refused(() => _ = wrong.Batches.ToList(), "line 2, column 'd': '30.11.2026' is no date of ISO 8601. Write dates like 2026-11-30");
    }

    [TestMethod]
    public void Whole_numbers_are_class_indices_to_the_last_digit()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "x,y\n1,9007199254740993\n2,-3\n3,?\n");
        var options = new CsvOptions { Targets = ["y"], Columns = { ["y"] = TableColumn.Integer with { Missing = MissingValues.SkipRow } }, NaValues = ["?"] };
        var labels = CsvRows.Open(path, options).Batches.Single().Y[0];
        Assert.AreEqual(Shape.Of(2), labels.Shape);
        CollectionAssert.AreEqual(new[] { 9007199254740993L, -3 }, (long[])labels);
        var refused = CsvRows.Open(path, new CsvOptions { Targets = ["y"], Columns = { ["y"] = TableColumn.Integer } });
        Refused(() => _ = refused.Batches.ToList(), "line 4, column 'y': '?' is not an integer. Use TableColumn.Category()");
    }

    [TestMethod]
    public void Options_that_do_not_go_together_are_sentences()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "a,b,t\n1,2,x\n");
        Wrong(new() { Targets = ["z"] }, "has no column 'z'. It has a, b, t.");
        Wrong(new() { Columns = { ["z"] = TableColumn.Text } }, "has no column 'z'");
        Wrong(new() { Decimal = ',', Thousands = ',' }, "no digits");
        Impossible(new() { Targets = ["a", "b", "t"] }, "there are no columns. Name at least one that is no target.");
        Impossible(new() { Columns = { ["t"] = TableColumn.Text } }, "text ('t') stands beside numbers");
        Impossible(new() { Targets = ["t"], Columns = { ["t"] = TableColumn.Text } }, "Target 't' of TableOptions is text. Use TableColumn.Category()");
        Impossible(new() { Targets = ["t", "a"], Columns = { ["t"] = TableColumn.Category() } }, "is a class index, which has no targets beside it");
        Impossible(new() { Targets = ["t"], Columns = { ["t"] = TableColumn.Category() }, Missing = MissingValues.NaN }, "which no number fills");
        Impossible(new() { Columns = { ["t"] = TableColumn.OneHot() }, Missing = MissingValues.Mean }, "'t' of TableOptions holds words, which have no mean");
        Impossible(new() { BatchSize = 0 }, "BatchSize 0; expected at least 1");
        Assert.Contains("no files", Assert.Throws<ArgumentException>(() => CsvRows.Open([], new())).Message);
        Assert.Contains("is no category", Assert.Throws<ArgumentException>(() => CsvRows.Open(path, new()).Categories("t")).Message);
        Assert.Contains("no parts", Assert.Throws<ModelException>(() => TableColumn.Date(DateParts.None)).Message);

        void Impossible(CsvOptions options, string part) =>
            Assert.Contains(part, Assert.ThrowsExactly<ModelException>(() => CsvRows.Open(path, options)).Message);

        void Wrong(CsvOptions options, string part) =>
            Assert.Contains(part, Assert.ThrowsExactly<ArgumentException>(() => CsvRows.Open(path, options)).Message);
    }

    [TestMethod]
    public void Bad_files_are_sentences()
    {
        using var folder = new TemporaryFolder();
        var first = Write(folder, "a,b\n1,2\n");
        Refused(() => Count([first, Write(folder, "a,c\n1,2\n")]), "has no column 'b'. It has a, c. All files must have the columns of the first.");
        Refused(() => Count([first, folder.File("absent.csv")]), "does not exist");
        Refused(() => Count([first, Write(folder, "a,b\n1,2\n1,2,3\n")]), "line 3: 3 cells, expected 2 as in line 1");
        Refused(() => Count([Write(folder, "a,b\n1,x\n")]), "line 2, column 'b': 'x' is not a number. Write numbers like 1.5, leave the column out, or say");
        Refused(() => Count([Write(folder, "a,b\n1,1e99\n")]), "'1e99' is beyond the range of float");
        Refused(() => Count([Write(folder, "a,b\n")]), "has no rows that can be used");
        var cut = File.ReadAllBytes(Write(folder, Homes, packed: true));
        File.WriteAllBytes(folder.File("cut.csv.gz"), cut[..^4]);
        Refused(() => Count([folder.File("cut.csv.gz")]), "ends too early: it was cut off");
        Refused(() => CsvRows.Open(Write(folder, "a\n\"\"\n"), new() { Missing = MissingValues.Mean }), "Column 'a' has no value, and so no mean");

        static int Count(string[] paths) => CsvRows.Open(paths, new CsvOptions { Targets = ["b"] }).Batches.Count();
    }

    [TestMethod]
    public void A_batch_of_numbers_takes_no_memory_for_a_row()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "a,b\n" + string.Concat(Enumerable.Repeat("0.5,1.25\n", 64_000)));
        var rows = CsvRows.Open(path, new CsvOptions { Targets = ["b"], BatchSize = 1000 });
        Assert.AreEqual(64, rows.Batches.Count());
        using var batches = rows.Batches.GetEnumerator();
        Assert.IsTrue(batches.MoveNext());
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++) batches.MoveNext();

        // Two arrays of 4,000 bytes, and what describes them.
        Assert.IsLessThan(50 * 10_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void A_model_is_trained_on_rows_as_on_arrays()
    {
        using var folder = new TemporaryFolder();
        var text = "x1,x2,y\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i % 7},{i % 3},{(i % 7) + (2 * (i % 3))}\n"));
        var path = Write(folder, text);
        var table = CsvTable.Read(path);
        var streamed = Trained(trainer => trainer.Fit(
            CsvRows.Open(path, new CsvOptions { Targets = ["y"], BatchSize = 8 }).Batches.Prefetch(2), epochs: 3, verbose: 0));
        var inMemory = Trained(trainer => trainer.Fit(table.GetFloatsExcept("y"), table.GetFloats("y"), batchSize: 8, epochs: 3, shuffle: false, verbose: 0));
        CollectionAssert.AreEqual(inMemory, streamed);

        static float[] Trained(Action<Trainer> fit)
        {
            var input = Model.Input([2]);
            var model = new Model(input, new Dense(1).Call(input), seed: 3);
            fit(model.Compile(new Adam(), Loss.MeanSquaredError));
            return model.Predict(new float[,] { { 1, 2 } }).ToArray();
        }
    }

    private static string Write(TemporaryFolder folder, string content, bool packed = false)
    {
        var path = folder.File(Guid.NewGuid().ToString("N"));
        using Stream stream = packed ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        stream.Write(Encoding.UTF8.GetBytes(content));
        return path;
    }

    private static void Refused(Action action, string part) => StringAssert.Contains(Assert.ThrowsExactly<DataException>(action).Message, part);
}
