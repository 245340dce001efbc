namespace OnnxFunctional.Export;

/// <summary>
/// Further outputs of a file that tell the class of each sample: <c>class</c>, the position of the largest value of an output, and <c>score</c>, that value. An
/// output of one value is the probability of class 1.
/// </summary>
/// <example><code>
/// model.ExportOnnx("model.onnx", new ExportOptions { Classes = new ClassOutput { Labels = ["setosa", "versicolor", "virginica"], AsText = true } });
/// </code></example>
public sealed record ClassOutput
{
    /// <summary>The output that holds a value for each class; needed only if there are several outputs.</summary>
    public string? Output { get; init; }

    /// <summary>The names of classes, in order; the entry <c>labels</c> of the metadata, as a JSON array of texts.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether the name of the class is an output too: <c>label</c>, a tensor of strings.</summary>
    public bool AsText { get; init; }
}
