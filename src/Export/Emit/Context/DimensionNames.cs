namespace OnnxFunctional.Export.Emit;

/// <summary>Which name an unknown dimension has in the file: the batch's, or that of an input's dimension where it surely is the same number.</summary>
/// <remarks>
/// Shape rules know that a dimension is unknown, not which it is. So all rules run twice with different numbers in place of the unknown dimensions, primes that no
/// calculation meets by chance; what comes out equal to the same symbol both times is that symbol. What does not (a convolved length, say) stays without a name.
/// </remarks>
internal sealed class DimensionNames
{
    // Large enough for any window to fit, and coprime to the usual strides.
    private static readonly int[][] Primes = [[10007, 10037, 10061, 10079, 10099, 10133, 10151, 10169, 10193, 10223], [12007, 12037, 12071, 12097, 12107, 12119, 12149, 12161, 12203, 12227]];

    private readonly Dictionary<Value, string?[]> _names = [];

    private DimensionNames()
    {
    }

    /// <summary>The names of a value's dimensions, axis by axis; nothing where none is known.</summary>
    public IReadOnlyList<string?>? Of(Value value) => _names.GetValueOrDefault(value);

    public static DimensionNames Find(Graph graph, IReadOnlyList<string> inputNames, string batch)
    {
        // Each unknown dimension a symbol of its own; failing that, one for each axis; failing that, the inputs' names alone.
        var result = new DimensionNames();
        if (!result.TryFind(graph, Symbols(graph, batch, (input, axis) => inputNames[input] + "_axis" + axis))
            && !result.TryFind(graph, Symbols(graph, batch, (_, axis) => "axis" + axis)))
        {
            result.NameInputs(graph, Symbols(graph, batch, (input, axis) => inputNames[input] + "_axis" + axis));
        }

        return result;
    }

    private static string?[][] Symbols(Graph graph, string batch, Func<int, int, string> name) =>
        [.. graph.Inputs.Select((input, index) => Enumerable.Range(0, input.Spec.Shape.Rank).Select(axis => input.Spec.Shape.Dims[axis] != Shape.Unknown ? null : axis == 0 ? batch : name(index, axis)).ToArray())];

    private bool TryFind(Graph graph, string?[][] symbols)
    {
        var order = symbols.SelectMany(names => names).OfType<string>().Distinct().ToList();
        if (order.Count > Primes[0].Length) return false;
        try
        {
            var first = Evaluate(graph, symbols, order, Primes[0]);
            var second = Evaluate(graph, symbols, order, Primes[1]);
            NameInputs(graph, symbols);
            foreach (var (value, spec) in first)
            {
                var (shape, other) = (spec.Shape, second[value].Shape);
                _names[value] = [.. Enumerable.Range(0, shape.Rank).Select(axis => order.Where((_, i) => shape.Dims[axis] == Primes[0][i] && other.Dims[axis] == Primes[1][i]).FirstOrDefault())];
            }

            return true;
        }
        catch (Exception misfit) when (misfit is ModelException or OverflowException)
        {
            // The numbers do not go together: inputs whose unknown dimensions must be equal, or one that must be a multiple.
            _names.Clear();
            return false;
        }
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
