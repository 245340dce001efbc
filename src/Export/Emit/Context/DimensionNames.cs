using System.Globalization;

namespace OnnxFunctional.Export.Emit;

/// <summary>The names of unknown dimensions in the file: the batch's, or that of an input's dimension if it is certainly the same size.</summary>
/// <remarks>
/// ONNX Runtime takes equal names for equal sizes, so no two dimensions share one that may differ when data comes. Sizes that are computed, such as the
/// length behind a convolution, have no name.
/// </remarks>
internal sealed class DimensionNames
{
    private readonly Dictionary<int, string> _names;

    private DimensionNames(Dictionary<int, string> names) => _names = names;

    /// <summary>The names of a value's dimensions, axis by axis; null if there is none.</summary>
    public IReadOnlyList<string?> Of(Value value) => [.. value.Spec.Shape.Symbols.ToArray().Select(_names.GetValueOrDefault)];

    public static DimensionNames Find(Graph graph, IReadOnlyList<string> inputNames, string batch) =>
        new(Of([.. graph.Inputs.Select((input, i) => (inputNames[i], input.Spec.Shape))], batch));

    /// <summary>The names of the unknown sizes of inputs, by their symbols.</summary>
    public static Dictionary<int, string> Of(IReadOnlyList<(string Name, Shape Shape)> inputs, string batch)
    {
        var names = new Dictionary<int, string>();
        foreach (var (input, shape) in inputs)
        {
            for (var axis = 0; axis < shape.Rank; axis++)
            {
                var name = shape.Symbols[axis] == Shape.Batch ? batch : input + "_axis" + axis.ToString(CultureInfo.InvariantCulture);
                if (shape.Symbols[axis] < 0) names.TryAdd(shape.Symbols[axis], name);
            }
        }

        return names;
    }
}
