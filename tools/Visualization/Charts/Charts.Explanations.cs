using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Inside;
using OnnxFunctional.Visualization.Tiles;

namespace OnnxFunctional.Visualization;

/// <content>Which parts of a picture a score depends on.</content>
public static partial class Charts
{
    /// <summary>
    /// A picture, the absolute gradient of a class's score with respect to each of its pixels (the largest of the channels), and the one over the other
    /// (Simonyan et al. 2013). A softmax or sigmoid at the end of the model is left out, because its gradient is almost 0 where it is sure.
    /// </summary>
    /// <param name="model">The model; it computes as in inference, and states of stateful layers stay.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="classIndex">The class; by default that with the highest score. One output behind a sigmoid has the classes 0 and 1.</param>
    /// <param name="sample">The number of the sample, from 0.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="input">The name of the input that takes pictures; by default the first that does.</param>
    /// <param name="output">The name of the output; by default the first of scores (batch, classes).</param>
    /// <exception cref="ModelException">
    /// The model takes no picture or gives no scores, the data does not fit the inputs, there is no such class, or an operator has no gradient.
    /// </exception>
    /// <example><code>Charts.Saliency(model, images, sample: 3).Save("saliency.png");</code></example>
    public static Chart Saliency(
        Model model,
        NDArrays x,
        int? classIndex = null,
        int sample = 0,
        IReadOnlyList<string>? classNames = null,
        string? input = null,
        string? output = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        var data = OneSample.Of(model, x, sample);
        var place = Pictures.Input(model, input);
        if (!model.Inputs[place].DType.IsFloating())
        {
            throw new ModelException(
                $"Input '{model.InputNames[place]}' takes {model.Inputs[place].DType.KerasName()}, and integers have no gradient. "
                + "Make the input of float32, which takes the same data, or draw GradCam.");
        }

        var explained = ExplainedClass.Of(model, data, classIndex, classNames, output);
        var map = Explanations.Saliency(model, data, explained, place);
        var (least, greatest) = FilterTiles.Range(map.Channels[0]);
        var shares = Array.ConvertAll(map.Channels[0], value => greatest > 0 ? value / greatest : 0);
        var picture = MapTiles.Picture(Pictures.Of(model, data, data.Inputs[place], model.Inputs[place].Value));
        Tile[] tiles =
        [
            new(picture, "picture"),
            new(
                Pixels.Of(map.Width, map.Height, at => Shade.Inferno(shares[at])),
                string.Create(CultureInfo.InvariantCulture, $"|gradient|, 0 to {greatest:G3}")),
            new(MapTiles.Over(picture, shares, Shade.Inferno, share => share), "both"),
        ];
        var most = Array.IndexOf(map.Channels[0], greatest);
        return new Chart(new TileGrid($"Saliency of sample {sample}: {explained.Text}", tiles, 230), string.Create(
            CultureInfo.InvariantCulture,
            $"Saliency of sample {sample} for {explained.Text}: absolute gradients from {least:G3} to {greatest:G3}, "
            + $"the greatest in row {most / map.Width}, column {most % map.Width} of {map.Height} x {map.Width}."));
    }

    /// <summary>
    /// A picture, and where a convolution sees a class in it: Grad-CAM (Selvaraju et al. 2017). The channels of the layer's output are weighted by the mean
    /// gradient of the class's score, summed, cut below 0, scaled to 1, and laid over the picture. As in Keras' example, a softmax at the end of the model is
    /// left out; a sigmoid is too.
    /// </summary>
    /// <param name="model">The model; it computes as in inference, and states of stateful layers stay.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="classIndex">The class; by default that with the highest score. One output behind a sigmoid has the classes 0 and 1.</param>
    /// <param name="layer">The convolution's name, or its path in models inside the model; by default the last over more than one place.</param>
    /// <param name="sample">The number of the sample, from 0.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="input">The name of the input that takes pictures; by default the first that does.</param>
    /// <param name="output">The name of the output; by default the first of scores (batch, classes).</param>
    /// <exception cref="ModelException">
    /// The model takes no picture, gives no scores or has no such layer, the data does not fit the inputs, there is no such class, or an operator has no
    /// gradient.
    /// </exception>
    /// <remarks>https://keras.io/examples/vision/grad_cam/</remarks>
    /// <example><code>Charts.GradCam(model, images, sample: 3).Save("grad-cam.png");</code></example>
    public static Chart GradCam(
        Model model,
        NDArrays x,
        int? classIndex = null,
        string? layer = null,
        int sample = 0,
        IReadOnlyList<string>? classNames = null,
        string? input = null,
        string? output = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        var data = OneSample.Of(model, x, sample);
        var place = Pictures.Input(model, input);
        List<ConvolutionInside> fitting = [.. InnerLayers.Convolutions(model).Where(each => each.Output.Spec.Shape.Rank == 4)];

        // Behind a global pooling there may be convolutions too, over one place.
        var last = layer is not null ? null : Enumerable.Reverse(fitting).FirstOrDefault(each => HasPlaces(model, data, each)) ?? fitting.LastOrDefault();
        var chosen = Chosen(model, layer, fitting, each => each.Path, "convolution over two axes", last);
        var explained = ExplainedClass.Of(model, data, classIndex, classNames, output);
        var map = Explanations.GradCam(model, data, explained, chosen);
        var planes = Pictures.Of(model, data, data.Inputs[place], model.Inputs[place].Value);
        var picture = MapTiles.Picture(planes);
        var large = map.Resized(planes.Height, planes.Width).Channels[0];
        Tile[] tiles =
        [
            new(picture, "picture"),
            new(Pixels.Of(planes.Width, planes.Height, at => Shade.Turbo(large[at])), "map, 0 (blue) to 1 (red)"),
            new(MapTiles.Over(picture, large, Shade.Turbo, _ => 0.45), "both"),
        ];
        var most = Array.IndexOf(map.Channels[0], map.Channels[0].Max());
        var where = map.Channels[0][most] > 0
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the most in row {most / map.Width}, column {most % map.Width} of {map.Height} x {map.Width}; "
                + $"{map.Channels[0].Average(value => value > 0.5 ? 1.0 : 0):P0} of the places are above a half")
            : "nothing speaks for the class, the map is 0 everywhere";
        return new Chart(
            new TileGrid($"Grad-CAM of sample {sample}, layer '{chosen.Path}': {explained.Text}", tiles, 230),
            $"Grad-CAM of sample {sample} for {explained.Text} in layer '{chosen.Path}': {where}.");
    }

    private static bool HasPlaces(Model model, OneSample sample, ConvolutionInside layer)
    {
        var maps = Pictures.Of(model, sample, ValueProbe.Compute(model, sample.Inputs, [layer.Output])[0], layer.Output);
        return maps.Height * maps.Width > 1;
    }
}
