using OnnxFunctional.Pruning;

namespace OnnxFunctional;

/// <content>Structured pruning.</content>
public partial class Model
{
    /// <summary>
    /// A smaller model: channels and units with the smallest weights are taken out, with all that reads them, and the rest keeps its weights.
    /// </summary>
    /// <remarks>
    /// Convolutions (transposed, separable and depthwise ones too) and Dense layers lose channels; BatchNormalization, PRelu, biases, Flatten, Reshape,
    /// Concatenate, sums and nested models follow, and channels that
    /// meet in a sum go together. Inputs and outputs keep their shape, and so does what feeds layers that compute across channels, attention, recurrent layers,
    /// grouped convolutions and layers of one's own;
    /// the result says which and why. This model is not changed. Train the new one for a while afterwards.
    /// </remarks>
    /// <param name="fraction">The share of the channels of each layer that goes, from 0 to below 1.</param>
    /// <param name="options">How channels are ranked, and which layers stay.</param>
    /// <returns>The new model, with the same names, and what became of each layer.</returns>
    /// <exception cref="ModelException">The fraction is out of range, a name is unknown, nothing can be taken out, or a layer cannot be made anew.</exception>
    /// <example><code>var small = model.Prune(0.5f).Model;</code></example>
    public PrunedModel Prune(float fraction, PruningOptions? options = null) => StructuredPruning.Run(this, fraction, options ?? new());
}
