using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Pruning;

/// <summary>A network, and which channels of which layers are zero in it.</summary>
internal sealed record PruningCase(string Name, Func<Model> Build, params (string Layer, int[] Channels)[] Zeros)
{
    public override string ToString() => Name;

    /// <summary>The network with random weights and statistics, and zeros for the channels to remove: filter, bias, gamma, beta and moving mean.</summary>
    public Model Make()
    {
        var model = Build();
        var random = new Random(7);
        foreach (var (path, weight) in model.WeightPaths())
        {
            var values = weight.Storage;
            for (var i = 0; i < values.Length; i++)
                values[i] = path.EndsWith("variance", StringComparison.Ordinal) ? 0.5f + random.NextSingle() : (random.NextSingle() - 0.4f) * 0.8f;
        }

        foreach (var (layer, channels) in Zeros)
        {
            foreach (var (path, weight) in model.WeightPaths().Where(named => named.Path.StartsWith(layer + "/", StringComparison.Ordinal)))
            {
                if (weight.Name is "moving_variance" or "depthwise_kernel" or "alpha" || (weight.Owner is DepthwiseConvolution && weight.Name == "kernel"))
                    continue;
                var transposed = weight.Owner is TransposedConvolution && weight.Name == "kernel";
                var inner = transposed ? weight.Shape.Dim(-1) : 1;
                var count = weight.Shape.Dim(transposed ? -2 : -1);
                for (var i = 0; i < weight.Length; i++)
                {
                    if (channels.Contains(i / inner % count)) weight.Storage[i] = 0;
                }
            }
        }

        return model;
    }

    /// <summary>The model's outputs for random data, concatenated.</summary>
    public static float[] Outputs(Model model)
    {
        // Each prediction moves the states of stateful layers.
        model.ResetState();
        var random = new Random(11);
        var data = new List<NDArray>();
        foreach (var input in model.Inputs)
        {
            var shape = input.Shape.Dims[0] == Shape.Unknown ? input.Shape.With(0, 3) : input.Shape;
            for (var axis = 1; axis < shape.Rank; axis++) shape = shape.Dims[axis] == Shape.Unknown ? shape.With(axis, 5) : shape;
            var values = new float[shape.ElementCount];
            for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() * 2) - 1;
            data.Add(NDArray.Create(values, shape));
        }

        var results = model.PredictAll(NDArrays.Create([.. data]));
        return [.. results.SelectMany(result => result.ToArray())];
    }
}
