using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Inside;
using OnnxFunctional.Visualization.Tiles;

namespace OnnxFunctional.Visualization;

/// <content>What layers hold and compute.</content>
public static partial class Charts
{
    /// <summary>
    /// The kernels of a convolution over one or two axes, a tile per filter: in colors if it reads three channels, otherwise in gray and a tile per channel
    /// too. Each tile goes from its least number, black, to its greatest, white. A kernel over one axis is one tile per filter, with a row per channel.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="layer">The convolution's name, or its path in models inside the model; by default the first.</param>
    /// <param name="count">The number of tiles, at most.</param>
    /// <exception cref="ModelException">The model has no such layer, or the number is below 1.</exception>
    /// <example><code>Charts.Filters(model).Save("filters.png");</code></example>
    public static Chart Filters(Model model, string? layer = null, int count = 64)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckCount(count);
        List<ConvolutionInside> fitting = [.. InnerLayers.Convolutions(model).Where(each => each.Kernel is not null)];
        var chosen = Chosen(model, layer, fitting, each => each.Path, "convolution", fitting.FirstOrDefault());
        var (tiles, all, text) = FilterTiles.Of(ValueProbe.Compute(model, [], [chosen.Kernel!])[0], chosen.IsTransposed, count);
        var said = $"{text} of layer '{chosen.Path}'{Shown(tiles.Count, all)}";
        return new Chart(
            new TileGrid($"{said}; each from its least number (black) to its greatest (white)", tiles, tiles[0].Pixels.Width > 16 ? 200 : 60),
            $"{said}.");
    }

    /// <summary>
    /// What a layer gives for one sample, a tile per channel, each from its least number (dark) to its greatest (light). Of a sequence, one tile with a row per
    /// channel and the steps across.
    /// </summary>
    /// <param name="model">The model; it computes as in inference, and states of stateful layers stay.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="layer">The layer's name, or its path in models inside the model; by default the first convolution.</param>
    /// <param name="sample">The number of the sample, from 0.</param>
    /// <param name="count">The number of tiles, at most.</param>
    /// <exception cref="ModelException">The model has no such layer, or the data does not fit the inputs.</exception>
    /// <example><code>Charts.FeatureMaps(model, images, layer: "conv2d_1", sample: 3).Save("maps.png");</code></example>
    public static Chart FeatureMaps(Model model, NDArrays x, string? layer = null, int sample = 0, int count = 64)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        CheckCount(count);
        var data = OneSample.Of(model, x, sample);
        var fitting = InnerLayers.WithMaps(model);
        var first = InnerLayers.Convolutions(model) is [var convolution, ..]
            ? new InspectedLayer(convolution.Path, "", convolution.Output)
            : fitting.FirstOrDefault(each => each.ClassName != "InputLayer");
        var chosen = Chosen(model, layer, fitting, each => each.Path, "layer with feature maps", first);
        var output = ValueProbe.Compute(model, data.Inputs, [chosen.Value])[0];
        var (tiles, planes) = MapTiles.Of(model, data, output, chosen.Value, count);
        var values = planes.Channels.SelectMany(channel => channel).ToList();
        var constant = planes.Channels.Count(channel => channel.Max() == channel.Min());
        var isSequence = output.Shape.Rank == 3;
        var said = isSequence
            ? $"Output of layer '{chosen.Path}' for sample {sample}: {planes.Width} steps across, {planes.Channels.Count} channels down"
            : $"Output of layer '{chosen.Path}' for sample {sample}: {planes.Channels.Count} channels of {planes.Height} x {planes.Width} places"
                + Shown(tiles.Count, planes.Channels.Count);
        var description = string.Create(
            CultureInfo.InvariantCulture,
            $"{said}. Numbers go from {values.Min():G4} to {values.Max():G4}; {constant} of {planes.Channels.Count} channels are the same everywhere.");
        var heading = isSequence ? said : said + "; each from its least number (dark) to its greatest (light)";
        return new Chart(new TileGrid(heading, tiles, isSequence ? 700 : 110), description);
    }

    /// <summary>
    /// How much each query attends to each key, a tile per head: queries down, keys across, from white, 0, to dark blue, the greatest weight of all heads. The
    /// weights of a query add up to 1, or are all 0 if it may attend to no key.
    /// </summary>
    /// <param name="model">The model; it computes as in inference.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="layer">The name of a MultiHeadAttention, GroupQueryAttention, Attention or AdditiveAttention, or its path; by default the first.</param>
    /// <param name="sample">The number of the sample, from 0.</param>
    /// <param name="tokens">A name for each query; by default their numbers.</param>
    /// <param name="keyTokens">A name for each key; by default those of the queries if there are as many.</param>
    /// <exception cref="ModelException">The model has no such layer, the data does not fit the inputs, or there are too few or too many names.</exception>
    /// <example><code>Charts.AttentionMaps(model, ids, tokens: ["the", "cat", "sat"]).Save("attention.svg");</code></example>
    public static Chart AttentionMaps(
        Model model,
        NDArrays x,
        string? layer = null,
        int sample = 0,
        IReadOnlyList<string>? tokens = null,
        IReadOnlyList<string>? keyTokens = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        var data = OneSample.Of(model, x, sample);
        var fitting = InnerLayers.Attentions(model);
        var chosen = Chosen(model, layer, fitting, each => each.Path, "attention layer over one axis", fitting.Count > 0 ? fitting[0] : null);
        var (weights, sizes) = data.Part(ValueProbe.Compute(model, data.Inputs, [chosen.Value])[0]);
        var (queries, keys) = (sizes[^2], sizes[^1]);
        var labels = new TileLabels(
            Names(tokens, queries, "tokens", "queries"),
            Names(keyTokens ?? (queries == keys ? tokens : null), keys, "keyTokens", "keys"));
        var heads = weights.Chunk(queries * keys).ToList();
        var greatest = weights.Max();
        List<Tile> tiles =
        [
            .. heads.Select((head, i) => new Tile(
                Pixels.Of(keys, queries, at => Shade.Blue(greatest > 0 ? head[at] / greatest : 0)),
                heads.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"head {i}"))),
        ];
        var said = string.Create(
            CultureInfo.InvariantCulture,
            $"Attention of layer '{chosen.Path}' for sample {sample}: queries down, keys across, from 0 (white) to {greatest:G3} (dark)");
        var most = heads.Select((head, i) => (Head: i, At: Array.IndexOf(head, head.Max()))).Select(each => string.Create(
            CultureInfo.InvariantCulture,
            $"head {each.Head} most from {labels.Rows[each.At / keys]} to {labels.Columns[each.At % keys]} ({heads[each.Head][each.At]:G3})"));
        return new Chart(
            new TileGrid(said, tiles, 220, labels),
            $"{said}; {heads.Count} heads, {queries} queries, {keys} keys: {string.Join(", ", most.Take(12))}{(heads.Count > 12 ? ", ..." : "")}.");
    }

    private static void CheckCount(int count)
    {
        if (count < 1) throw new ModelException($"count is {count}; expected at least 1.");
    }

    private static string Shown(int shown, int all) => shown < all ? $", the first {shown} of {all}" : "";

    private static T Chosen<T>(Model model, string? name, IReadOnlyList<T> fitting, Func<T, string> pathOf, string what, T? byDefault)
        where T : class =>
        name is not null ? InnerLayers.Named(model, name, fitting, pathOf, what)
        : byDefault ?? throw new ModelException($"Model '{model.Name}' has no {what}, so there is nothing to draw.");

    private static IReadOnlyList<string> Names(IReadOnlyList<string>? given, int count, string parameter, string what)
    {
        if (given is null) return [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        return given.Count == count
            ? [.. given.Select(PageText.Clean)]
            : throw new ModelException($"{parameter} has {given.Count} names, but the layer has {count} {what}; expected one for each, padding among them.");
    }
}
