using Microsoft.Data.Analysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxFunctional.MLNet;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.MLNet;

[TestClass]
public sealed class DataViewRowsTests
{
    private static readonly Home[] s_homes =
    [
        new() { Size = 50, Rooms = [1, 2], City = "Rome", Sold = new(2026, 11, 30), IsNew = true, Price = 1.5 },
        new() { Size = float.NaN, Rooms = [3, float.NaN], City = "", Sold = new(2024, 2, 29), IsNew = false, Price = 2 },
        new() { Size = 70, Rooms = [5, 0], City = "Bern", Sold = new(2027, 1, 1), IsNew = true, Price = 3 },
    ];

    [TestMethod]
    public void Columns_and_vectors_become_features_and_targets()
    {
        var data = new MLContext(1).Data.LoadFromEnumerable(s_homes);
        var rows = data.GetRows(new TableOptions
        {
            Targets = ["Price"],
            Columns =
            {
                ["City"] = TableColumn.OneHot() with { Missing = MissingValues.Fill(0) },
                ["Sold"] = TableColumn.Date(DateParts.Year | DateParts.DayOfWeek),
                ["Rooms"] = TableColumn.Number with { Missing = MissingValues.Fill(-1) },
            },
            Missing = MissingValues.Mean,
            BatchSize = 2,
        });
        CollectionAssert.AreEqual(
            new[] { "Size", "Rooms.0", "Rooms.1", "City=Bern", "City=Rome", "Sold.Year", "Sold.DayOfWeek", "IsNew" }, rows.FeatureNames.ToArray());
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var batches = rows.Batches.ToList();
            CollectionAssert.AreEqual(new float[] { 50, 1, 2, 0, 1, 2026, 0, 1, 60, 3, -1, 0, 0, 2024, 3, 0 }, batches[0].X[0].ToArray());
            CollectionAssert.AreEqual(new float[] { 70, 5, 0, 1, 0, 2027, 4, 1 }, batches[1].X[0].ToArray());
            CollectionAssert.AreEqual(new[] { 1.5f, 2 }, batches[0].Y[0].ToArray());
        }
    }

    [TestMethod]
    public void A_vector_is_named_whole_or_by_its_slots()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(s_homes);
        var joined = context.Transforms.Concatenate("Features", "Size", "Rooms").Fit(data).Transform(data);
        var rows = joined.GetRows(new TableOptions { Features = ["Features"], Targets = ["Rooms"], Missing = MissingValues.SkipRow });
        Assert.AreEqual("Features.Size Features.1 Features.2", string.Join(" ", rows.FeatureNames));
        var (x, y, _) = rows.ReadAll();
        CollectionAssert.AreEqual(new float[] { 50, 1, 2, 70, 5, 0 }, x[0].ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 2, 5, 0 }, y[0].ToArray());
        var one = joined.GetRows(new TableOptions { Features = ["Rooms.0", "Features.Size"], Missing = MissingValues.SkipRow }).ReadAll();
        CollectionAssert.AreEqual(new float[] { 1, 50, 5, 70 }, one.X[0].ToArray());
    }

    [TestMethod]
    public void A_column_may_be_feature_and_target_and_in_several_inputs()
    {
        var data = new MLContext(1).Data.LoadFromEnumerable(s_homes);
        var options = new TableOptions { Targets = ["Size", "Price"], Missing = MissingValues.Fill(-1) };
        (options.Inputs["a"], options.Inputs["b"]) = (["Size", "Rooms"], ["Size", "Rooms.1"]);
        var (x, y, _) = data.GetRows(options).ReadAll();
        CollectionAssert.AreEqual(new float[] { 50, 1, 2, -1, 3, -1, 70, 5, 0 }, x["a"].ToArray());
        CollectionAssert.AreEqual(new float[] { 50, 2, -1, -1, 70, 0 }, x["b"].ToArray());
        CollectionAssert.AreEqual(new float[] { 50, 1.5f, -1, 2, 70, 3 }, y[0].ToArray());
    }

    [TestMethod]
    public void Keys_are_places_or_names()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(s_homes);
        var keys = context.Transforms.Conversion.MapValueToKey("Key", "City").Fit(data).Transform(data);
        var places = keys.GetRows(Of(TableColumn.Integer));
        CollectionAssert.AreEqual(new long[] { 0, 1 }, (long[])places.ReadAll().Y[0]);
        var names = keys.GetRows(Of(TableColumn.Category()));
        CollectionAssert.AreEqual(new[] { "Bern", "Rome" }, names.Categories("Key").ToArray());
        CollectionAssert.AreEqual(new long[] { 1, 0 }, (long[])names.ReadAll().Y[0]);

        static TableOptions Of(TableColumn key) =>
            new() { Features = ["Size"], Targets = ["Key"], Columns = { ["Key"] = key }, Missing = MissingValues.SkipRow };
    }

    [TestMethod]
    public void Empty_cells_of_a_data_frame_are_missing_values()
    {
        var frame = new DataFrame(
            new Int32DataFrameColumn("age", [30, 40, 50]),
            new StringDataFrameColumn("team", ["red", "blue", "red"]),
            new DoubleDataFrameColumn("y", [1, 2, 3]));
        frame["age"][1] = null;
        frame["team"][2] = null;
        var options = new TableOptions
        {
            Targets = ["y"],
            Columns =
            {
                ["age"] = TableColumn.Number with { Missing = MissingValues.Mean },
                ["team"] = TableColumn.Category(["red", "blue"], numOovIndices: 1),
            },
        };
        CollectionAssert.AreEqual(new float[] { 30, 1, 40, 2, 50, 0 }, frame.GetRows(options).ReadAll().X[0].ToArray());
        var message = Assert.ThrowsExactly<DataException>(() => frame.GetRows(new() { Features = ["age"] }).ReadAll()).Message;
        Assert.Contains("row 1, column 'age': '' is missing", message);
    }

    [TestMethod]
    public void What_does_not_fit_is_said()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(s_homes);
        Assert.Contains("no column 'Town'", Assert.ThrowsExactly<ArgumentException>(() => data.GetRows(new() { Features = ["Town"] })).Message);
        Says(data, "City", "row 0, column 'City': 'Rome' is not a number");
        Says(data, "Rooms", "row 1, column 'Rooms.1'");
        Says(context.Data.LoadFromEnumerable(Array.Empty<Home>()), "Size", "The data has no rows");
        Says(context.Transforms.Text.TokenizeIntoWords("Words", "City").Fit(data).Transform(data), "Words", "'Words' holds");

        static void Says(IDataView data, string feature, string text) =>
            Assert.Contains(text, Assert.ThrowsExactly<DataException>(() => data.GetRows(new() { Features = [feature] }).ReadAll()).Message);
    }

    private sealed class Home
    {
        public float Size { get; set; }

        [VectorType(2)]
        public float[] Rooms { get; set; } = [];

        public string City { get; set; } = "";

        public DateTime Sold { get; set; }

        public bool IsNew { get; set; }

        public double Price { get; set; }
    }
}
