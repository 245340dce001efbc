using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Samples;

/// <summary>Name, kind and shape of an input or output of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsText">Whether its elements are text.</param>
/// <param name="Sample">The dimensions of a sample; null for any size.</param>
internal sealed record TensorInfo(string Name, bool IsText, IReadOnlyList<int?> Sample)
{
    /// <summary>The number of elements of a sample; null if a dimension is open.</summary>
    public int? Size => Sample.Aggregate((int?)1, (product, dim) => product * dim);

    public static IReadOnlyList<TensorInfo> InputsOf(Model model) => [.. model.Inputs.Zip(model.InputNames, Of)];

    public static IReadOnlyList<TensorInfo> OutputsOf(Model model) => [.. model.Outputs.Zip(model.OutputNames, Of)];

    public static TensorInfo Of(OnnxTensorInfo info) =>
        new(info.Name, info.ElementType == typeof(string), [.. info.Dimensions.Skip(1).Select(dimension => (int?)dimension.Value)]);

    /// <summary>For example <c>'image' (28, 28, 1)</c>.</summary>
    public override string ToString() => $"'{Name}' ({string.Join(", ", Sample.Select(dim => dim?.ToString() ?? "any"))})";

    private static TensorInfo Of(SymbolicTensor tensor, string name) => new(name, tensor.DType == DType.String, [.. tensor.Shape.Skip(1)]);
}
