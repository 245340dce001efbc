using System.ComponentModel;
using OnnxFunctional.Layers;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>Augmentation in datasets: the layers run ahead of training, and not in its step.</summary>
/// <example><code>
/// var flowers = ImageFolder.Open("flowers", height: 64, width: 64);
/// var changed = flowers.Training.Augment(new Pipeline([new RandomFlip(FlipMode.Horizontal), new RandomRotation(0.1)]));
/// trainer.Fit(changed, epochs: 10);
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class DatasetAugmentation
{
    /// <summary>Applies a layer to the input of every batch as in training, with new random numbers for each.</summary>
    /// <remarks>
    /// Random numbers depend on the seed, the epoch and the place of the batch, so a run can be repeated, and the number of threads changes nothing. A process
    /// of several changes whole batches, of which it uses its part.
    /// </remarks>
    /// <param name="batches">The batches, with one input.</param>
    /// <param name="layer">The layer; a <see cref="Pipeline"/> holds several.</param>
    /// <param name="seed">The seed of layers without one of their own.</param>
    /// <param name="parallelism">The number of threads that make batches in advance; 0 for those that make what comes before, if any.</param>
    /// <exception cref="ModelException">The parallelism is negative; or, while batches are read: one does not fit the layer.</exception>
    public static Dataset<Batch> Augment(this Dataset<Batch> batches, Layer layer, ulong seed = 0, int parallelism = 0)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return batches.Augment(new Sequential([layer]), seed, parallelism);
    }

    /// <summary>Applies a model to the input of every batch as in training, with new random numbers for each.</summary>
    /// <param name="batches">The batches, with one input.</param>
    /// <param name="model">The model, with one input and one output: <c>new Sequential([new RandomFlip(), new RandomZoom(0.2)])</c>.</param>
    /// <param name="seed">The seed of layers without one of their own.</param>
    /// <param name="parallelism">The number of threads that make batches in advance; 0 for those that make what comes before, if any.</param>
    /// <exception cref="ModelException">
    /// The parallelism is negative, or the model has several inputs or outputs; or, while batches are read: one does not fit the model.
    /// </exception>
    public static Dataset<Batch> Augment(this Dataset<Batch> batches, Model model, ulong seed = 0, int parallelism = 0)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(model);
        if (parallelism < 0) throw new ModelException($"Augment has parallelism {parallelism}; expected at least 0.");
        if (model.IsBuilt && (model.Inputs.Count != 1 || model.Outputs.Count != 1))
        {
            throw new ModelException(
                $"Augment takes a model of one input and one output, but '{model.Name}' has {model.Inputs.Count} and {model.Outputs.Count}. "
                + "Use Map to change batches in other ways.");
        }

        var (augmentation, times) = (new Augmentation(model, seed), new StageTimes("Augment"));
        return Dataset.Deferring(
            epoch => batches.Deferred(epoch).Select((item, place) =>
                (Deferred<Batch>)new AugmentedBatch(item, augmentation, ((ulong)(uint)epoch << 32) | (uint)place, times)),
            batches.Ahead.With(Ahead.On(parallelism, parallelism)),
            batches.Counts.With(times));
    }
}
