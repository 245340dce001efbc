using System.Globalization;

namespace OnnxFunctional.Export.Emit;

/// <summary>The names of unknown dimensions in the file: the batch's, or that of an input's dimension if it is certainly the same size.</summary>
/// <remarks>
/// ONNX Runtime takes equal names for equal sizes, so no two dimensions share one that may differ when data comes. Sizes that are computed, such as the
/// length behind a convolution, have no name.
/// </remarks>
internal sealed class DimensionNames
{
    private readonly Dictionary<int, string> _names = [];

    private DimensionNames()
    {
    }

    /// <summary>The names of a value's dimensions, axis by axis; null if there is none.</summary>
    public IReadOnlyList<string?> Of(Value value) => [.. value.Spec.Shape.Symbols.ToArray().Select(_names.GetValueOrDefault)];

    public static DimensionNames Find(Graph graph, IReadOnlyList<string> inputNames, string batch)
    {
        var result = new DimensionNames();
        for (var i = 0; i < graph.Inputs.Count; i++)
        {
            var symbols = graph.Inputs[i].Spec.Shape.Symbols;
            for (var axis = 0; axis < symbols.Length; axis++)
            {
                var name = symbols[axis] == Shape.Batch ? batch : inputNames[i] + "_axis" + axis.ToString(CultureInfo.InvariantCulture);
                if (symbols[axis] < 0) result._names.TryAdd(symbols[axis], name);
            }
        }

        return result;
    }
}
