using OnnxFunctional.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Verify;

/// <summary>
/// Inputs for a comparison: random, equal on every machine, with indices in range, and with the values that the graph tests for or compares with.
/// </summary>
/// <remarks>
/// A value that is tested for may mark padding: it fills whole steps, that is positions along the second axis, in one <see cref="Pattern"/> per sample.
/// </remarks>
internal sealed class RandomInputs
{
    private const ulong Key = 0x4F4E4E58;

    private static readonly int s_patterns = Enum.GetValues<Pattern>().Length;

    // Candidates for dimensions that are known only at run time; the first that every layer accepts is used. Few models want sizes below 9.
    private static readonly int[] s_openSizes = [9, 16, 32, 64, 128, 256, 512, 1024, 7, 5, 4, 3, 2, 1];

    private readonly EmittedModel _emitted;
    private readonly Graph _graph;
    private readonly InputUse[] _uses;
    private readonly IReadOnlyList<int> _sizes;

    /// <param name="emitted">The graph.</param>
    /// <param name="openSize">The size of dimensions that are known only at run time; by default one that all layers accept.</param>
    public RandomInputs(EmittedModel emitted, int? openSize = null)
    {
        (_emitted, _sizes) = (emitted, openSize is { } size ? [size] : s_openSizes);
        _graph = Graph.Between([.. emitted.Inputs.Select(input => input.Value)], [.. emitted.Outputs.Select(output => output.Value)]);
        _uses = [.. emitted.Inputs.Select(input => new InputUse(_graph, input.Value))];
    }

    /// <summary>Which steps of a sample are marked.</summary>
    private enum Pattern
    {
        First,
        None,
        Last,
        Middle,
        All,
        Some,
        Ends,
    }

    /// <summary>Whether a size besides that of the batch is known only at run time.</summary>
    public bool HasOpenSizes => _emitted.Inputs.Any(input => input.Value.Spec.Shape is { Rank: > 0 } shape
        && shape.Symbols[1..].ToArray().Any(symbol => symbol < 0 && symbol != Shape.Batch));

    /// <summary>The number of batches of a size that have all patterns.</summary>
    public int Runs(int batch) => batch == 0 || _uses.All(use => use.Marks.Count == 0) ? 1 : (s_patterns + batch - 1) / batch;

    /// <summary>The shapes of all values for a batch of that size.</summary>
    public IReadOnlyDictionary<Value, TensorSpec> Specs(int batch) => ShapeInference.Run(_graph, Shapes(batch));

    /// <summary>One batch for every input.</summary>
    /// <param name="batch">The number of samples.</param>
    /// <param name="run">Which of several batches: the patterns go on where those of the batch before end.</param>
    /// <param name="whole">Whether all steps of a sample may be marked: a mean over none is not a number.</param>
    public NDArray[] Make(int batch, int run = 0, bool whole = true)
    {
        var shapes = Shapes(batch);
        var data = new NDArray[shapes.Length];
        for (var i = 0; i < data.Length; i++)
        {
            var (name, value) = _emitted.Inputs[i];
            data[i] = Fill(value, _uses[i], shapes[i], run * batch, whole, new RandomNumbers(Key, run == 0 ? $"{name}/{batch}" : $"{name}/{batch}/{run}"));
        }

        return data;
    }

    private NDArray Fill(Value input, InputUse use, Shape shape, int first, bool whole, RandomNumbers random)
    {
        var count = checked((int)shape.ElementCount);
        switch (input.Spec.Type)
        {
            case DType.Float32:
                var numbers = new float[count];
                for (var i = 0; i < count; i++) numbers[i] = use.Limit is null && use.Reach is null ? random.Normal() : Index(use, random);
                Mark(numbers, use, shape, first, whole, random);
                return NDArray.Create(numbers, shape);
            case DType.Int64 or DType.Int32:
                var indices = new float[count];
                for (var i = 0; i < count; i++) indices[i] = Index(use, random);
                Mark(indices, use, shape, first, whole, random);
                return NDArray.Create([.. indices.Select(index => (long)index)], shape).To(input.Spec.Type, "verification");
            case DType.Int8 or DType.UInt8:
                var (lowest, highest) = input.Spec.Type.RangeOf8Bit();
                var bytes = new float[count];
                for (var i = 0; i < count; i++) bytes[i] = lowest + MathF.Floor(random.Uniform() * (highest - lowest + 1));
                Mark(bytes, use, shape, first, whole, random);
                return NDArray.Create(Array.ConvertAll(bytes, value => (long)Math.Clamp(value, lowest, highest)), shape).To(input.Spec.Type, "verification");
            case DType.Bool:
                var truths = new float[count];
                Array.Fill(truths, 1);
                Mark(truths, use, shape, first, whole, random);
                return System.Numerics.Tensors.Tensor.Create((bool[])[.. truths.Select(truth => truth != 0)], shape.TensorLengths());
            case DType.String:
                return NDArray.Create(TextSamples.Of(_graph, input, count, random), shape);
            default:
                var name = _emitted.Inputs.First(entry => entry.Value == input).Name;
                throw new ExportException(
                    $"Input '{name}' takes {input.Spec.Type.KerasName()}, which the engine does not support. "
                    + "Set ExportOptions.Verify = false for such a model.");
        }
    }

