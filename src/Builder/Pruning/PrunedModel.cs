using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional;

/// <summary>The result for one layer whose size sets a number of channels.</summary>
/// <param name="Name">The name of the layer; inside a nested model <c>encoder/dense</c>.</param>
/// <param name="ClassName">The class of the layer.</param>
/// <param name="Before">The number of channels before.</param>
/// <param name="After">The number of channels after.</param>
/// <param name="Reason">Why some or all channels had to stay; <see langword="null"/> if all could be removed.</param>
public sealed record PrunedLayer(string Name, string ClassName, int Before, int After, string? Reason);

/// <summary>A smaller model and what was removed; prints as a table.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class PrunedModel : IHtml
{
    internal PrunedModel(Model model, IReadOnlyList<PrunedLayer> layers, long parametersBefore) =>
        (Model, Layers, ParametersBefore, Parameters) = (model, layers, parametersBefore, model.WeightPaths().Sum(named => (long)named.Weight.Length));

    /// <summary>The smaller model.</summary>
    public Model Model { get; }

    /// <summary>One entry per layer whose size sets a number of channels.</summary>
    public IReadOnlyList<PrunedLayer> Layers { get; }

    /// <summary>The number of parameters of the original model.</summary>
    public long ParametersBefore { get; }

    /// <summary>The number of parameters of the smaller model.</summary>
    public long Parameters { get; }

    /// <summary>A table of the layers with their channels before and after, and why channels stayed.</summary>
    public override string ToString()
    {
        var name = Layers.Select(layer => layer.Name.Length + layer.ClassName.Length + 3).Append(5).Max();
        var text = new StringBuilder();
        text.Append("layer".PadRight(name)).AppendLine("   channels");
        foreach (var layer in Layers)
        {
            text.Append($"{layer.Name} ({layer.ClassName})".PadRight(name));
            text.Append(CultureInfo.InvariantCulture, $"  {layer.Before,5} -> {layer.After}");
            if (layer.Reason is not null) text.Append("  ").Append(layer.Reason);
            text.AppendLine();
        }

        return text.Append(CultureInfo.InvariantCulture, $"parameters {ParametersBefore:N0} -> {Parameters:N0}").ToString();
    }
}
