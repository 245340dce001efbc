using System.Text.Json.Nodes;
using OnnxFunctional.Serialization;

namespace OnnxFunctional;

/// <content>The architecture as Keras' JSON.</content>
public partial class Model
{
    /// <summary>
    /// Creates a model from Keras' functional or sequential JSON, as written by <see cref="ToJson"/> and Keras' <c>model.to_json()</c>.
    /// Its weights are newly initialized.
    /// </summary>
    /// <remarks>
    /// The text is treated as untrusted: only built-in classes and those in <paramref name="customObjects"/> are created, no code is run,
    /// and size and depth are limited.
    /// </remarks>
    /// <param name="json">The text.</param>
    /// <param name="customObjects">Custom classes and functions that the text may name.</param>
    /// <param name="seed">The seed for the initial values.</param>
    /// <exception cref="ModelException">The text does not describe a model, or names something unknown; one message lists all problems.</exception>
    public static Model FromJson(string json, CustomObjects? customObjects = null, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(json);
        return ModelReader.Read(json, customObjects, seed);
    }

    /// <summary>The architecture as Keras' JSON, which <see cref="FromJson"/> and Keras' <c>model_from_json</c> read. Weights are not included.</summary>
    /// <remarks>As in Python's JSON, an infinite number is the bare word <c>Infinity</c>.</remarks>
    /// <param name="indented">Whether to break and indent lines.</param>
    /// <exception cref="ModelException">The model holds functions or tensors that a file cannot name; one message lists them all.</exception>
    public string ToJson(bool indented = false) => WriteJson(indented, merged: false);

    /// <summary>The architecture, as without adapters if they are merged into the weights beside it.</summary>
    internal string WriteJson(bool indented, bool merged) => WriteJson(ModelWriter.Write(this, merged), indented);

    /// <summary>The text of an architecture.</summary>
    internal string WriteJson(JsonObject json, bool indented)
    {
        var text = PythonNumbers.Bare(json.ToJsonString(indented ? ModelWriter.Indented : null));
        return text.Length <= ModelLimits.TextLength
            ? text
            : throw new ModelException(
                $"Model '{Name}' cannot be written: its JSON has {text.Length} characters, and reading allows {ModelLimits.TextLength}. "
                + "Save parts of the model.");
    }
}
