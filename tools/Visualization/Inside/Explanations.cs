using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>Maps over a picture that explain a score by its gradients.</summary>
internal static class Explanations
{
    /// <summary>
    /// The absolute gradient of a score with respect to each pixel: the largest of its channels (Simonyan et al. 2013, arxiv.org/abs/1312.6034).
    /// </summary>
    /// <exception cref="ModelException">The score does not depend on the input, or an operator between the two has no gradient.</exception>
    public static Planes Saliency(Model model, OneSample sample, ExplainedClass explained, int input)
    {
        var gradient = ValueProbe.Gradient(model, sample.Inputs, explained.Score, model.Inputs[input].Value).Gradient
            ?? throw new ModelException($"The score of {explained.Name} does not depend on input '{model.InputNames[input]}', so there is no map.");
        var planes = Pictures.Of(model, sample, gradient, model.Inputs[input].Value);
        var map = new float[planes.Height * planes.Width];
        foreach (var channel in planes.Channels)
            for (var i = 0; i < map.Length; i++) map[i] = Math.Max(map[i], Math.Abs(channel[i]));
        return new Planes(planes.Height, planes.Width, [map]);
    }

    /// <summary>
    /// Grad-CAM (Selvaraju et al. 2017, arxiv.org/abs/1610.02391): the sum of a layer's channels, each weighted by the mean of the score's gradient over its
    /// places, where it is above 0; scaled so that the greatest number is 1.
    /// </summary>
    /// <exception cref="ModelException">The score does not depend on the layer, or an operator between the two has no gradient.</exception>
    public static Planes GradCam(Model model, OneSample sample, ExplainedClass explained, ConvolutionInside layer)
    {
        var (output, found) = ValueProbe.Gradient(model, sample.Inputs, explained.Score, layer.Output);
        if (found is null)
            throw new ModelException($"The score of {explained.Name} does not depend on layer '{layer.Path}', so there is no map. Name another.");
        var (maps, gradients) = (Pictures.Of(model, sample, output, layer.Output), Pictures.Of(model, sample, found, layer.Output));
        var map = new float[maps.Height * maps.Width];
        foreach (var (channel, gradient) in maps.Channels.Zip(gradients.Channels))
        {
            var weight = gradient.Average();
            for (var i = 0; i < map.Length; i++) map[i] += weight * channel[i];
        }

        var greatest = Math.Max(0, map.Max());
        for (var i = 0; i < map.Length; i++) map[i] = greatest > 0 ? Math.Max(0, map[i]) / greatest : 0;
        return new Planes(maps.Height, maps.Width, [map]);
    }
}
