namespace OnnxFunctional.Pruning;

/// <summary>A kernel whose size sets a number of channels.</summary>
/// <param name="Name">The name of its layer, with those of the models around it.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Kernel">The kernel.</param>
/// <param name="Axis">The axis of the kernel that counts the channels.</param>
/// <param name="Channels">Their classes; null if the layer cannot be made smaller.</param>
internal sealed record ChannelMaker(string Name, LayerBase Layer, Weight Kernel, int Axis, int[]? Channels)
{
    public int Count => Kernel.Shape.Dims[Axis];

    /// <summary>All channel makers of a model, in the order of its layers.</summary>
    public static IReadOnlyList<ChannelMaker> AllOf(Model model, ChannelFlow flow)
    {
        var makers = new List<ChannelMaker>();
        foreach (var (path, weight) in model.WeightPaths())
        {
            if (weight.Owner is not { } layer || flow.MadeBy(weight) is not { } axis) continue;

            // The names of weights of a file do not begin with that of their layer.
            var name = layer.NamesWeightsAlone ? path[..^weight.Name.Length] + layer.Name : path[..path.LastIndexOf('/')];
            makers.Add(new(name, layer, weight, axis, flow.OfWeight(weight)[axis]));
        }

        return makers;
    }

    /// <summary>Why some or all channels stay; null if all may be removed.</summary>
    public string? ReasonIn(ChannelClasses classes) =>
        Channels is not null ? Channels.Select(classes.FenceOf).FirstOrDefault(reason => reason is not null)
        : Layer is OperatorLayer ? "the node is called several times, or inside another layer"
        : PrunableLayers.CanShrink(Layer) ? "the layer is inside another layer"
        : "the convolution has groups";

    /// <summary>Adds the magnitudes, or squares, of the weights of each channel to its class.</summary>
    public void AddTo(Dictionary<int, double> sums, ChannelClasses classes, ChannelImportance importance)
    {
        var inner = 1;
        foreach (var dim in Kernel.Shape.Dims[(Axis + 1)..]) inner *= dim;
        var each = new double[Count];
        var values = Kernel.Storage;
        for (var i = 0; i < values.Length; i++)
        {
            double value = values[i];
            each[i / inner % each.Length] += importance == ChannelImportance.L1 ? Math.Abs(value) : value * value;
        }

        for (var i = 0; i < each.Length; i++)
        {
            var channel = classes.Find(Channels![i]);
            sums[channel] = sums.GetValueOrDefault(channel) + each[i];
        }
    }
}
