using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>The batch of one step.</summary>
internal sealed record StepBatch(NDArray[] X, NDArray[] Y, NDArray? Weights = null)
{
    public NDArray[] All => [.. X, .. Y, .. Weights is null ? Array.Empty<NDArray>() : [Weights]];
}

/// <summary>A network with optimizer, losses and data, on which two programs agree over many steps.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Compile">Makes a trainer of a new model.</param>
/// <param name="Batch">The data of a step.</param>
internal sealed record StepNetwork(string Name, Func<Backend, Trainer> Compile, Func<int, StepBatch> Batch);

/// <summary>Six networks of what people build; tools/CudaCheck trains them too.</summary>
/// <remarks>
/// A weight whose gradient is mathematically zero holds only rounding errors, and an optimizer that divides gradients by their
/// magnitude turns these into full steps: the bias before a BatchNormalization, and the bias of attention's keys, which shifts all
/// scores of a query equally. Such weights are left out of these networks, as is usual; no two programs agree on them.
/// </remarks>
internal static class StepNetworks
{
    // The transformer's learning rate reaches its end with the last step.
    public const int Steps = 50;

    /// <summary>Digits by convolutions with dropout and Adam.</summary>
    public static StepNetwork Digits { get; } = new(
        "digits",
        backend =>
        {
            var x = Model.Input([28, 28, 1], name: "image");
            var y = x.Apply(
                new Conv2D(8, 3, activation: Activation.Relu),
                new MaxPooling2D(2),
                new Conv2D(16, 3, activation: Activation.Relu),
                new MaxPooling2D(2),
                new Flatten(),
                new Dropout(0.5),
                new Dense(10, Activation.Softmax));
            return new Model(x, y).Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: 7, backend: backend);
        },
        step => StepData.Digits(step, 16) is var (images, classes) ? new StepBatch([images], [classes]) : throw new InvalidOperationException());

    /// <summary>Residuals with batch normalization, momentum and weight decay.</summary>
    public static StepNetwork Residuals { get; } = new(
        "residuals",
        backend =>
        {
            var x = Model.Input([12, 12, 3], name: "image");
            var start = x.Apply(Convolution(8), new BatchNormalization(), new Relu());
            var first = (start.Apply(Convolution(8), new BatchNormalization(), new Relu(), Convolution(8), new BatchNormalization()) + start).Apply(new Relu());
            var shorter = first.Apply(new Conv2D(12, 1, strides: 2, useBias: false), new BatchNormalization());
            var second = (first.Apply(Convolution(12, 2), new BatchNormalization(), new Relu(), Convolution(12), new BatchNormalization()) + shorter).Apply(
                new Relu());
            return new Model(x, second.Apply(new GlobalAveragePooling2D(), new Dense(4, Activation.Softmax))).Compile(
                new Sgd(0.05, momentum: 0.9, weightDecay: 5e-4), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], backend: backend);

            static Conv2D Convolution(int filters, int stride = 1) => new(filters, 3, strides: stride, padding: Padding.Same, useBias: false);
        },
        step => new StepBatch([StepData.Signed(step, 8, 12, 12, 3)], [StepData.Numbers(step, 4, 8)]));

    /// <summary>Stacked LSTM and a GRU both ways, with RMSprop clipped by norm.</summary>
    public static StepNetwork Recurrent { get; } = new(
        "recurrent",
        backend =>
        {
            var x = Model.Input([9, 4], name: "sequence");
            var y = x.Apply(
                new Lstm(8, returnSequences: true), new Lstm(6, returnSequences: true), new Bidirectional(new Gru(5)), new Dense(1, Activation.Sigmoid));
            return new Model(x, y).Compile(new RmsProp(clipnorm: 1), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy], backend: backend);
        },
        step => new StepBatch([StepData.Signed(step, 8, 9, 4)], [StepData.Numbers(step, 2, 8, 1)]));

    /// <summary>A transformer with AdamW on a cosine.</summary>
    public static StepNetwork Transformer { get; } = new(
        "transformer",
        backend =>
        {
            var tokens = Model.Input([10], DType.Int64, name: "tokens");
            var x = tokens.Apply(new Embedding(30, 16)) + Positions().Apply(new Embedding(10, 16));
            for (var block = 0; block < 2; block++)
            {
                var normal = x.Apply(new LayerNormalization());
                x += new MultiHeadAttention(2, 8, useBias: false).Call(normal, normal);
                x += x.Apply(new LayerNormalization(), new Dense(32, Activation.Gelu), new Dense(16));
            }

            var y = x.Apply(new LayerNormalization(), new GlobalAveragePooling1D(), new Dense(3, Activation.Softmax));
            return new Model(tokens, y).Compile(
                new AdamW(Schedule.CosineDecay(1e-3, decaySteps: Steps)), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], backend: backend);

            static SymbolicTensor Positions() => Ops.Constant(Shape.Of(1, 10), Enumerable.Range(0, 10).Select(i => (long)i).ToArray());
        },
        step => new StepBatch([StepData.Numbers(step, 30, 8, 10)], [StepData.Numbers(step + 500, 3, 8)]));

    /// <summary>An autoencoder of separable and transposed convolutions.</summary>
    public static StepNetwork Autoencoder { get; } = new(
        "autoencoder",
        backend =>
        {
            var x = Model.Input([28, 28, 1], name: "image");
            var code = x.Apply(
                new SeparableConv2D(8, 3, strides: 2, padding: Padding.Same, activation: Activation.Relu),
                new SeparableConv2D(12, 3, strides: 2, padding: Padding.Same, activation: Activation.Relu));
            var y = code.Apply(
                new Conv2DTranspose(8, 3, strides: 2, padding: Padding.Same, activation: Activation.Relu),
                new Conv2DTranspose(1, 3, strides: 2, padding: Padding.Same, activation: Activation.Sigmoid));
            return new Model(x, y).Compile(new Adam(), Loss.MeanSquaredError, backend: backend);
        },
        step => StepData.Digits(step, 8) is var (images, _) ? new StepBatch([images], [images]) : throw new InvalidOperationException());

    /// <summary>Two inputs and two losses.</summary>
    public static StepNetwork TwoOutputs { get; } = new(
        "two outputs",
        backend =>
        {
            var (image, words) = (Model.Input([8, 8, 2], name: "image"), Model.Input([6], name: "words"));
            var seen = image.Apply(new Conv2D(6, 3, activation: Activation.Relu), new AveragePooling2D(2), new Flatten(), new Dense(12, Activation.Tanh));
            var read = words.Apply(new Dense(8, Activation.Relu));
            var joined = Ops.Concatenate([seen, read]).Apply(new Dense(10, Activation.Relu));
            var model = new Model([image, words], [joined.Apply(new Dense(1, name: "price")), joined.Apply(new Dense(4, Activation.Softmax, name: "kind"))]);
            var losses = new Dictionary<string, Loss> { ["price"] = Loss.Huber, ["kind"] = Loss.SparseCategoricalCrossentropy };
            return model.Compile(
                new Adam(),
                losses,
                new() { ["kind"] = 0.3f },
                new Dictionary<string, Metric[]> { ["kind"] = [Metric.Accuracy], ["price"] = [Metric.MeanAbsoluteError] },
                backend: backend);
        },
        step => new StepBatch(
            [StepData.Signed(step, 8, 8, 8, 2), StepData.Signed(step, 8, 6)], [StepData.Signed(step, 8, 1), StepData.Numbers(step, 4, 8)]));

    public static IReadOnlyList<StepNetwork> All { get; } = [Digits, Residuals, Recurrent, Transformer, Autoencoder, TwoOutputs];
}
