using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Policies;

/// <summary>
/// A policy rounds activations, never what addresses them: coordinates, ids and counts stay float32, and small numbers that keep a result finite do not vanish.
/// </summary>
[TestClass]
public sealed class PrecisePositionsTests
{
    private static readonly MixedPrecision[] s_policies = [MixedPrecision.Float16, MixedPrecision.BFloat16];

    private static readonly Dictionary<string, Func<Layer>> s_augmentations = new()
    {
        ["zoom"] = () => new RandomZoom(0.3, seed: 3),
        ["zoom, nearest"] = () => new RandomZoom(0.3, 0.2, interpolation: Interpolation.Nearest, seed: 3),
        ["translation"] = () => new RandomTranslation(0.2, 0.2, seed: 3),
        ["translation, wrapped"] = () => new RandomTranslation(0.2, 0.2, fillMode: FillMode.Wrap, seed: 3),
        ["rotation"] = () => new RandomRotation(0.1, seed: 3),
        ["rotation, constant"] = () => new RandomRotation(0.1, fillMode: FillMode.Constant, seed: 3),
        ["rotation, at the border"] = () => new RandomRotation(0.1, fillMode: FillMode.Nearest, seed: 3),
        ["shear"] = () => new RandomShear(0.2, 0.1, seed: 3),
        ["perspective"] = () => new RandomPerspective([1, 1], 0.3, seed: 3),
        ["elastic"] = () => new RandomElasticTransform([1, 1], 0.5, valueRange: [-100, 100], seed: 3),
        ["crop"] = () => new RandomCrop(40, 40, seed: 3),
        ["flip"] = () => new RandomFlip(seed: 3),
        ["resizing"] = () => new Resizing(300, 300),
    };

    private static readonly Dictionary<string, Func<SymbolicTensor, SymbolicTensor>> s_lookups = new()
    {
        ["ids with an offset"] = ids => Ids((ids + 1) * 1),
        ["ids within bounds"] = ids => Ids(Ops.Clip(ids, 0, 999.4)),
        ["the smaller of two ids"] = ids => Ids(Ops.Minimum(ids, Ops.Maximum(ids - 1, 0))),
        ["one-hot"] = ids => Ops.OneHot(Ops.Cast(ids * 1, DType.Int64), 1001),
        ["equality"] = ids => Ops.Cast(Ops.Equal(Ops.ExpandDims(ids - 1, 2), Numbers(1000)), DType.Float32),
        ["positions"] = ids => Ids(Positions(ids) * 3 + 1),
        ["positions compared"] = ids => Ops.Cast(Ops.Less(Positions(ids) * 3, 258), DType.Float32) * ids * 0.001f,
        ["counts"] = ids => Ids(Ops.CumSum(Ops.Cast(Ops.GreaterEqual(ids, 0), DType.Float32), 1) * 3 - 1),
        ["distance between neighbours"] = ids =>
        {
            // As in interpolation: what addresses is also used otherwise.
            var place = ids * 1.001f;
            var left = Ops.Floor(place);
            return Ids(Ops.Minimum(left, 999)) * Ops.ExpandDims(place - left, 2);
        },
    };

    public static IEnumerable<object[]> Augmentations => from name in s_augmentations.Keys from policy in s_policies select new object[] { name, policy };

    public static IEnumerable<object[]> Lookups => from name in s_lookups.Keys from policy in s_policies select new object[] { name, policy };

    [TestMethod]
    [DynamicData(nameof(Augmentations))]
    public void Pixels_are_read_from_the_places_of_Float32(string name, MixedPrecision policy)
    {
        // Neighbouring pixels differ much, so a place that is off by one shows.
        var x = StepData.Signed(1, 2, 64, 64, 2);
        Compare(policy, 0.03, Model.Input([64, 64, 2]), x, image => image.Apply(new Conv2D(3, 1), s_augmentations[name](), new Conv2D(3, 1)));
    }

