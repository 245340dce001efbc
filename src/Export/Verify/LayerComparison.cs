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
    private readonly List<Difference> _open = [];
    private NDArray? _expected;
    private RareJumps? _jumps;
    private string _where = "";
    private bool _isRounding;

    /// <summary>The number of differences beyond the tolerance about which nothing is decided.</summary>
    public int Open => _open.Count;

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

        var theirValues = Arrangement.Of(expected.Shape, layout.Steps).Undo(Floats(actual), expected.Shape);
        var values = expected.AsFloats();
        var next = new HashSet<int>();
        for (var i = 0; i < theirValues.Length; i++)
        {
            var (ours, theirs) = (values[i], theirValues[i]);
            if (float.IsNaN(ours) && float.IsNaN(theirs)) next.Add(Sample(expected.Shape, i));
            if (ours == theirs || (float.IsNaN(ours) && float.IsNaN(theirs)) || undefined.Contains(Sample(expected.Shape, i))) continue;
            var difference = MathF.Abs(ours - theirs);
            if (float.IsFinite(ours)) _magnitude = MathF.Max(_magnitude, MathF.Abs(ours));

            // In units of the tolerance; a difference of NaN or infinity exceeds any tolerance.
            var ratio = difference <= float.MaxValue ? difference / Tolerance(ours) : double.PositiveInfinity;
            _largest = float.IsNaN(_largest) || float.IsNaN(difference) ? float.NaN : MathF.Max(_largest, difference);
            var found = new Difference(i, Sample(expected.Shape, i), ours, theirs, ratio, run);
            if (ratio > 1) _open.Add(found);
            else Note(found);
        }

        _expected = expected;
        undefined.UnionWith(next);
        foreach (var value in values)
        {
            if (float.IsFinite(value)) _magnitude = MathF.Max(_magnitude, MathF.Abs(value));
        }
    }

    /// <summary>Forgets differences beyond the tolerance that are within what noise does to the engine's result on the same data.</summary>
    /// <param name="rounded">A result with noise.</param>
    public void Explain(NDArray rounded)
    {
        if (_open.Count == 0) return;
        var (values, expected) = (rounded.AsFloats().ToArray(), _expected!.AsFloats().ToArray());

        // Of numbers that overflow, order decides whether they become infinite or none: then one with noise is what ONNX Runtime returns.
        var explained = _open.RemoveAll(open => open.Theirs.Equals(values[open.Element])
            || MathF.Abs(open.Ours - open.Theirs) <= RoundingNoise.Further * MathF.Abs(open.Ours - values[open.Element]));
        _isRounding |= explained > 0;
        _jumps ??= new(values.Length);
        _jumps.Add(expected, values, Tolerance);
    }

    /// <summary>Counts what is still open as out of tolerance, unless it is as little as rare jumps.</summary>
    public void Settle()
    {
        if (_open.Count > 0)
        {
            var isRare = _jumps is not null && _jumps.Explain(_open.Count, _open.Max(open => MathF.Abs(open.Ours - open.Theirs)));
            _isRounding |= isRare;
            foreach (var difference in _open)
            {
                if (!isRare) Note(difference);
            }
        }

        _open.Clear();
        (_expected, _jumps) = (null, null);
    }

    public LayerDifference Result() => new(layer, shape, _largest, _magnitude, !(_worst > 1), _where) { IsRounding = _isRounding };

    private double Tolerance(float ours) => options.AbsoluteTolerance + ((double)options.RelativeTolerance * MathF.Abs(ours));

    private void Note(in Difference difference)
    {
        if (!(difference.Ratio > _worst)) return;
        _worst = difference.Ratio;
        _where = $"{difference.Run}, sample {difference.Sample}: ONNX Runtime returns {difference.Theirs:G9}, the engine {difference.Ours:G9}";
    }

    private static float[] Floats(OnnxValue value) => ArrayConversion.ToArray(value)?.AsFloats().ToArray()
        ?? throw new ExportException($"A layer returns {value}, which cannot be compared. Set ExportOptions.Verify = false for such a model.");

    private static int Sample(Shape shape, int element) => shape.Rank == 0 || shape.Dims[0] == 0 ? 0 : element / (int)(shape.ElementCount / shape.Dims[0]);

    private readonly record struct Difference(int Element, int Sample, float Ours, float Theirs, double Ratio, string Run);
}
