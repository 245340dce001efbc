using OnnxFunctional.Serialization;

namespace OnnxFunctional;

/// <content>The architecture as Keras' JSON.</content>
public partial class Model
{
    /// <summary>A model from Keras' functional or sequential JSON: what <see cref="ToJson"/> and Keras' <c>model.to_json()</c> write. Its weights are new.</summary>
    /// <remarks>The text is treated as hostile: it makes built-in classes and those of <paramref name="customObjects"/> alone, runs no code, and its size and depth are bounded.</remarks>
    /// <param name="json">The text.</param>
    /// <param name="customObjects">Classes and functions of one's own the text may name.</param>
    /// <param name="seed">What first values are drawn from.</param>
    /// <exception cref="ModelException">The text is no model, or names what is not known; all problems in one message.</exception>
    public static Model FromJson(string json, CustomObjects? customObjects = null, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(json);
        return ModelReader.Read(json, customObjects, seed);
    }

    /// <summary>The architecture as Keras' JSON, which <see cref="FromJson"/> and Keras' <c>model_from_json</c> read. It holds no weights.</summary>
    /// <param name="indented">Whether lines are broken and indented.</param>
    /// <exception cref="ModelException">The model holds functions or tensors that a file cannot name; all of them in one message.</exception>
    public string ToJson(bool indented = false) => ModelWriter.Write(this).ToJsonString(indented ? ModelWriter.Indented : null);
}