    /// <summary>An index in range; where a lookup clips, also one beyond each end.</summary>
    private static float Index(InputUse use, RandomNumbers random) =>
        use.Limit is null && use.Reach is { } reach
            ? MathF.Floor(random.Uniform() * (reach + 2)) - 1
            : MathF.Floor(random.Uniform() * (use.Limit ?? 10));

    /// <summary>Puts values that the graph tests for into whole steps, and those that it compares with into single elements.</summary>
    private static void Mark(float[] values, InputUse use, Shape shape, int first, bool whole, RandomNumbers random)
    {
        if (values.Length == 0) return;
        var (marks, bounds) = (use.Marks, use.Bounds);
        for (var i = 0; i < values.Length && bounds.Count > 0; i++)
            if (random.Uniform() < 0.25f) values[i] = Chosen(bounds, random);
        if (marks.Count == 0) return;
        var samples = shape.Rank == 0 ? 1 : shape.Dims[0];
        var steps = shape.Rank < 2 ? 1 : shape.Dims[1];
        var size = values.Length / (samples * steps);
        for (var sample = 0; sample < samples; sample++)
        {
            var number = first + sample;
            var pattern = (Pattern)(number % s_patterns);
            if (pattern is Pattern.All or Pattern.Some && !whole) pattern = Pattern.None;
            var mark = marks[(number + (number / s_patterns)) % marks.Count];
            for (var step = 0; step < steps; step++)
            {
                var at = values.AsSpan(((sample * steps) + step) * size, size);
                if (Marks(pattern, step, steps)) at.Fill(mark);
                else
                    foreach (ref var value in at)
                        value = pattern != Pattern.Some ? Unmarked(value, use) : random.Uniform() < 0.5f ? Chosen(marks, random) : value;
            }
        }
    }

    /// <summary>The value, or the next one that is tested for nowhere.</summary>
    private static float Unmarked(float value, InputUse use)
    {
        for (var i = 0; i < use.Marks.Count && use.Marks.Contains(value); i++) value = value + 1 < (use.Limit ?? float.PositiveInfinity) ? value + 1 : 0;
        return value;
    }

    private static bool Marks(Pattern pattern, int step, int steps)
    {
        var some = (steps + 2) / 3;
        return pattern switch
        {
            Pattern.First => step < some && steps > 1,
            Pattern.Last => step >= steps - some && steps > 1,
            Pattern.Middle => step >= some && step < steps - some,
            Pattern.Ends => (step == 0 || step == steps - 1) && steps > 2,
            Pattern.All => true,
            _ => false,
        };
    }

    private static float Chosen(IReadOnlyList<float> values, RandomNumbers random) =>
        values[Math.Min((int)(random.Uniform() * values.Count), values.Count - 1)];

    /// <summary>Whether all layers accept the sizes of unknown dimensions.</summary>
    public bool Fits(int batch) => TryShapes(batch, out _) is not null;

    private Shape[] Shapes(int batch) => TryShapes(batch, out var misfit) ?? throw new ExportException(
        "No sizes for the unknown dimensions of the inputs were found that all layers accept: "
        + $"{misfit!.Message} Use fixed sizes, or set ExportOptions.Verify = false.",
        misfit);

    private Shape[]? TryShapes(int batch, out ModelException? misfit)
    {
        var dims = _emitted.Proto.Graph.Input.SelectMany(input => input.Type.TensorType.Shape.Dim.Skip(1));
        var symbols = dims.Where(dim => dim.HasDimParam).Select(dim => dim.DimParam).Distinct().ToList();
        misfit = null;
        foreach (var size in _sizes)
        {
            // Different sizes if the file has different names for them, then one size for all.
            foreach (var step in symbols.Count > 1 ? new[] { 1, 0 } : [0])
            {
                var shapes = Assign(batch, symbols, size, step);
                try
                {
                    ShapeInference.Run(_graph, shapes);
                    return shapes;
                }
                catch (ModelException tooSmall)
                {
                    misfit = tooSmall;
                }
            }
        }

        return null;
    }

    private Shape[] Assign(int batch, List<string> symbols, int size, int step)
    {
        var shapes = new Shape[_emitted.Inputs.Count];
        for (var i = 0; i < shapes.Length; i++)
        {
            var shape = _emitted.Inputs[i].Value.Spec.Shape;
            var dims = _emitted.Proto.Graph.Input[i].Type.TensorType.Shape.Dim;
            for (var axis = 0; axis < shape.Rank; axis++)
            {
                if (shape.Dims[axis] != Shape.Unknown) continue;
                var isBatch = axis == 0 || shape.Symbols[axis] == Shape.Batch;
                shape = shape.With(axis, isBatch ? batch : size + (step * Math.Max(symbols.IndexOf(dims[axis].DimParam), 0)));
            }

            shapes[i] = shape;
        }

        return shapes;
    }
}
