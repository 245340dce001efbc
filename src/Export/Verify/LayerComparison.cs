using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Verify;

/// <summary>The differences of one layer's output over all runs.</summary>
/// <param name="layer">The path of the layer.</param>
/// <param name="shape">The shape of its output.</param>
/// <param name="options">The tolerances.</param>
/// <param name="isFromIntegers">Whether its output follows from integers of rounding: what becomes of NaN there, ONNX leaves open.</param>
internal sealed class LayerComparison(string layer, Shape shape, ExportOptions options, bool isFromIntegers = false)
{
    // Values that are compared at once.
    private const int Block = 1024;

    // Below it the order of rounding does not decide about the tolerance.
    private const double NearlyOne = 0.999;

    private float _largest;
    private float _magnitude;
    private float _step;
    private float _absolute = options.AbsoluteTolerance;
    private double _worst = double.NegativeInfinity;
    private readonly List<Difference> _open = [];
    private readonly HashSet<int> _overflown = [];
    private readonly HashSet<int> _withNaN = [];
    private NDArray? _expected;
    private RareJumps? _jumps;
    private string _where = "";
    private bool _isRounding;

    /// <summary>The number of differences beyond the tolerance about which nothing is decided.</summary>
    public int Open => _open.Count;

    /// <summary>Whether anything was added.</summary>
    public bool IsCompared { get; private set; }

    /// <summary>Whether a difference that is settled is beyond the tolerance.</summary>
    public bool HasFailed => _worst > 1;

    /// <summary>Whether noise moved any value of this batch beyond the tolerance, or explained a difference.</summary>
    public bool HasMoved { get; private set; }

    /// <summary>Adds one run.</summary>
    /// <param name="expected">The engine's result.</param>
    /// <param name="actual">ONNX Runtime's result, in the layout of the file.</param>
    /// <param name="layout">That layout.</param>
    /// <param name="run">A description of the run.</param>
    /// <param name="undefined">
    /// Samples that are not compared: those in which earlier layers gave NaN on both sides, as a mean over no steps is, so that what integers and comparisons
    /// then become is not defined. Those of this layer are added.
    /// </param>
    public void Add(NDArray expected, OnnxValue actual, Layout layout, string run, HashSet<int> undefined)
    {
        IsCompared = true;
        var stored = layout.Stored(expected.Shape);
        if (!actual.Lengths.ToArray().Select(length => (int)length).SequenceEqual(stored.Dims.ToArray()))
        {
            _worst = double.PositiveInfinity;
            _largest = float.NaN;
            _where = $"{run}: ONNX Runtime returns the shape {actual.ShapeText}, the engine {stored}";
            return;
        }

        var arrangement = Arrangement.Of(expected.Shape, layout.Steps);
        var theirValues = Floats(actual);
        if (!arrangement.IsNone) theirValues = arrangement.Undo(theirValues.ToArray(), expected.Shape);
        var values = expected.AsFloats();
        var scale = options.ScaleTolerance > 0 || options.StepTolerance > 0 ? LargestFinite(values) : 0;
        (_absolute, _step) = (options.AbsoluteTolerance + (options.ScaleTolerance * scale), options.StepTolerance * scale);
        for (var i = 0; i < theirValues.Length; i++)
        {
            if (i % Block == 0 && undefined.Count == 0 && PassesWhole(values, theirValues, i, expected.Shape, run))
            {
                i += Block - 1;
                continue;
            }

            var (ours, theirs) = (values[i], theirValues[i]);
            if (float.IsFinite(ours)) _magnitude = MathF.Max(_magnitude, MathF.Abs(ours));
            var isUndefined = float.IsNaN(ours) && (float.IsNaN(theirs) || isFromIntegers);
            if (isUndefined) _withNaN.Add(Sample(expected.Shape, i));
            if (ours == theirs || isUndefined || undefined.Contains(Sample(expected.Shape, i))) continue;
            var difference = MathF.Abs(ours - theirs);

            // In units of the tolerance; a difference of NaN or infinity exceeds any tolerance.
            var ratio = difference <= float.MaxValue ? difference / Tolerance(ours) : double.PositiveInfinity;
            _largest = float.IsNaN(_largest) || float.IsNaN(difference) ? float.NaN : MathF.Max(_largest, difference);
            var found = new Difference(i, Sample(expected.Shape, i), ours, theirs, ratio, run);
            if (ratio > 1) _open.Add(found);
            else Note(found);
        }

        _expected = expected;
        undefined.UnionWith(_withNaN);
    }

