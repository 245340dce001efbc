using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Verify;

/// <summary>The differences of one layer's output over all runs.</summary>
internal sealed class LayerComparison(string layer, Shape shape, ExportOptions options)
{
    private float _largest;
    private float _magnitude;
    private double _worst = double.NegativeInfinity;
    private string _where = "";

    /// <summary>Takes in one run.</summary>
    /// <param name="expected">The engine's numbers.</param>
    /// <param name="actual">ONNX Runtime's, as they lie in the file.</param>
    /// <param name="layout">How they lie there.</param>
    /// <param name="run">The run in words.</param>
    public void Add(NDArray expected, OnnxValue actual, Layout layout, string run)
    {
        var stored = layout.Stored(expected.Shape);
        if (!actual.Lengths.ToArray().Select(length => (int)length).SequenceEqual(stored.Dims.ToArray()))
        {
            _worst = double.PositiveInfinity;
            _largest = float.NaN;
            _where = $"{run}: ONNX Runtime gives the shape {actual.ShapeText}, the engine {stored}";
            return;
        }

        var numbers = Arrangement.Of(expected.Shape, layout.Steps).Undo(Floats(actual), expected.Shape);
        var right = expected.AsFloats();
        for (var i = 0; i < numbers.Length; i++)
        {
            var (ours, theirs) = (right[i], numbers[i]);
            if (ours == theirs || (float.IsNaN(ours) && float.IsNaN(theirs))) continue;
            var difference = MathF.Abs(ours - theirs);
            if (float.IsFinite(ours)) _magnitude = MathF.Max(_magnitude, MathF.Abs(ours));

            // In units of the tolerance; a comparison with NaN is false, so it counts as beyond any.
            var ratio = difference <= float.MaxValue ? difference / (options.AbsoluteTolerance + ((double)options.RelativeTolerance * MathF.Abs(ours))) : double.PositiveInfinity;
            _largest = float.IsNaN(_largest) || float.IsNaN(difference) ? float.NaN : MathF.Max(_largest, difference);
            if (!(ratio > _worst)) continue;
            _worst = ratio;
            _where = $"{run}, sample {Sample(expected.Shape, i)}: ONNX Runtime gives {theirs:G9}, the engine {ours:G9}";
        }

        foreach (var value in right)
        {
            if (float.IsFinite(value)) _magnitude = MathF.Max(_magnitude, MathF.Abs(value));
        }
    }

    public LayerDifference Result() => new(layer, shape, _largest, _magnitude, !(_worst > 1), _where);

    private static float[] Floats(OnnxValue value) => ArrayConversion.ToArray(value)?.AsFloats().ToArray()
        ?? throw new ExportException($"A layer gives {value}, which cannot be compared. Set ExportOptions.Verify = false for such a model.");

    private static int Sample(Shape shape, int element) => shape.Rank == 0 || shape.Dims[0] == 0 ? 0 : element / (int)(shape.ElementCount / shape.Dims[0]);
}
