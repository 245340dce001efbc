using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Verify;

[TestClass]
public sealed class LayerComparisonTests
{
    /// <summary>
    /// A random model whose state overflows: in one of 300 copies with noise, the first infinite number after it was as in ONNX Runtime.
    /// </summary>
    [TestMethod]
    public void After_a_number_of_which_rounding_decides_whether_it_overflows_its_sample_is_not_compared()
    {
        Assert.IsFalse(Compared(theirs: 2, copy: -0f).HasFailed);
        Assert.IsTrue(Compared(theirs: 3, copy: -0f).HasFailed, "Another sample is wrong.");
        Assert.IsTrue(Compared(theirs: 2, copy: float.NegativeInfinity).HasFailed, "Noise does not explain the first layer.");
    }

    /// <summary>A loop whose state overflows, which is one layer: order decides which of its numbers are infinite and which are none.</summary>
    [TestMethod]
    public void In_a_sample_that_is_NaN_on_both_sides_finite_numbers_are_compared_and_infinite_ones_are_not()
    {
        Assert.IsFalse(Failed(float.PositiveInfinity, float.NaN));
        Assert.IsTrue(Failed(1, 2));

        static bool Failed(float ours, float theirs)
        {
            var undefined = new HashSet<int>();
            var layer = new LayerComparison("loop", Shape.Of(Shape.Unknown, 2), new ExportOptions());
            layer.Add(NDArray.Create([float.NaN, ours], Shape.Of(1, 2)), Tensor.Create([float.NaN, theirs], [1, 2]), Layout.Identity(2), "run", undefined);
            layer.Settle(undefined);
            return layer.HasFailed;
        }
    }

    /// <summary>Behind many layers that round to integers, numbers near 0 go farther than in any copy; a step of the layer's range is what they mean.</summary>
    [TestMethod]
    public void Where_copies_move_a_layer_of_integers_a_step_of_its_range_is_rounding()
    {
        Assert.IsFalse(Failed(theirs: 0.3f, copy: 101));
        Assert.IsTrue(Failed(theirs: 0.3f, copy: 100), "Rounding decides about nothing here.");
        Assert.IsTrue(Failed(theirs: 0.5f, copy: 101), "More than a step.");

        static bool Failed(float theirs, float copy)
        {
            var undefined = new HashSet<int>();
            var layer = new LayerComparison("dense", Shape.Of(Shape.Unknown, 2), new ExportOptions { StepTolerance = 1 / 255f });
            layer.Add(NDArray.Create([100f, 0], Shape.Of(1, 2)), Tensor.Create([100f, theirs], [1, 2]), Layout.Identity(2), "run", undefined);

            // Twice, so that no jump is one of a single copy.
            for (var i = 0; i < 2; i++) layer.Explain(NDArray.Create([copy, 1e-5f], Shape.Of(1, 2)));
            layer.Settle(undefined);
            return layer.HasFailed;
        }
    }

    /// <summary>The second layer, of two samples each; the first is infinite in the engine and -0 in ONNX Runtime.</summary>
    private static LayerComparison Compared(float theirs, float copy)
    {
        var undefined = new HashSet<int>();
        var (first, second) = (Layer("state"), Layer("next"));
        first.Add(Values(float.NegativeInfinity, 1), Theirs(-0f, 1), Layout.Identity(2), "run", undefined);
        second.Add(Values(float.NaN, 2), Theirs(float.PositiveInfinity, theirs), Layout.Identity(2), "run", undefined);
        first.Explain(Values(copy, 1));
        second.Explain(Values(float.NaN, 2));
        first.Settle(undefined);
        second.Settle(undefined);
        return second;

        static LayerComparison Layer(string name) => new(name, Shape.Of(Shape.Unknown, 1), new ExportOptions());

        static NDArray Values(params float[] values) => NDArray.Create(values, Shape.Of(values.Length, 1));

        static OnnxValue Theirs(params float[] values) => Tensor.Create(values, [values.Length, 1]);
    }
}