    /// <summary>Adds a block of values of which all are finite and within the tolerance; false if some are not.</summary>
    private bool PassesWhole(ReadOnlySpan<float> values, ReadOnlySpan<float> theirValues, int start, Shape shape, string run)
    {
        var count = Math.Min(Block, values.Length - start);
        var ours = values.Slice(start, count);
        var theirs = theirValues.Slice(start, count);
        Span<float> difference = (stackalloc float[Block])[..count];
        Span<float> tolerance = (stackalloc float[Block])[..count];
        TensorPrimitives.Subtract(ours, theirs, difference);
        TensorPrimitives.Abs(difference, difference);
        var (largest, magnitude) = (TensorPrimitives.Max<float>(difference), MathF.Abs(TensorPrimitives.MaxMagnitude<float>(ours)));
        if (!float.IsFinite(largest) || !float.IsFinite(magnitude)) return false;
        if (largest > 0)
        {
            TensorPrimitives.Abs(ours, tolerance);
            TensorPrimitives.Multiply(tolerance, options.RelativeTolerance, tolerance);
            TensorPrimitives.Add(tolerance, _absolute, tolerance);
            TensorPrimitives.Divide(difference, tolerance, difference);
            var at = TensorPrimitives.IndexOfMax<float>(difference);
            var ratio = MathF.Abs(ours[at] - theirs[at]) / Tolerance(ours[at]);
            if (!(ratio < NearlyOne)) return false;
            _largest = float.IsNaN(_largest) ? float.NaN : MathF.Max(_largest, largest);
            Note(new Difference(start + at, Sample(shape, start + at), ours[at], theirs[at], ratio, run));
        }

        _magnitude = MathF.Max(_magnitude, magnitude);
        return true;
    }

    /// <summary>Forgets differences beyond the tolerance that are within what noise does to the engine's result on the same data.</summary>
    /// <param name="rounded">A result with noise.</param>
    public void Explain(NDArray rounded)
    {
        if (_open.Count == 0) return;
        var (values, expected) = (rounded.AsFloats().ToArray(), _expected!.AsFloats().ToArray());

        // Of numbers that overflow, order decides whether they become infinite or none: then one with noise is what ONNX Runtime returns.
        var explained = _open.RemoveAll(open =>
        {
            var (ours, theirs, copy) = (open.Ours, open.Theirs, values[open.Element]);
            if (!theirs.Equals(copy) && !RoundingNoise.Explains(MathF.Abs(ours - theirs), ours, copy)) return false;
            if (open.IsInfinite) _overflown.Add(open.Sample);
            return true;
        });
        _isRounding |= explained > 0;
        _jumps ??= new(values.Length);
        HasMoved |= _jumps.Add(expected, values, Tolerance) || explained > 0;
    }

    /// <summary>Counts what is still open as out of tolerance, unless it is as little as rare jumps.</summary>
    /// <param name="undefined">
    /// Samples that are not compared. Those in which rounding decided whether a number of this layer overflows are added: in later layers, the two programs
    /// continue with numbers that have nothing in common.
    /// </param>
    public void Settle(HashSet<int> undefined)
    {
        // In a layer that gave NaN itself, such as a loop whose state overflows, finite numbers are compared.
        _isRounding |= _open.RemoveAll(open => undefined.Contains(open.Sample) && (open.IsInfinite || !_withNaN.Contains(open.Sample))) > 0;

        // Where rounding changes this layer at all, integers that fall on the other side of a rounding do, and later layers spread them.
        _isRounding |= HasMoved && _open.RemoveAll(open => MathF.Abs(open.Ours - open.Theirs) <= _step) > 0;
        undefined.UnionWith(_overflown);
        _overflown.Clear();
        _withNaN.Clear();
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
        HasMoved = false;
        (_expected, _jumps) = (null, null);
    }

    public LayerDifference Result() => new(layer, shape, _largest, _magnitude, !HasFailed, _where) { IsRounding = _isRounding };

    private static float LargestFinite(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values) largest = float.IsFinite(value) ? MathF.Max(largest, MathF.Abs(value)) : largest;
        return largest;
    }

    private double Tolerance(float ours) => _absolute + ((double)options.RelativeTolerance * MathF.Abs(ours));

    private void Note(in Difference difference)
    {
        if (!(difference.Ratio > _worst)) return;
        _worst = difference.Ratio;
        _where = $"{difference.Run}, sample {difference.Sample}: ONNX Runtime returns {difference.Theirs:G9}, the engine {difference.Ours:G9}";
    }

    private static ReadOnlySpan<float> Floats(OnnxValue value)
    {
        // The memory itself: a copy of every layer would be what a verification spends most on.
        if (value is OnnxValue<float> { Tensor: { IsDense: true, FlattenedLength: > 0 and var length } tensor })
            return MemoryMarshal.CreateReadOnlySpan(ref tensor.GetPinnableReference(), (int)length);
        if (value is OnnxValue<string> texts) return TextSamples.Numbers(texts.Tensor.ToArray());
        return (ArrayConversion.ToArray(value)
            ?? throw new ExportException($"A layer returns {value}, which cannot be compared. Set ExportOptions.Verify = false for such a model.")).AsFloats();
    }

    private static int Sample(Shape shape, int element) => shape.Rank == 0 || shape.Dims[0] == 0 ? 0 : element / (int)(shape.ElementCount / shape.Dims[0]);

    private readonly record struct Difference(int Element, int Sample, float Ours, float Theirs, double Ratio, string Run)
    {
        public bool IsInfinite => !float.IsFinite(Ours) || !float.IsFinite(Theirs);
    }
}
