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

    /// <summary>Adds one run.</summary>
    /// <param name="expected">The engine's result.</param>
    /// <param name="actual">ONNX Runtime's result, in the layout of the file.</param>
    /// <param name="layout">That layout.</param>
    /// <param name="run">A description of the run.</param>
    /// <param name="undefined">
    /// Samples in which earlier layers gave NaN on both sides, as a mean over no steps is: what integers and comparisons then become is not defined, so they
    /// are not compared. Those of this layer are added.
    /// </param>
    public void Add(NDArray expected, OnnxValue actual, Layout layout, string run, HashSet<int> undefined)
    {
        var stored = layout.Stored(expected.Shape);
        if (!actual.Lengths.ToArray().Select(length => (int)length).SequenceEqual(stored.Dims.ToArray()))
        {
            _worst = double.PositiveInfinity;
            _largest = float.NaN;
            _where = $"{run}: ONNX Runtime returns the shape {actual.ShapeText}, the engine {stored}";
            return;
        }

        var found = Arrangement.Of(expected.Shape, layout.Steps).Undo(Floats(actual), expected.Shape);
        var values = expected.AsFloats();
        var next = new HashSet<int>();
        for (var i = 0; i < found.Length; i++)
        {
            var (ours, theirs) = (values[i], found[i]);
            if (float.IsNaN(ours) && float.IsNaN(theirs)) next.Add(Sample(expected.Shape, i));
            if (ours == theirs || (float.IsNaN(ours) && float.IsNaN(theirs)) || undefined.Contains(Sample(expected.Shape, i))) continue;
            var difference = MathF.Abs(ours - theirs);
            if (float.IsFinite(ours)) _magnitude = MathF.Max(_magnitude, MathF.Abs(ours));

            // In units of the tolerance; a difference of NaN or infinity exceeds any tolerance.
            var tolerance = options.AbsoluteTolerance + ((double)options.RelativeTolerance * MathF.Abs(ours));
            var ratio = difference <= float.MaxValue ? difference / tolerance : double.PositiveInfinity;
            _largest = float.IsNaN(_largest) || float.IsNaN(difference) ? float.NaN : MathF.Max(_largest, difference);
            if (!(ratio > _worst)) continue;
            _worst = ratio;
            _where = $"{run}, sample {Sample(expected.Shape, i)}: ONNX Runtime returns {theirs:G9}, the engine {ours:G9}";
        }

        undefined.UnionWith(next);
        foreach (var value in values)
        {
            if (float.IsFinite(value)) _magnitude = MathF.Max(_magnitude, MathF.Abs(value));
        }
    }

    public LayerDifference Result() => new(layer, shape, _largest, _magnitude, !(_worst > 1), _where);

    private static float[] Floats(OnnxValue value) => ArrayConversion.ToArray(value)?.AsFloats().ToArray()
        ?? throw new ExportException($"A layer returns {value}, which cannot be compared. Set ExportOptions.Verify = false for such a model.");

    private static int Sample(Shape shape, int element) => shape.Rank == 0 || shape.Dims[0] == 0 ? 0 : element / (int)(shape.ElementCount / shape.Dims[0]);
}
