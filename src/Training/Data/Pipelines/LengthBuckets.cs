namespace OnnxFunctional.Training;

/// <summary>How sequences of different lengths form batches: <see cref="Dataset.BatchByLength"/> puts those of similar length together.</summary>
/// <remarks>
/// The engine makes one plan per shape of a batch. With buckets there are as many shapes as lengths, however many lengths the data has, and little padding.
/// A model ignores padded steps if it masks them: <c>Masking</c> for <see cref="PaddingValue"/>, or <c>Embedding</c> with <c>maskZero</c>; a loss of steps
/// leaves out masked ones. TensorFlow: https://www.tensorflow.org/api_docs/python/tf/data/Dataset#bucket_by_sequence_length with
/// <c>pad_to_bucket_boundary</c>.
/// </remarks>
/// <example><code>
/// var buckets = new LengthBuckets { Lengths = [16, 32, 64, 128], BatchSize = [64, 32, 16, 8] };
/// trainer.Fit(samples.Shuffle(1000).BatchByLength(buckets).Prefetch(), epochs: 10);
/// </code></example>
public sealed class LengthBuckets
{
    /// <summary>The lengths that batches have, in rising order. A sample goes to the first that it is not longer than, and is padded to it.</summary>
    /// <exception cref="ModelException">There are none, one is below 1, or they do not rise.</exception>
    public required IntValues Lengths
    {
        get;
        init
        {
            if (value.Count == 0) throw new ModelException("Lengths holds no lengths; expected at least one.");
            for (var i = 0; i < value.Count; i++)
            {
                if (value[i] < 1) throw new ModelException($"Lengths is {value}; expected lengths of at least 1.");
                if (i > 0 && value[i] <= value[i - 1]) throw new ModelException($"Lengths is {value}; expected lengths that rise.");
            }

            field = value;
        }
    }

    /// <summary>The number of samples of a batch: one for all lengths, or one for each.</summary>
    /// <exception cref="ModelException">A size is below 1.</exception>
    public IntValues BatchSize
    {
        get;
        init
        {
            if (value.Count == 0 || value.Any(size => size < 1)) throw new ModelException($"BatchSize is {value}; expected sizes of at least 1.");
            field = value;
        }
    } = 32;

    /// <summary>
    /// The positions of the inputs that are sequences, with the steps along their second axis; omitted, all of them. The first of them gives a sample's length.
    /// </summary>
    public IntValues Inputs { get; init; }

    /// <summary>The positions of the targets that have a value per step, which are padded too; omitted, none.</summary>
    public IntValues Targets { get; init; }

    /// <summary>The value of padded steps of inputs; class indices of 0 are usually what <c>maskZero</c> masks.</summary>
    public float PaddingValue { get; init; }

    /// <summary>The value of padded steps of targets. Sample weights per step are padded with 0.</summary>
    public float TargetPaddingValue { get; init; }

    /// <summary>Whether padding comes before the steps instead of after them.</summary>
    public bool PadFront { get; init; }

    /// <summary>Whether a sample that is longer than all lengths is cut at its end instead of refused.</summary>
    public bool Truncate { get; init; }

    /// <summary>Whether samples that do not fill a batch at the end of the data are left out.</summary>
    public bool DropRemainder { get; init; }
}
