using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Layers;

/// <summary>Normalizations of integers compute and return floating-point numbers.</summary>
[TestClass]
public sealed class IntegerInputTests
{
    [TestMethod]
    public void Normalized_integers_are_those_of_the_same_floats()
    {
        foreach (var make in (Func<LayerBase>[])[
            () => new LayerNormalization(), () => new LayerNormalization(rmsScaling: true), () => new RmsNormalization(), () => new UnitNormalization(),
            () => new BatchNormalization(), () => new GroupNormalization(1)])
        {
            SymbolicTensor whole = Model.Input([4], DType.Int32), real = Model.Input([4]);
            var (y, expected) = (make().Call([whole])[0], make().Call([real])[0]);
            Assert.AreEqual(DType.Float32, y.DType);
            var results = new Model(whole, y).Predict(new int[,] { { 1, 2, 3, 40 } });
            var reals = new Model(real, expected).Predict(new float[,] { { 1, 2, 3, 40 } });
            for (var i = 0; i < 4; i++) Assert.AreEqual(reals[0, i], results[0, i]);
            Assert.AreNotEqual(MathF.Truncate(results[0, 1]), results[0, 1]);
        }
    }
}