    [TestMethod]
    [DynamicData(nameof(Lookups))]
    public void Lookups_find_the_rows_of_Float32(string name, MixedPrecision policy)
    {
        var ids = NDArray.Create([.. Enumerable.Range(0, 400).Select(i => (float)((i * 7 % 400) + 590))], Shape.Of(2, 200));
        Compare(policy, 0.03, Model.Input([200]), ids, x => new Wide().Call(s_lookups[name](x)));
    }

    [TestMethod]
    [DataRow(MixedPrecision.Float16)]
    [DataRow(MixedPrecision.BFloat16)]
    public void Small_numbers_that_keep_results_finite_do_not_vanish(MixedPrecision policy)
    {
        var zeros = NDArray.Create(new float[8], Shape.Of(2, 4));
        Check("Dot of zero rows", x => new Dot(1, normalize: true).Call(x, x));
        Check("UnitNormalization of a zero row", x => new UnitNormalization().Call(x));
        Check("a quotient", x => x / (Ops.Abs(x) + 1e-8f));
        Check("a bounded quotient", x => x / Ops.Maximum(Ops.Abs(x), 1e-9f));
        Check("a logarithm", x => Ops.Log(Ops.Abs(x) + 1e-8f));
        Check("a logarithm of what remains", x => Ops.Log(1 - Ops.Clip(Ops.Exp(x), 1e-7, 1 - 1e-7)));
        Check("a root", x => Ops.Sqrt(Ops.Sum(Ops.Square(x), 1, keepdims: true) + 1e-10f));
        Check("a product", x => Ops.Reciprocal((x + 1) * 1e-8f) * 1e-8f);
        Check("cosine similarity", x => Ops.Sum(x * x, 1) / Ops.Maximum(Ops.Norm(x, 1) * Ops.Norm(x, 1), 1e-12f));

        void Check(string what, Func<SymbolicTensor, SymbolicTensor> function)
        {
            var input = Model.Input([4]);
            var y = function(input.Apply(new Dense(4, name: "first")));
            var model = new Model(input, Ops.Reshape(y, 0, -1).Apply(new Dense(1)));
            var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError, precision: policy);
            var target = NDArray.Create(new float[2], Shape.Of(2, 1));
            var expected = trainer.Evaluate(zeros, target)["loss"];
            Assert.AreEqual(expected, trainer.TrainOnBatch(zeros, target)["loss"], (0.02 * Math.Abs(expected)) + 1e-6, what);
        }
    }

    private static SymbolicTensor Numbers(int count) => Ops.Constant(Shape.Of(count), [.. Enumerable.Range(0, count).Select(i => (float)i)]);

    private static SymbolicTensor Ids(SymbolicTensor ids) => Ops.Cast(ids, DType.Int64).Apply(new Embedding(1001, 3));

    private static SymbolicTensor Positions(SymbolicTensor x) => Ops.Cast(Ops.Make(new Operators.Positions(1), x), DType.Float32) + (x * 0);

    /// <summary>The loss of a step and the gradients are those of Float32 but for rounding.</summary>
    private static void Compare(MixedPrecision policy, double tolerance, SymbolicTensor input, NDArray x, Func<SymbolicTensor, SymbolicTensor> function)
    {
        var model = new Model(input, new Rescaling(1).Call(function(input)), seed: 2);
        var y = StepData.Signed(2, [.. model.Predict(x).Shape.Select(length => length!.Value)]);
        float[] Gradients(MixedPrecision precision) =>
            [.. model.Compile(new Sgd(), Loss.MeanSquaredError, seed: 5, precision: precision)
                .ComputeGradients(x, y)
                .OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .SelectMany(entry => entry.Value)];
        var (expected, actual) = (Gradients(MixedPrecision.Float32), Gradients(policy));
        var difference = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
        var norm = Math.Sqrt(expected.Sum(number => Math.Pow(number, 2)));
        Assert.IsLessThan(tolerance * norm, difference, $"gradients of norm {norm}");
    }

    /// <summary>A weight for the last axis, so that gradients depend on every element.</summary>
    private sealed class Wide : Layer
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => x * Weight("scale", [x.Shape[^1]], Initializer.Ones);
    }
}
