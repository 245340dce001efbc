namespace OnnxFunctional.Export.Emit;

/// <summary>The names of unknown dimensions in the file: the batch's, or that of an input's dimension if it is certainly the same number.</summary>
/// <remarks>
/// Shape rules know that a dimension is unknown, but not which one it is. So all rules run twice with different
/// numbers in place of the unknown dimensions: primes, which no calculation hits by chance. A dimension that equals
/// the number of the same symbol both times is that symbol; others, such as a convolved length, have no name.
/// </remarks>
internal sealed class DimensionNames
{
    // Large enough for any window to fit, and coprime to the usual strides.
    private static readonly int[][] s_primes =
    [
        [10007, 10037, 10061, 10079, 10099, 10133, 10151, 10169, 10193, 10223],
        [12007, 12037, 12071, 12097, 12107, 12119, 12149, 12161, 12203, 12227],
    ];

    private readonly Dictionary<Value, string?[]> _names = [];

    private DimensionNames()
    {
    }

    /// <summary>The names of a value's dimensions, axis by axis; null if none is known.</summary>
    public IReadOnlyList<string?>? Of(Value value) => _names.GetValueOrDefault(value);

    public static DimensionNames Find(Graph graph, IReadOnlyList<string> inputNames, string batch)
    {
        // Each unknown dimension is a symbol; if that fails, each axis is one; if that fails too, only the inputs' dimensions are named.
        var result = new DimensionNames();
        if (!result.TryFind(graph, Symbols(graph, batch, (input, axis) => inputNames[input] + "_axis" + axis))
            && !result.TryFind(graph, Symbols(graph, batch, (_, axis) => "axis" + axis)))
        {
            result.NameInputs(graph, Symbols(graph, batch, (input, axis) => inputNames[input] + "_axis" + axis));
        }

        return result;
    }

    private static string?[][] Symbols(Graph graph, string batch, Func<int, int, string> name)
    {
        return [.. graph.Inputs.Select((input, index) => input.Spec.Shape.Dims.ToArray().Select((dim, axis) => Symbol(dim, index, axis)).ToArray())];

        string? Symbol(int dim, int input, int axis) => dim != Shape.Unknown ? null : axis == 0 ? batch : name(input, axis);
    }

    private bool TryFind(Graph graph, string?[][] symbols)
    {
        var order = symbols.SelectMany(names => names).OfType<string>().Distinct().ToList();
        if (order.Count > s_primes[0].Length) return false;
        try
        {
            var first = Evaluate(graph, symbols, order, s_primes[0]);
            var second = Evaluate(graph, symbols, order, s_primes[1]);
            NameInputs(graph, symbols);
            foreach (var (value, spec) in first)
            {
                var (shape, other) = (spec.Shape, second[value].Shape);
                _names[value] = [.. Enumerable.Range(0, shape.Rank).Select(axis => Symbol(shape.Dims[axis], other.Dims[axis]))];
            }

            return true;
        }
        catch (Exception misfit) when (misfit is ModelException or OverflowException)
        {
            // The numbers do not fit: two dimensions must be equal, or one must be a multiple of another.
            _names.Clear();
            return false;
        }

        string? Symbol(int first, int second) => order.Where((_, i) => first == s_primes[0][i] && second == s_primes[1][i]).FirstOrDefault();
    }

    private void NameInputs(Graph graph, string?[][] symbols)
    {
        for (var i = 0; i < symbols.Length; i++) _names[graph.Inputs[i]] = symbols[i];
    }

    private static Dictionary<Value, TensorSpec> Evaluate(Graph graph, string?[][] symbols, List<string> order, int[] primes)
    {
        var shapes = new Shape[symbols.Length];
        for (var i = 0; i < symbols.Length; i++)
        {
            var shape = graph.Inputs[i].Spec.Shape;
            for (var axis = 0; axis < symbols[i].Length; axis++)
            {
                if (symbols[i][axis] is { } symbol) shape = shape.With(axis, primes[order.IndexOf(symbol)]);
            }

            shapes[i] = shape;
        }

        return ShapeInference.Run(graph, shapes);
    }
}
