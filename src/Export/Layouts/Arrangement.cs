namespace OnnxFunctional.Export.Layouts;

/// <summary>
/// How a weight is stored in the file compared with the graph: steps that only move elements. It is written beside the weight, so that a reader can undo it.
/// </summary>
internal sealed class Arrangement : IEquatable<Arrangement>
{
    /// <summary>The key in the stored tensor's metadata for the steps from the graph's weight to the stored one.</summary>
    public const string MetadataKey = "arrangement";

    /// <summary>The key for the weight's shape in the graph.</summary>
    public const string ShapeKey = "shape";

    private readonly ArrangementStep[] _steps;

    private Arrangement(ArrangementStep[] steps) => _steps = steps;

    /// <summary>Stored as in the graph.</summary>
    public static Arrangement None { get; } = new([]);

    public IReadOnlyList<ArrangementStep> Steps => _steps;

    public bool IsNone => _steps.Length == 0;

    /// <summary>These steps on a weight of that shape; steps that change nothing are dropped, and neighbours of one kind are merged.</summary>
    public static Arrangement Of(Shape shape, params IEnumerable<ArrangementStep> steps)
    {
        var result = new List<ArrangementStep>();
        foreach (var step in steps)
        {
            var next = step.Apply(shape);
            switch (step)
            {
                case ReshapeStep when next == shape:
                case TransposeStep { Permutation: var same } when same.SequenceEqual(Enumerable.Range(0, same.Count)):
                case TakeStep { Order: var order } when order.SequenceEqual(Enumerable.Range(0, order.Count)):
                    continue;
                case ReshapeStep when result is [.., ReshapeStep]:
                    result[^1] = step;
                    break;
                case TransposeStep { Permutation: var second } when result is [.., TransposeStep { Permutation: var first }]:
                    result[^1] = new TransposeStep([.. second.Select(axis => first[axis])]);
                    break;
                default:
                    result.Add(step);
                    break;
            }

            shape = next;
        }

        return result.Count == 0 ? None : new([.. result]);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text is malformed, or does not fit a weight of that shape.</exception>
    public static Arrangement Parse(string text, Shape shape)
    {
        var steps = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part =>
        {
            var space = part.IndexOf(' ', StringComparison.Ordinal);
            var (word, rest) = space < 0 ? (part, "") : (part[..space], part[(space + 1)..]);
            return word switch
            {
                "reshape" => new ReshapeStep(FeatureOrder.Integers(rest, ',')),
                "transpose" => new TransposeStep(FeatureOrder.Integers(rest, ',')),
                "take" when FeatureOrder.Integers(rest, ',') is { Count: > 1 } numbers => new TakeStep(numbers[0], [.. numbers.Skip(1)]),
                "append" when FeatureOrder.Integers(rest, ',') is { Count: 2 } numbers => new AppendZerosStep(numbers[0], numbers[1]),
                "reorder" when rest.IndexOf(',', StringComparison.Ordinal) is > 0 and var comma =>
                    (ArrangementStep)new ReorderStep(FeatureOrder.Integers(rest[..comma], ',')[0], FeatureOrder.Parse(rest[(comma + 1)..])),
                _ => throw new FormatException($"'{part}' is not a step of an arrangement."),
            };
        });
        return Of(shape, [.. steps]);
    }

    public Arrangement Then(Shape shape, params IEnumerable<ArrangementStep> steps) => Of(shape, [.. _steps, .. steps]);

    public Shape Apply(Shape shape) => _steps.Aggregate(shape, (current, step) => step.Apply(current));

    /// <summary>The elements in the order of the file.</summary>
    public T[] Apply<T>(T[] data, Shape shape)
    {
        foreach (var step in _steps)
        {
            data = step.Apply(data, shape);
            shape = step.Apply(shape);
        }

        return data;
    }

    /// <summary>The elements in the order of the graph.</summary>
    /// <param name="data">The elements in the order of the file.</param>
    /// <param name="shape">The shape in the graph.</param>
    public T[] Undo<T>(T[] data, Shape shape)
    {
        var shapes = new Shape[_steps.Length];
        for (var i = 0; i < shapes.Length; i++)
        {
            shapes[i] = shape;
            shape = _steps[i].Apply(shape);
        }

        if (data.Length != shape.ElementCount) throw new FormatException($"{data.Length} elements do not fill shape {shape}.");
        for (var i = shapes.Length - 1; i >= 0; i--) data = _steps[i].Undo(data, shapes[i]);
        return data;
    }

    public bool Equals(Arrangement? other) => other is not null && _steps.AsSpan().SequenceEqual(other._steps);

    public override bool Equals(object? obj) => Equals(obj as Arrangement);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => string.Join("; ", _steps.Select(step => step.ToString()));
}
