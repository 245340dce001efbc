using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Where an option is drawn: its class, the shape the layer will be called on, and what was drawn for the layer already.</summary>
internal sealed record OptionContext(ObjectDraw Objects, KerasType Type, string Option, Shape Shape, Draw Draw, string Path, bool ChannelsFirst)
{
    public string Class => Type.Name;

    /// <summary>The number of axes of positions: (batch, positions..., channels).</summary>
    private int Spatial => Math.Max(1, Class.EndsWith("1D", StringComparison.Ordinal) ? 1
        : Class.EndsWith("2D", StringComparison.Ordinal) ? 2
        : Class.EndsWith("3D", StringComparison.Ordinal) ? 3
        : Shape.Rank - 2);

    /// <summary>The number of channels, if known.</summary>
    public int? Channels => Shape.Rank == 0 ? null : ChannelsFirst ? Shape[Shape.Rank - 1 - Spatial] : Shape[^1];

    public int? SpatialSize(int axis)
    {
        var first = Shape.Rank - Spatial - (ChannelsFirst ? 0 : 1);
        return first + axis < 1 || first + axis >= Shape.Rank ? null : Shape[first + axis];
    }

    /// <summary>An axis after the batch whose size is known.</summary>
    public int KnownAxis()
    {
        int[] known = [.. Enumerable.Range(1, Math.Max(1, Shape.Rank - 1)).Where(axis => axis < Shape.Rank && Shape[axis] is not null)];
        return known.Length == 0 ? Math.Max(1, Shape.Rank - 1) : Draw.Of(known);
    }

    public IntValues Axes()
    {
        int[] known = [.. Enumerable.Range(1, Math.Max(1, Shape.Rank - 1)).Where(axis => axis < Shape.Rank && Shape[axis] is not null)];
        var axes = known.Length == 0 ? [Math.Max(1, Shape.Rank - 1)] : Draw.Some(known);
        return IntValues.Create(Draw.Chance(0.3) && axes.Length == 1 ? [axes[0] - Shape.Rank] : axes);
    }

    /// <summary>Axes between the batch and the features.</summary>
    public object AttentionAxes()
    {
        if (Shape.Rank < 3) return OptionValues.None;
        return IntValues.Create(Draw.Some([.. Enumerable.Range(1, Shape.Rank - 2)]));
    }

    public IntValues PerAxis(Func<int, int> value)
    {
        int[] values = [.. Enumerable.Range(0, Spatial).Select(value)];
        return Draw.Chance(0.4) ? values.Min() : IntValues.Create(values);
    }

    public EdgeWidths Edges(Func<int, int> width) => Draw.Below(3) switch
    {
        0 => Enumerable.Range(0, Spatial).Select(width).Min(),
        1 when Spatial > 1 => EdgeWidths.Create([.. Enumerable.Range(0, Spatial).Select(width)]),
        _ => EdgeWidths.Create([.. Enumerable.Range(0, 2 * Spatial).Select(i => width(i / 2))]),
    };

    /// <summary>A shape of as many elements as the input, the first of which may be left to the layer.</summary>
    public object Factors()
    {
        var dims = Shape.Dims[1..].ToArray();
        if (dims.Contains(Shape.Unknown)) return (IntValues)(-1);
        var rest = dims.Aggregate(1, (product, dim) => product * dim);
        var factors = new List<int>();
        for (var count = Draw.Between(0, 3); count > 0 && rest > 1; count--)
        {
            var divisor = Draw.Of<int>([.. Enumerable.Range(1, rest).Where(number => rest % number == 0)]);
            factors.Add(divisor);
            rest /= divisor;
        }

        factors.Add(rest);
        if (Draw.Chance(0.4)) factors[Draw.Below(factors.Count)] = -1;
        return IntValues.Create([.. factors]);
    }

    public IntValues Permutation()
    {
        var axes = Enumerable.Range(1, Shape.Rank - 1).ToArray();
        for (var i = axes.Length - 1; i > 0; i--)
        {
            var j = Draw.Below(i + 1);
            (axes[i], axes[j]) = (axes[j], axes[i]);
        }

        return IntValues.Create(axes);
    }

    /// <summary>An axis of predictions, the last one among them.</summary>
    public int LossAxis() => Shape.Rank < 2 || Draw.Chance(0.5) ? -1 : Draw.Between(1, Shape.Rank - 1);

    /// <summary>A schedule of the learning rate.</summary>
    public object Schedule()
    {
        KerasType[] types = [.. CompileTypes.Schedules.Values.Where(type => type.Name != Class).OrderBy(type => type.Name, StringComparer.Ordinal)];
        return Objects.Make(Draw.Of(types), Shape, Draw, Path).Value;
    }

    /// <summary>One number, or one for each position of the last axis.</summary>
    public DoubleValues PerChannel(float first, float last) => Shape.Rank > 1 && Shape[^1] is { } size && Draw.Chance(0.5)
        ? DoubleValues.Create([.. Enumerable.Range(0, size).Select(_ => Draw.Between(first, last))])
        : Draw.Between(first, last);

    /// <summary>One number for each position of the last axis.</summary>
    public DoubleValues Numbers(float first, float last) =>
        DoubleValues.Create([.. Enumerable.Range(0, Shape[^1] ?? 1).Select(_ => Draw.Between(first, last))]);

    /// <summary>An initializer, regularizer or constraint.</summary>
    public (object? Value, string Text) Made(Type kind)
    {
        var table = typeof(Initializer).IsAssignableFrom(kind) ? KerasRegistry.Initializers
            : typeof(Regularizer).IsAssignableFrom(kind) ? KerasRegistry.Regularizers
            : KerasRegistry.Constraints;
        return Objects.Part(table.Values, Class, Option, Draw, Path);
    }

    /// <summary>The layer that a wrapper wraps.</summary>
    public (object? Value, string Text) Layers(Type kind)
    {
        if (kind == typeof(IReadOnlyList<RecurrentCell>))
        {
            var cells = Enumerable.Range(0, Draw.Between(1, 3)).Select(i => Objects.Cell(Shape, Draw.For("cell" + i), Path + "/" + i, false)).ToList();
            return (cells.Select(cell => (RecurrentCell)cell.Value).ToArray(), "[" + string.Join(", ", cells.Select(cell => cell.Text)) + "]");
        }

        if (kind == typeof(IReadOnlyList<Layer>))
        {
            var inner = Objects.Inner(Class, Shape, Draw, Path);
            return (new[] { new Rescaling(0.5), (Layer)inner.Value }, $"[Rescaling(0.5), {inner.Text}]");
        }

        var (value, text) = kind == typeof(RecurrentCell) ? Objects.Cell(Shape, Draw, Path, true)
            : kind == typeof(RecurrentLayer) ? Objects.Recurrent(Shape, Draw, Path)
            : Objects.Inner(Class, Shape, Draw, Path);
        return (value, text);
    }
}
