namespace OnnxFunctional.Layers;

/// <summary>Gives every image the same number of bounding boxes: further ones are left out, missing ones are filled up.</summary>
/// <remarks>
/// <para>
/// Called on images it returns them as they are, as in Keras. Called on boxes, (batch, boxes, 4), and their classes, (batch, boxes), it returns maxNumber of
/// both. No weights.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/max_num_bounding_boxes/</para>
/// </remarks>
/// <param name="maxNumber">The number of boxes per image.</param>
/// <param name="fillValue">The coordinates and the class of boxes that are filled up.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number is not positive.</exception>
public sealed class MaxNumBoundingBoxes(int maxNumber, int fillValue = -1, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null) : Layer(name)
{
    /// <summary>The number of boxes per image.</summary>
    public int MaxNumber { get; } = Check.Positive(maxNumber, "MaxNumBoundingBoxes", nameof(maxNumber));

    /// <summary>The coordinates and the class of boxes that are filled up.</summary>
    public int FillValue { get; } = fillValue;

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    internal override string? WhyNoConfiguration => Calls.Any(call => call.Inputs.Count > 1)
        ? $"layer '{Name}' ({ClassName}) is called on boxes, which a file cannot hold. Call it before the model, or in a TrainingStep."
        : null;

    /// <summary>Gives every image the same number of boxes.</summary>
    /// <param name="boxes">The boxes, (batch, boxes, 4).</param>
    /// <param name="labels">The class of each, (batch, boxes).</param>
    /// <exception cref="ModelException">The shapes do not fit; the message says what was expected.</exception>
    public (SymbolicTensor Boxes, SymbolicTensor Labels) Call(SymbolicTensor boxes, SymbolicTensor labels)
    {
        var all = CallAll([boxes, labels], CallOptions.None);
        return (all[0], all[1]);
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Ops.Cast(x, DType.Float32);

    private protected override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        if (inputs.Count != 2) return base.ForwardAll(inputs, options);
        Check.Rank(inputs[0], 3, "(batch, boxes, 4)");
        Check.Rank(inputs[1], 2, "(batch, boxes)");
        return [Filled(inputs[0]), Filled(inputs[1])];
    }

    private SymbolicTensor Filled(SymbolicTensor x)
    {
        var count = Check.Known(x, 1, "the number of boxes");
        if (count >= MaxNumber) return Ops.Slice(x, 1, 0, MaxNumber);
        var after = new int[x.Rank];
        after[1] = MaxNumber - count;
        return Ops.Pad(Ops.Cast(x, DType.Float32), new int[x.Rank], after, FillValue);
    }
}
