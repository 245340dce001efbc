using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>Small networks with what quantization meets, data for them, and what ONNX Runtime makes of their files.</summary>
internal static class QuantizedNetworks
{
    public static string[] Names =>
    [
        "residual", "depthwise", "dense", "sequence", "several inputs", "shared", "nested", "recurrent", "1d", "joined", "channels first", "tokens",
        "padded pool",
    ];

    public static IEnumerable<string> Optimized(string path) => OptimizedGraph(path).Node.Select(node => node.OpType);

    public static GraphProto OptimizedGraph(string path)
    {
        using var folder = new TemporaryFolder();
        using var options = new SessionOptions
        {
            OptimizedModelFilePath = folder.File("o.onnx"),
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        using var session = new InferenceSession(path, options);
        return ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("o.onnx"))).Graph;
    }

    public static NDArrays Data(Model model, int samples)
    {
        var random = new Random(7);
        return model.Inputs.Select(input =>
        {
            int?[] dims = [samples, .. input.Shape.Skip(1)];
            var count = dims.Aggregate(1, (product, dim) => product * dim!.Value);
            if (input.DType == DType.Int64) return NDArray.Create(Enumerable.Range(0, count).Select(_ => (long)random.Next(131)).ToArray(), Shape.Create(dims));
            return NDArray.Create(Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 0.7f).ToArray(), Shape.Create(dims));
        }).ToArray();
    }

    public static Model Create(string name)
    {
        var image = Model.Input([9, 7, 3], name: "image");
        switch (name)
        {
            case "residual":
                var first = image.Apply(
                    new Conv2D(8, 3, padding: Padding.Same, useBias: false, name: "conv_a"), Normalization(8), new ActivationLayer(Activation.Relu));
                var second = first.Apply(
                    new Conv2D(8, 3, padding: Padding.Same, activation: Activation.Relu, name: "conv_b"),
                    new Conv2D(8, 3, padding: Padding.Same, name: "conv_c"));
                var sum = new Add().Call(first, second);
                return new Model(image, sum.Apply(
                    new ActivationLayer(Activation.Relu), new MaxPooling2D(), new Flatten(), new Dense(16, Activation.Relu, name: "dense"),
                    new Dense(5, Activation.Softmax, name: "scores")));
            case "depthwise":
                return new Model(image, image.Apply(
                    new DepthwiseConv2D(3, padding: Padding.Same), Normalization(3), new ActivationLayer(Activation.Relu6), new Conv2D(6, 1),
                    new GlobalAveragePooling2D(), new Dense(3)));
            case "channels first":
                var planes = Model.Input([3, 9, 7]);
                return new Model(planes, planes.Apply(
                    new Conv2D(5, 3, dataFormat: DataFormat.ChannelsFirst, activation: Activation.Relu), new Flatten(), new Dense(3)));
            case "joined":
                var left = new Conv2D(3, 3, padding: Padding.Same, activation: Activation.Relu).Call(image);
                var right = new Conv2D(5, 1, padding: Padding.Same).Call(image);
                return new Model(image, new Concatenate().Call(left, right).Apply(
                    new AveragePooling2D(2), new Conv2D(4, 2, strides: 2), new GlobalAveragePooling2D()));
            case "1d":
                var signal = Model.Input([17, 2]);
                return new Model(signal, signal.Apply(
                    new Conv1D(6, 5, strides: 2, activation: Activation.Gelu), new Conv1D(4, 3, dilationRate: 2), new Flatten(), new Dense(1)));
            case "sequence":
                var tokens = Model.Input([5, 6]);
                var attended = new MultiHeadAttention(2, 3).Call(tokens, tokens);
                return new Model(tokens, new Add().Call(tokens, attended).Apply(new LayerNormalization(), new Dense(8, Activation.Gelu), new Dense(6)));
            case "padded pool":
                // As files write the pool of a ResNet; and a path around it, which needs the same range.
                var filtered = new Conv2D(6, 3, activation: Activation.Relu).Call(image);
                var padded = Ops.Make(new Operators.Pad([0, 1, 1, 0], [0, 1, 1, 0], Operators.PadMode.Constant, float.NegativeInfinity), filtered);
                var pooled = new MaxPooling2D(3, strides: 2).Call(padded);
                return new Model(image, new Add().Call(new Conv2D(4, 1).Call(pooled), new Conv2D(4, 1, strides: 2).Call(filtered)).Apply(
                    new GlobalAveragePooling2D(), new Dense(3)));
            case "tokens":
                var ids = Model.Input([5], dtype: DType.Int64);
                var words = new Embedding(131, 18).Call(ids);
                return new Model(ids, words.Apply(new LayerNormalization(), new Dense(17, Activation.Relu), new GlobalAveragePooling1D(), new Dense(3)));
            case "recurrent":
                var steps = Model.Input([4, 3]);
                return new Model(steps, steps.Apply(new Lstm(5, returnSequences: true), new Dense(4, Activation.Tanh), new Gru(3), new Dense(2)));
            case "several inputs":
                var (a, b) = (Model.Input([4], name: "a"), Model.Input([3], name: "b"));
                var (u, v) = (new Dense(5).Call(a), new Dense(5, Activation.Relu).Call(b));
                return new Model([a, b], [new Add().Call(u, v), new Dense(2, Activation.Sigmoid).Call(u)]);
            case "shared":
                var vector = Model.Input([6]);
                var dense = new Dense(6, Activation.Relu);
                return new Model(vector, dense.Call(dense.Call(vector)));
            case "nested":
                var outer = Model.Input([6]);
                var inner = new Sequential([6], new Dense(5, Activation.Relu, name: "in"), new Dense(4, name: "out"));
                return new Model(outer, new Dense(2).Call(inner.Call(outer)));
            default:
                var numbers = Model.Input([9]);
                return new Model(numbers, numbers.Apply(new Dense(17, Activation.Relu), new Dense(3)));
        }
    }

    private static BatchNormalization Normalization(int channels)
    {
        return new BatchNormalization(
            gammaInitializer: new RandomUniform(0.5, 1.5, seed: channels), betaInitializer: new RandomNormal(0, 0.3, seed: 2),
            movingMeanInitializer: new RandomNormal(0, 0.2, seed: 3), movingVarianceInitializer: new RandomUniform(0.3, 2, seed: 4));
    }
}
