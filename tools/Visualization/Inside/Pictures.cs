using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>Finds pictures among a model's data.</summary>
internal static class Pictures
{
    /// <summary>A sample's part of a value of the model, as channels over places.</summary>
    public static Planes Of(Model model, OneSample sample, NDArray array, Value value)
    {
        var (elements, sizes) = sample.Part(array);
        return Planes.Of(elements, sizes, new ChannelPlaces(model).Of(value) is { } axis ? axis - 1 : null);
    }

    /// <summary>The input that takes pictures: of a name, or the first that has a height and a width.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">The name; null for the first.</param>
    /// <exception cref="ModelException">There is none, or none of the name.</exception>
    public static int Input(Model model, string? name)
    {
        var fitting = Enumerable.Range(0, model.Inputs.Count).Where(i => IsImage(model, i)).ToList();
        if (name is not null) return InnerLayers.Named(model, name, fitting, i => model.InputNames[i], "input of pictures");
        return fitting.Count > 0 ? fitting[0] : throw new ModelException(
            $"Model '{model.Name}' takes no picture: expected an input (batch, height, width) or (batch, height, width, channels), got "
            + $"{string.Join(", ", model.Inputs.Select(each => each.Shape))}.");
    }

    private static bool IsImage(Model model, int input)
    {
        var shape = model.Inputs[input].Shape;
        return model.Inputs[input].DType != DType.String && (shape.Rank == 4 || (shape.Rank == 3 && shape.Dims[1] != 1 && shape.Dims[2] != 1));
    }
}
