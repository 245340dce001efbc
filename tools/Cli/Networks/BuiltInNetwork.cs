using System.Globalization;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Networks;

/// <summary>Networks made for given data: mlp, cnn and lstm. Their files take raw data, because what prepares it is part of them.</summary>
internal static class BuiltInNetwork
{
    // Below this many pixels a side, convolutions keep the size; above, further ones make images smaller.
    private const int SmallImage = 12;
    private const float LargestNumber = 1e18f;

    // The words of a text that are told apart: the most frequent ones.
    private const int MostTokens = 5000;

    public static IReadOnlyList<string> Names { get; } = ["mlp", "cnn", "lstm"];

    /// <summary>Makes a network.</summary>
    /// <param name="kind">One of <see cref="Names"/>.</param>
    /// <param name="features">Its inputs.</param>
    /// <param name="training">The samples to learn from, by which ranges and words are known.</param>
    /// <param name="seed">The seed of its weights.</param>
    /// <exception cref="ModelException">The network does not take such data.</exception>
    public static Model Make(string kind, IReadOnlyList<Feature> features, LoadedData training, ulong seed)
    {
        SymbolicTensor[] inputs =
        [
            .. features.Select(feature => Model.Input(
                Shape.Create([.. feature.Input.Sample]), feature.Input.IsText ? DType.String : DType.Float32, feature.Input.Name)),
        ];
        SymbolicTensor[] prepared = [.. features.Zip(inputs, (feature, input) => Prepared(kind, feature, input, training))];
        var x = prepared.Length == 1 ? prepared[0] : new Concatenate().Call(prepared);
        var hidden = kind switch
        {
            "cnn" => Convolutions(x, features),
            "lstm" => Recurrent(x, features),
            _ => Dense(x, features),
        };
        return new Model(inputs, Output(hidden, features, training.Targets[0]), name: kind, seed: seed);
    }

    private static SymbolicTensor Prepared(string kind, Feature feature, SymbolicTensor input, LoadedData training)
    {
        var data = training.X[feature.Input.Name];
        switch (feature.Kind)
        {
            case FeatureKind.Word:
                var words = new StringLookup(outputMode: EncodingMode.OneHot);
                words.Adapt(((string[])data).Select(word => new[] { word }));
                return words.Call(input);
            case FeatureKind.Text:
                var text = new TextVectorization(maxTokens: MostTokens, outputMode: EncodingMode.MultiHot);
                text.Adapt((string[])data);
                return text.Call(input);
            case FeatureKind.Pixels:
                return new Rescaling(1.0 / 255).Call(input);
            default:
                // Columns and features of steps have ranges of their own; the pixels of an image have one.
                var normalization = kind == "lstm" || feature.Input.Sample.Count == 1 ? new Normalization() : new Normalization(axis: []);
                CheckRange(data.ToArray(), column => feature.Columns.Count > 0 ? $"Column '{feature.Columns[column % feature.Columns.Count]}'" : "The data");
                normalization.Adapt(data.Shape.Count > 1 ? data.ToTensor() : NDArray.Create(data.ToArray(), [data.Count, 1]).ToTensor());
                return normalization.Call(input);
        }
    }

    private static SymbolicTensor Dense(SymbolicTensor x, IReadOnlyList<Feature> features)
    {
        if (x.Shape.Count > 2) x = new Flatten().Call(x);
        return features[0].Kind == FeatureKind.Pixels
            ? x.Apply(new Dense(512, Activation.Relu), new Dropout(0.2), new Dense(512, Activation.Relu), new Dropout(0.2))
            : x.Apply(new Dense(64, Activation.Relu), new Dense(64, Activation.Relu));
    }

    private static SymbolicTensor Convolutions(SymbolicTensor x, IReadOnlyList<Feature> features)
    {
        if (x.Shape.Count == 3) x = new Reshape([.. x.Shape.Skip(1).Select(dim => dim!.Value), 1]).Call(x);
        if (x.Shape.Count != 4) throw Misfit("cnn", "images, (height, width) or (height, width, channels)", features);
        var padding = Smaller(x) < SmallImage ? Padding.Same : Padding.Valid;
        for (var (block, filters) = (0, 32); block < 2 || Smaller(x) > SmallImage; block++, filters = Math.Min(2 * filters, 128))
        {
            x = new Conv2D(filters, 3, padding: padding, activation: Activation.Relu).Call(x);
            if (Smaller(x) > 1) x = new MaxPooling2D(2).Call(x);
        }

        return x.Apply(new Flatten(), new Dense(128, Activation.Relu), new Dropout(0.4));

        static int Smaller(SymbolicTensor image) => Math.Min(image.Shape[1]!.Value, image.Shape[2]!.Value);
    }

    private static SymbolicTensor Recurrent(SymbolicTensor x, IReadOnlyList<Feature> features)
    {
        // The rows of an image are its steps.
        if (x.Shape.Count == 4) x = new Reshape([x.Shape[1]!.Value, x.Shape[2]!.Value * x.Shape[3]!.Value]).Call(x);
        return x.Shape.Count == 3 ? new Lstm(64).Call(x) : throw Misfit("lstm", "sequences, (steps, features), or images", features);
    }

    private static SymbolicTensor Output(SymbolicTensor x, IReadOnlyList<Feature> features, Target target)
    {
        var name = LayerNames.Of(target.Name, [.. features.Select(feature => feature.Input.Name)]);
        if (target.Task != TaskKind.Regression) return new Dense(target.Classes!.Count, Activation.Softmax, name: name).Call(x);

        // The network learns numbers around 0; the last layer gives them the range of the targets.
        var (means, variances) = Moments(target);
        var range = new Normalization(mean: DoubleValues.Create(means), variance: DoubleValues.Create(variances), invert: true, name: name);
        return x.Apply(new Dense(target.Width), range);
    }

    private static (double[] Means, double[] Variances) Moments(Target target)
    {
        var (values, width) = (target.Values.ToArray(), target.Width);
        CheckRange(values, _ => $"The target '{target.Name}'");
        var (means, variances) = (new double[width], new double[width]);
        for (var i = 0; i < values.Length; i++) means[i % width] += (double)values[i] * width / values.Length;
        for (var i = 0; i < values.Length; i++) variances[i % width] += Math.Pow(values[i] - means[i % width], 2) * width / values.Length;
        return (means, Array.ConvertAll(variances, variance => variance > 0 ? variance : 1));
    }

    /// <summary>Refuses numbers whose variance is beyond float32: normalization would make zeros of them.</summary>
    private static void CheckRange(float[] values, Func<int, string> describe)
    {
        var beyond = Array.FindIndex(values, value => Math.Abs(value) > LargestNumber);
        if (beyond < 0) return;
        throw new ModelException(string.Create(
            CultureInfo.InvariantCulture,
            $"{describe(beyond)} holds {values[beyond]}; expected numbers of at most {LargestNumber}, whose squares float32 holds. Scale them."));
    }

    private static ModelException Misfit(string kind, string takes, IReadOnlyList<Feature> features) => new(
        $"{kind} takes {takes}, but the data has samples of "
        + (features[0].Columns.Count > 0 ? "columns" : $"shape ({string.Join(", ", features[0].Input.Sample)})") + ". Use mlp.");
}
