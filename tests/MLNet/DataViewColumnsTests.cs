using System.Globalization;
using Microsoft.Data.Analysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxFunctional.MLNet;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.MLNet;

[TestClass]
public sealed class DataViewColumnsTests
{
    private static readonly Flower[] s_flowers =
    [
        new() { Length = 1, Sizes = [2, 3, 4], Count = 5, IsWild = true, Species = "rose", Price = 1.5 },
        new() { Length = -1, Sizes = [0, 0, 0.5f], Count = -7, IsWild = false, Species = "aster", Price = 0 },
        new() { Length = float.NaN, Sizes = [1, 0, 0], Count = 0, IsWild = true, Species = "rose", Price = 2 },
    ];

    [TestMethod]
    public void Numbers_truth_values_and_vectors_stand_side_by_side()
    {
        var data = new MLContext(1).Data.LoadFromEnumerable(s_flowers);
        var found = data.GetFloats("Length", "Sizes", "IsWild", "Count", "Price");
        CollectionAssert.AreEqual(new nint[] { 3, 7 }, found.Lengths.ToArray());
        CollectionAssert.AreEqual(
            new float[] { 1, 2, 3, 4, 1, 5, 1.5f, -1, 0, 0, 0.5f, 0, -7, 0, float.NaN, 1, 0, 0, 1, 0, 2 }, ((NDArray)found).ToArray());
        CollectionAssert.AreEqual(((NDArray)data.GetFloatsExcept("Species")).Shape.ToArray(), new int?[] { 3, 7 });
    }

    [TestMethod]
    public void Classes_are_numbered_in_the_order_of_their_names()
    {
        var data = new MLContext(1).Data.LoadFromEnumerable(s_flowers);
        CollectionAssert.AreEqual(new long[] { 1, 0, 1 }, (long[])(NDArray)data.GetClasses("Species", out var names));
        CollectionAssert.AreEqual(new[] { "aster", "rose" }, names.ToArray());
        CollectionAssert.AreEqual(new[] { "rose", "aster", "rose" }, data.GetTexts("Species").ToArray());
        CollectionAssert.AreEqual(new long[] { 1, 0, 1 }, (long[])(NDArray)data.GetLabels("IsWild"));
        CollectionAssert.AreEqual(new long[] { 5, -7, 0 }, (long[])(NDArray)data.GetLabels("Count"));
    }

    /// <summary>ML.NET numbers keys from 1, with 0 for a missing one.</summary>
    [TestMethod]
    public void Keys_are_numbered_from_zero_and_keep_their_names()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(s_flowers);
        var mapped = context.Transforms.Conversion.MapValueToKey("Label", "Species").Fit(data).Transform(data);
        CollectionAssert.AreEqual(new long[] { 0, 1, 0 }, (long[])(NDArray)mapped.GetClasses("Label", out var names));
        CollectionAssert.AreEqual(new[] { "rose", "aster" }, names.ToArray());
        var other = context.Data.LoadFromEnumerable([new Flower { Species = "unknown", Sizes = [0, 0, 0] }]);
        var unknown = context.Transforms.Conversion.MapValueToKey("Label", "Species").Fit(data).Transform(other);
        Says<DataException>(() => unknown.GetLabels("Label"), "Row 0 of column 'Label' is a missing key");
        Says<DataException>(() => mapped.GetFloats("Label"), "Use GetLabels or GetClasses");
    }

    [TestMethod]
    public void A_data_frame_is_data_and_its_empty_cells_are_refused()
    {
        var frame = new DataFrame(
            new DoubleDataFrameColumn("height", [1.5, 2, 3]),
            new Int32DataFrameColumn("age", [30, 40, 50]),
            new StringDataFrameColumn("team", ["red", "blue", "red"]));
        CollectionAssert.AreEqual(new float[] { 1.5f, 30, 2, 40, 3, 50 }, ((NDArray)frame.GetFloatsExcept("team")).ToArray());
        CollectionAssert.AreEqual(new long[] { 1, 0, 1 }, (long[])(NDArray)frame.GetClasses("team", out _));
        frame["age"][1] = null;
        frame["team"][2] = null;
        Says<DataException>(() => frame.GetFloats("height", "age"), "Row 1 of column 'age' is empty");
        Says<DataException>(() => frame.GetLabels("age"), "Row 1 of column 'age' is empty");
        Says<DataException>(() => frame.GetTexts("team"), "Row 2 of column 'team' is empty");
    }

    [TestMethod]
    public void Every_type_of_number_is_read()
    {
        foreach (var type in new[]
        {
            typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float), typeof(double),
        })
        {
            var kind = typeof(PrimitiveDataFrameColumn<>).MakeGenericType(type);
            var column = (DataFrameColumn)Activator.CreateInstance(kind, "x", 17L)!;
            for (var i = 0; i < 17; i++) column[i] = Convert.ChangeType(7 * i, type, CultureInfo.InvariantCulture);
            var frame = new DataFrame(column);
            CollectionAssert.AreEqual(Enumerable.Range(0, 17).Select(i => 7f * i).ToArray(), ((NDArray)frame.GetFloats()).ToArray(), type.Name);
            CollectionAssert.AreEqual(Enumerable.Range(0, 17).Select(i => 7L * i).ToArray(), (long[])(NDArray)frame.GetLabels("x"), type.Name);
        }
    }

    [TestMethod]
    public void What_does_not_fit_is_said()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(s_flowers);
        Says<ArgumentException>(() => data.GetFloats("Size"), "no column 'Size'. It has Length, ");
        Says<ArgumentException>(() => data.GetFloatsExcept("Length", "Sizes", "Count", "IsWild", "Species", "Price"), "No column of the data is left");
        Says<DataException>(() => data.GetFloats(), "'Species' holds String; expected numbers");
        Says<DataException>(() => data.GetLabels("Species"), "Use GetClasses");
        Says<DataException>(() => data.GetLabels("Price"), "Row 0 of column 'Price' is 1.5, not a whole number");
        Says<DataException>(() => data.GetTexts("Length"), "expected text");
        Says<DataException>(() => data.GetClasses("Count", out _), "expected text");
        Says<DataException>(() => context.Data.LoadFromEnumerable(Array.Empty<Flower>()).GetFloats("Length"), "no rows");
        Says<DataException>(() => new DataFrame(new DoubleDataFrameColumn("x", [1, 1e300])).GetFloats(), "Row 1 of column 'x' is 1E+300, beyond the range");
        Says<DataException>(() => new DataFrame(new UInt64DataFrameColumn("x", [ulong.MaxValue])).GetLabels("x"), "not a whole number");
    }

    private static void Says<T>(Action action, string text)
        where T : Exception => Assert.Contains(text, Assert.ThrowsExactly<T>(action).Message);

    private sealed class Flower
    {
        public float Length { get; set; }

        [VectorType(3)]
        public float[] Sizes { get; set; } = [];

        public int Count { get; set; }

        public bool IsWild { get; set; }

        public string Species { get; set; } = "";

        public double Price { get; set; }
    }
}
