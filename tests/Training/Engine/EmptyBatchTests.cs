using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Engine;

[TestClass]
public sealed class EmptyBatchTests
{
    public static IEnumerable<object[]> Rows => LayerCases.All
        .Where(row => row.BatchSize is null && row.Inputs.All(shape => shape.IsKnown))
        .Select(row => new object[] { row.Name, row });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void No_rows_give_no_rows(string name, object row)
    {
        Assert.IsNotNull(name);
        var (layer, model) = ((LayerCase)row, ((LayerCase)row).Build());
        var inputs = layer.Inputs.Select(shape => NDArray.Zeros(Shape.Of([0, .. shape.Dims]), layer.InputType)).ToArray();
        var one = model.PredictAll(NDArrays.Create([.. layer.Inputs.Select(shape => NDArray.Zeros(Shape.Of([1, .. shape.Dims]), layer.InputType))]));
        var none = model.PredictAll(NDArrays.Create(inputs));
        for (var i = 0; i < one.Count; i++)
            CollectionAssert.AreEqual((int?[])[0, .. one[i].Shape.Skip(1)], none[i].Shape.ToArray());
    }
}
