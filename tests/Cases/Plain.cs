namespace OnnxFunctional.Tests.Cases;

/// <summary>An array of doubles with a shape, for references that are obviously correct rather than fast.</summary>
internal sealed class Plain(int[] dims, double[] values)
{
    public int[] Dims { get; } = dims;

    public double[] Values { get; } = values;

    public int Rank => Dims.Length;

    public double this[params ReadOnlySpan<int> place]
    {
        get => Values[Flat(place)];
        set => Values[Flat(place)] = value;
    }

    public static Plain Zeros(params int[] dims) => new(dims, new double[dims.Aggregate(1, (product, dim) => product * dim)]);

    /// <summary>Computes each element from its index. The same index array is passed every time.</summary>
    public static Plain Of(int[] dims, Func<int[], double> element)
    {
        var result = Zeros(dims);
        foreach (var place in Places(dims)) result[place] = element(place);
        return result;
    }

    /// <summary>All indices of a shape in row-major order, in one array that is updated in place.</summary>
    public static IEnumerable<int[]> Places(int[] dims)
    {
        if (dims.Contains(0)) yield break;
        var place = new int[dims.Length];
        while (true)
        {
            yield return place;
            var axis = dims.Length - 1;
            for (; axis >= 0 && ++place[axis] == dims[axis]; axis--) place[axis] = 0;
            if (axis < 0) yield break;
        }
    }

    /// <summary>The common shape under NumPy's broadcasting.</summary>
    public static int[] Broadcast(params Plain[] all)
    {
        var dims = new int[all.Max(one => one.Rank)];
        Array.Fill(dims, 1);
        foreach (var one in all)
        {
            for (var i = 1; i <= one.Rank; i++)
            {
                if (one.Dims[^i] != 1) dims[^i] = one.Dims[^i];
            }
        }

        return dims;
    }

    /// <summary>The element that broadcasting puts at an index of the larger shape.</summary>
    public double At(int[] place)
    {
        var own = new int[Rank];
        for (var i = 1; i <= Rank; i++) own[^i] = Dims[^i] == 1 ? 0 : place[^i];
        return this[own];
    }

    public Plain Map(Func<double, double> function) => new(Dims, [.. Values.Select(function)]);

    public int Axis(int axis) => axis < 0 ? axis + Rank : axis;

    private int Flat(ReadOnlySpan<int> place)
    {
        Assert.AreEqual(Rank, place.Length);
        var flat = 0;
        for (var i = 0; i < place.Length; i++)
        {
            Assert.IsTrue((uint)place[i] < (uint)Dims[i], "the reference reads outside its array");
            flat = (flat * Dims[i]) + place[i];
        }

        return flat;
    }
}
