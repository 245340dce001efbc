using System.Globalization;
using System.Text;

namespace OnnxFunctional;

/// <summary>What became of a layer that makes channels.</summary>
/// <param name="Name">Its name; inside a nested model <c>encoder/dense</c>.</param>
/// <param name="ClassName">Its class.</param>
/// <param name="Before">Its channels before.</param>
/// <param name="After">Its channels now.</param>
/// <param name="Reason">Why all or some of them had to stay; <see langword="null"/> where all were free.</param>
public sealed record PrunedLayer(string Name, string ClassName, int Before, int After, string? Reason);

/// <summary>A smaller model and how it came about; prints as a table.</summary>
public sealed class PrunedModel
{
    internal PrunedModel(Model model, IReadOnlyList<PrunedLayer> layers, long parametersBefore) =>
        (Model, Layers, ParametersBefore, Parameters) = (model, layers, parametersBefore, model.WeightPaths().Sum(named => (long)named.Weight.Length));

    /// <summary>The smaller model.</summary>
    public Model Model { get; }

    /// <summary>A row for each layer that makes channels.</summary>
    public IReadOnlyList<PrunedLayer> Layers { get; }

    /// <summary>Numbers in the weights of the model before.</summary>
    public long ParametersBefore { get; }

    /// <summary>Numbers in the weights of the smaller model.</summary>
    public long Parameters { get; }

    /// <summary>Layers with their channels before and after, and why channels stayed.</summary>
    public override string ToString()
    {
        var name = Layers.Select(layer => layer.Name.Length + layer.ClassName.Length + 3).Append(5).Max();
        var text = new StringBuilder();
        text.Append("layer".PadRight(name)).AppendLine("   channels");
        foreach (var layer in Layers)
        {
            text.Append((layer.Name + " (" + layer.ClassName + ")").PadRight(name)).Append(CultureInfo.InvariantCulture, $"  {layer.Before,5} -> {layer.After}");
            if (layer.Reason is not null) text.Append("  ").Append(layer.Reason);
            text.AppendLine();
        }

        return text.Append(CultureInfo.InvariantCulture, $"parameters {ParametersBefore:N0} -> {Parameters:N0}").ToString();
    }
}
