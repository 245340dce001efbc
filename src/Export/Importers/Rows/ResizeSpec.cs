namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>What a new position is made of: old positions with their weights, and a number that is added.</summary>
internal readonly record struct ResizedPosition((int Column, float Weight)[] Taps, float Outside);

/// <summary>What a Resize node asks for, and the weights that follow for each axis, as ONNX's specification defines them.</summary>
internal sealed record ResizeSpec
{
    private readonly float[] _start, _end;
    private readonly float _outside;

    public ResizeSpec(
        Shape shape,
        int[] axes,
        float[]? scales,
        int[]? sizes,
        string mode,
        string coordinates,
        string nearest,
        float cubicA,
        bool excludeOutside,
        bool antialias,
        string policy,
        float outside,
        float[]? region,
        FileNode node)
    {
        (Mode, Coordinates, Nearest, CubicA, ExcludeOutside, Antialias, _outside) = (mode, coordinates, nearest, cubicA, excludeOutside, antialias, outside);
        Scales = [.. Enumerable.Repeat(1f, shape.Rank)];
        Sizes = shape.Dims.ToArray();
        _start = new float[shape.Rank];
        _end = [.. Enumerable.Repeat(1f, shape.Rank)];
        if (sizes is not null && axes.Any(axis => shape.Dims[axis] == Shape.Unknown && sizes[Array.IndexOf(axes, axis)] != Shape.Unknown))
            throw new ModelException($"it resizes {shape} to [{string.Join(", ", sizes)}]; expected known sizes.");
        if (sizes is not null && policy != "stretch")
        {
            var ratios = axes.Select((axis, i) => sizes[i] / (float)shape.Dims[axis]);
            var common = policy == "not_larger" ? ratios.Min() : ratios.Max();
            scales = [.. axes.Select(_ => common)];
            sizes = [.. axes.Select(axis => (int)((common * shape.Dims[axis]) + 0.5f))];
        }

        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i];
            if (sizes is not null) (Sizes[axis], Scales[axis]) = (sizes[i], scales?[i] ?? (sizes[i] / (float)shape.Dims[axis]));
            else
            {
                Scales[axis] = scales![i];
                if (shape.Dims[axis] != Shape.Unknown) Sizes[axis] = (int)MathF.Floor(shape.Dims[axis] * scales[i]);
            }

            if (!(Scales[axis] > 0 && float.IsFinite(Scales[axis])) || (sizes is not null && sizes[i] < 1 && sizes[i] != Shape.Unknown))
            {
                throw new ModelException(
                    $"it resizes axis {axis} of {shape} by {Scales[axis]}{(sizes is null ? "" : $" to {sizes[i]}")}; expected a positive number.");
            }

            if (region is not null && coordinates == "tf_crop_and_resize") (_start[axis], _end[axis]) = (region[i], region[axes.Length + i]);
        }
    }

    public string Mode { get; }

    public string Coordinates { get; }

    public string Nearest { get; }

    public float CubicA { get; }

    public bool ExcludeOutside { get; }

    public bool Antialias { get; }

    public bool Crops => Coordinates == "tf_crop_and_resize";

    /// <summary>The scale of each axis of the file.</summary>
    public float[] Scales { get; }

    /// <summary>The new size of each axis of the file.</summary>
    public int[] Sizes { get; }

    /// <summary>How many old positions a new one may be made of.</summary>
    public int Reach(int axis, int size) =>
        Mode == "nearest" ? 1 : (int)Math.Min(size, Math.Ceiling(2 * (Mode == "linear" ? 1 : 2) / Narrow(Scales[axis])) + 1);

    /// <summary>The old positions that each new one is made of, with their weights.</summary>
    public ResizedPosition[] Along(int axis, int size)
    {
        var rows = new ResizedPosition[Sizes[axis]];
        for (var row = 0; row < rows.Length; row++)
        {
            var at = Position(axis, row, size);
            rows[row] = Crops && (at < 0 || at > size - 1) ? new([], _outside)
                : Mode == "nearest" ? new([(Math.Clamp(Rounded(at), 0, size - 1), 1)], 0)
                : new(Interpolated(at, size, Scales[axis]), 0);
        }

        return rows;
    }

    /// <summary>Where a new position lies among the old ones.</summary>
    private double Position(int axis, int row, int size)
    {
        double scale = Scales[axis];
        var resized = scale * size;
        return Coordinates switch
        {
            "align_corners" => resized == 1 ? 0 : row * (size - 1) / (resized - 1),
            "asymmetric" => row / scale,
            "tf_half_pixel_for_nn" => (row + 0.5) / scale,
            "pytorch_half_pixel" => Sizes[axis] == 1 ? 0 : ((row + 0.5) / scale) - 0.5,
            "half_pixel_symmetric" => (size / 2.0 * (1 - (Sizes[axis] / resized))) + ((row + 0.5) / scale) - 0.5,
            "tf_crop_and_resize" => Sizes[axis] > 1
                ? (_start[axis] * (size - 1)) + (row * (_end[axis] - _start[axis]) * (size - 1) / (Sizes[axis] - 1))
                : 0.5 * (_start[axis] + _end[axis]) * (size - 1),
            _ => ((row + 0.5) / scale) - 0.5,
        };
    }

    private int Rounded(double at) => (int)(Nearest switch
    {
        "floor" => Math.Floor(at),
        "ceil" => Math.Ceiling(at),
        "round_prefer_ceil" => Math.Floor(at + 0.5),
        _ => Math.Ceiling(at - 0.5),
    });

    private (int Column, float Weight)[] Interpolated(double at, int size, double scale)
    {
        var narrow = Narrow(scale);
        var reach = (Mode == "linear" ? 1 : 2) / narrow;
        var (first, last) = ((int)Math.Floor(at - reach) + 1, (int)Math.Ceiling(at + reach) - 1);
        if (last < first) last = first;
        var weights = new double[last - first + 1];
        var sum = 0.0;
        for (var i = first; i <= last; i++)
        {
            var distance = Math.Abs(i - at) * narrow;
            weights[i - first] = ExcludeOutside && (i < 0 || i >= size) ? 0 : Mode == "linear" ? Math.Max(0, 1 - distance) : Cubic(distance);
            sum += weights[i - first];
        }

        // What lies outside is the border.
        var left = Math.Clamp(first, 0, size - 1);
        var taps = new double[Math.Clamp(last, 0, size - 1) - left + 1];
        for (var i = first; i <= last; i++) taps[Math.Clamp(i, 0, size - 1) - left] += weights[i - first] / sum;
        var found = new (int Column, float Weight)[taps.Length - taps.AsSpan().Count(0)];
        for (int i = 0, next = 0; i < taps.Length; i++)
        {
            if (taps[i] != 0) found[next++] = (left + i, (float)taps[i]);
        }

        return found;
    }

    // With antialias, a smaller image sees a wider window.
    private double Narrow(double scale) => Antialias ? Math.Min(scale, 1) : 1;

    private double Cubic(double x)
    {
        double a = CubicA;
        return x <= 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1 : x < 2 ? (((((a * x) - (5 * a)) * x) + (8 * a)) * x) - (4 * a) : 0;
    }
}
