using OnnxFunctional.Pruning;

namespace OnnxFunctional;

/// <content>Structured pruning.</content>
public partial class Model
{
    /// <summary>
    /// Builds a smaller model: removes the channels and units with the smallest weights and everything that reads them. The rest keeps its weights.
    /// </summary>
    /// <remarks>
    /// Convolutions (also transposed, separable and depthwise ones) and Dense layers lose channels. BatchNormalization, PRelu, biases, Flatten, Reshape,
    /// Concatenate, sums and nested models follow; channels that are added to one another are removed together. Inputs and outputs keep their shapes, and so do
    /// the inputs of layers that compute across channels, attention, recurrent layers, grouped convolutions and custom layers; the result gives the reasons.
    /// Nodes of an opened file lose channels in the same way: those that Conv, ConvTranspose, Gemm and MatMul make with a weight. This model is not changed.
    /// Train the new one for a while afterwards.
    /// </remarks>
    /// <param name="fraction">The fraction of the channels of each layer to remove: at least 0, less than 1.</param>
    /// <param name="options">How channels are ranked, and which layers keep all of theirs.</param>
    /// <returns>The new model, with the same names, and what was removed from each layer.</returns>
    /// <exception cref="ModelException">The fraction is out of range, a name is unknown, no channel can be removed, or a layer cannot be copied.</exception>
    /// <example><code>var small = model.Prune(0.5f).Model;</code></example>
    public PrunedModel Prune(double fraction, PruningOptions? options = null) => StructuredPruning.Run(this, fraction, options ?? new());
}
