using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Diagnosing;

/// <summary>Trainings without a fault: model, data, and how many epochs make it good.</summary>
internal sealed record HealthyTraining(
    Func<ulong, Trainer> Compile, DiagnosedData Data, int Epochs = 10, Dictionary<int, double>? ClassWeight = null)
{
    public static IReadOnlyDictionary<string, HealthyTraining> All { get; } = new Dictionary<string, HealthyTraining>
    {
        ["mlp on digits"] = new(
            seed => Network(seed, [64], new Dense(48, Activation.Relu), new Dropout(0.2), new Dense(10, Activation.Softmax))
                .Compile(new Adam(), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([64]), 20),
        ["mlp with logits and gradient descent"] = new(
            seed => Network(seed, [64], new Dense(48, Activation.Tanh), new Dense(10))
                .Compile(new Sgd(0.1), new SparseCategoricalCrossentropy(fromLogits: true)),
            DiagnosedData.Digits([64]), 20),
        ["cnn on digits"] = new(
            seed => Network(
                seed, [8, 8, 1], new Conv2D(12, 3, activation: Activation.Relu), new MaxPooling2D(2), new Flatten(), new Dense(10, Activation.Softmax))
                .Compile(new Adam(0.003), Loss.CategoricalCrossentropy),
            DiagnosedData.Digits([8, 8, 1], target: digit => DiagnosedData.OneHot(digit, 10)), 15),
        ["batch normalization"] = new(
            seed => Network(seed, [64], new Dense(32, useBias: false), new BatchNormalization(), new Relu(), new Dense(10, Activation.Softmax))
                .Compile(new Adam(), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([64]), 20),
        ["lstm that forecasts"] = new(
            seed => Network(seed, [12, 1], new Lstm(16), new Dense(1)).Compile(new Adam(0.01), Loss.MeanSquaredError),
            Waves(), 20),
        ["autoencoder"] = new(
            seed => Network(seed, [64], new Dense(32, Activation.Relu), new Dense(64, Activation.Sigmoid)).Compile(new Adam(0.003), Loss.BinaryCrossentropy),
            Reconstructed(), 15),
        ["regression"] = new(
            seed => Network(seed, [6], new Dense(32, Activation.Relu), new Dense(1)).Compile(new Adam(0.01), Loss.MeanSquaredError),
            DiagnosedData.Rows(6, row => [row[0] - (2 * row[1]) + (row[2] * row[3]) + 5]), 20),
        ["linear regression"] = new(
            seed => Network(seed, [3], new Dense(1)).Compile(new Sgd(0.05), new Huber()),
            DiagnosedData.Rows(3, row => [row[0] - (2 * row[1])]), 10),
        ["noisy regression"] = new(
            seed => Network(seed, [6], new Dense(32, Activation.Relu), new Dense(1)).Compile(new Adam(0.003), Loss.MeanAbsoluteError),
            DiagnosedData.Rows(7, row => [(0.3f * row[0]) + row[6]], row => row[..6]), 5),
        ["several labels"] = new(
            seed => Network(seed, [8], new Dense(32, Activation.Relu), new Dense(4, Activation.Sigmoid)).Compile(new Adam(0.01), Loss.BinaryCrossentropy),
            DiagnosedData.Rows(8, row => [row[0] > 1 ? 1 : 0, row[1] > 0 ? 1 : 0, row[2] * row[3] > 1 ? 1 : 0, row[4] > 2 ? 1 : 0]), 15),
        ["rare class with its weight"] = new(
            seed => Network(seed, [6], new Dense(16, Activation.Relu), new Dense(1, Activation.Sigmoid)).Compile(new Adam(0.01), Loss.BinaryCrossentropy),
            DiagnosedData.Rows(6, row => [row[0] > 1.5f ? 1 : 0]), 15, new() { [0] = 0.54, [1] = 7.5 }),
        ["text by words"] = new(
            seed => Text(seed).Compile(new Adam(0.01), Loss.BinaryCrossentropy),
            Words(), 10),
        ["a residual network of ten layers"] = new(
            seed => Residual(seed).Compile(new Adam(), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([64]), 10),
        ["rescaled pixels"] = new(
            seed => Network(seed, [64], new Rescaling(1 / 255.0), new Dense(32, Activation.Relu), new Dense(10, Activation.Softmax))
                .Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.BFloat16),
            DiagnosedData.Digits([64], scale: 255), 20),
        ["a last layer of zeros"] = new(
            seed => Network(seed, [64], new Dense(32, Activation.Relu), new Dense(10, Activation.Softmax, kernelInitializer: Initializer.Zeros))
                .Compile(new Adam(Schedule.CosineDecay(0.01, 1000)), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([64]), 10),
        ["two classes"] = new(
            seed => Network(seed, [6], new Dense(16, Activation.Relu), new Dense(1, Activation.Sigmoid)).Compile(new RmsProp(0.01), Loss.BinaryCrossentropy),
            DiagnosedData.Rows(6, row => [row[0] + row[1] > 0.3f ? 1 : 0]), 10),
        ["pixels from 0 to 16"] = new(
            seed => Network(seed, [64], new Dense(32, Activation.Relu), new Dense(16, Activation.Relu), new Dense(10, Activation.Softmax))
                .Compile(new Adam(), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([64], scale: 16), 20),
        ["gru over pixels"] = new(
            seed => Network(seed, [64, 1], new Gru(16), new Dense(10, Activation.Softmax)).Compile(new Adam(0.005), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([64, 1]), 5),
        ["attention over rows"] = new(
            Attention, DiagnosedData.Digits([8, 8]), 15),
        ["convolutions with batch normalization"] = new(
            seed => Network(
                seed, [8, 8, 1],
                new Conv2D(8, 3, padding: Padding.Same, useBias: false), new BatchNormalization(momentum: 0.9), new Relu(), new MaxPooling2D(2),
                new Conv2D(16, 3, padding: Padding.Same, useBias: false), new BatchNormalization(momentum: 0.9), new Relu(), new Flatten(),
                new Dense(10, Activation.Softmax)).Compile(new Adam(0.003), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([8, 8, 1]), 15),
        ["two inputs and two outputs"] = new(TwoInputs, TwoInputsData(), 15),
        ["a mask of bright pixels"] = new(
            seed => Network(
                seed, [8, 8, 1], new Conv2D(8, 3, padding: Padding.Same, activation: Activation.Relu), new Conv2D(1, 1, activation: Activation.Sigmoid))
                .Compile(new Adam(0.01), Loss.BinaryCrossentropy),
            Bright(), 10),
        ["tags of words"] = new(
            seed => Network(
                seed, [12], DType.Int32,
                new Embedding(200, 16, maskZero: true), new Lstm(16, returnSequences: true), new Dense(3, Activation.Softmax))
                .Compile(new Adam(0.01), Loss.SparseCategoricalCrossentropy),
            Tags(), 10),
        ["counts"] = new(
            seed => Network(seed, [4], new Dense(16, Activation.Relu), new Dense(1, Activation.Exponential)).Compile(new Adam(0.003), new Poisson()),
            DiagnosedData.Rows(4, row => [MathF.Floor(MathF.Exp(row[0]) + (row[1] * row[1]))]), 15),
        ["hinge"] = new(
            seed => Network(seed, [6], new Dense(16, Activation.Relu), new Dense(1, Activation.Tanh)).Compile(new Adam(0.01), new Hinge()),
            DiagnosedData.Rows(6, row => [row[0] > 0 ? 1 : -1]), 10),
        ["a frozen layer and adamw"] = new(
            seed => Network(seed, [64], new Dense(96, Activation.Relu) { Trainable = false }, new Dense(10, Activation.Softmax))
                .Compile(new AdamW(0.01), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.Float16),
            DiagnosedData.Digits([64]), 20),
        ["penalties and dropout"] = new(
            seed => Network(
                seed, [64], new Dense(64, Activation.Elu, kernelRegularizer: Regularizer.L2(0.003)), new Dropout(0.5),
                new Dense(10, Activation.Softmax, kernelRegularizer: Regularizer.L2(0.003))).Compile(new Nadam(), Loss.SparseCategoricalCrossentropy),
            DiagnosedData.Digits([64]), 20),
        ["categories as one-hot rows"] = new(
            seed => Network(seed, [12], new Dense(16, Activation.Relu), new Dense(1, Activation.Sigmoid)).Compile(new Adam(0.01), Loss.BinaryCrossentropy),
            Categories(), 15),
        ["a loss of its own"] = new(
            seed => Network(seed, [6], new Dense(16, Activation.Relu), new Dense(1))
                .Compile(new Adam(0.01), Loss.From((yTrue, yPred) => Ops.Mean(Ops.Abs(yPred - yTrue), axis: -1) - 5)),
            DiagnosedData.Rows(6, row => [row[0]]), 10),
    };

    private static Model Network(ulong seed, Shape sample, params Layer[] layers)
    {
        var input = Model.Input(sample, name: "x");
        return new Model(input, input.Apply(layers), seed: seed);
    }

    private static Model Network(ulong seed, Shape sample, DType type, params Layer[] layers)
    {
        var input = Model.Input(sample, type, name: "x");
        return new Model(input, input.Apply(layers), seed: seed);
    }

    private static Trainer Attention(ulong seed)
    {
        var input = Model.Input([8, 8], name: "rows");
        var x = new Dense(16).Call(input);
        x = new Add().Call(x, new MultiHeadAttention(2, 8).Call(x, x));
        return new Model(input, new LayerNormalization().Call(x).Apply(new Flatten(), new Dense(10, Activation.Softmax)), seed: seed)
            .Compile(new Adam(0.003), Loss.SparseCategoricalCrossentropy);
    }

    private static Trainer TwoInputs(ulong seed)
    {
        var (pixels, flags) = (Model.Input([64], name: "pixels"), Model.Input([3], name: "flags"));
        var x = new Concatenate().Call(new Dense(32, Activation.Relu).Call(pixels), flags);
        var digit = new Dense(10, Activation.Softmax, name: "digit").Call(x);
        var brightness = new Dense(1, name: "brightness").Call(x);
        return new Model([pixels, flags], [digit, brightness], seed: seed)
            .Compile(new Adam(0.003), new() { ["digit"] = Loss.SparseCategoricalCrossentropy, ["brightness"] = Loss.MeanSquaredError }, lossWeights: [1, 0.5f]);
    }

    private static DiagnosedData TwoInputsData()
    {
        var digits = DiagnosedData.Digits([64]);
        return new(
            [digits.X[0], Flags(digits.X[0])], [digits.Y[0], Brightness(digits.X[0])],
            [digits.ValidationX[0], Flags(digits.ValidationX[0])], [digits.ValidationY[0], Brightness(digits.ValidationX[0])]);

        static NDArray Flags(NDArray x) => NDArray.From(Enumerable.Range(0, x.Count).Select(i => DiagnosedData.OneHot(i % 3, 3)));

        static NDArray Brightness(NDArray x) => x.ToArray().Chunk(64).Select(pixels => (4 * pixels[20] * pixels[43]) - (2 * pixels[28])).ToArray();
    }

    private static DiagnosedData Bright()
    {
        var digits = DiagnosedData.Digits([8, 8, 1]);
        return new(digits.X, Of(digits.X), digits.ValidationX, Of(digits.ValidationX));

        static NDArray Of(NDArrays x) => NDArray.Create(Array.ConvertAll(x[0].ToArray(), pixel => pixel > 0.4f ? 1f : 0), [x[0].Count, 8, 8, 1]);
    }

    private static DiagnosedData Categories()
    {
        var random = new Random(6);
        var (rows, targets) = (new float[640, 12], new int[640]);
        for (var i = 0; i < 640; i++)
        {
            var (first, second, third) = (random.Next(4), random.Next(4), random.Next(4));
            (rows[i, first], rows[i, 4 + second], rows[i, 8 + third]) = (1, 1, 1);
            targets[i] = first + second > 3 ? 1 : 0;
        }

        return DiagnosedData.Split(rows, targets);
    }

    private static DiagnosedData Tags()
    {
        var words = Words();
        return new(words.X, Of(words.X), words.ValidationX, Of(words.ValidationX));

        static NDArray Of(NDArrays x) => NDArray.Create(Array.ConvertAll(x[0].ToArray(), word => word < 20 ? 0 : word < 100 ? 1 : 2), [x[0].Count, 12]);
    }

    private static Model Text(ulong seed)
    {
        var input = Model.Input([12], DType.Int32, name: "words");
        return new Model(input, input.Apply(
            new Embedding(200, 8, maskZero: true), new GlobalAveragePooling1D(), new Dense(16, Activation.Relu), new Dense(1, Activation.Sigmoid)), seed: seed);
    }

    private static Model Residual(ulong seed)
    {
        var input = Model.Input([64], name: "x");
        var x = new Dense(32, Activation.Relu).Call(input);
        for (var i = 0; i < 5; i++) x = new Add().Call(x, x.Apply(new LayerNormalization(), new Dense(32, Activation.Gelu), new Dense(32)));
        return new Model(input, new Dense(10, Activation.Softmax).Call(x), seed: seed);
    }

    private static DiagnosedData Waves()
    {
        var random = new Random(2);
        var (sequences, next) = (new float[640, 12, 1], new float[640]);
        for (var i = 0; i < 640; i++)
        {
            var (phase, speed) = (random.NextDouble() * 6.28, 0.3 + (0.4 * random.NextDouble()));
            for (var j = 0; j < 12; j++) sequences[i, j, 0] = (float)Math.Sin(phase + (speed * j));
            next[i] = (float)Math.Sin(phase + (speed * 12));
        }

        return DiagnosedData.Split(sequences, next);
    }

    private static DiagnosedData Reconstructed()
    {
        var digits = DiagnosedData.Digits([64]);
        return new(digits.X, digits.X, digits.ValidationX, digits.ValidationX);
    }

    /// <summary>Texts of up to 12 words; words below 20 are about one subject.</summary>
    private static DiagnosedData Words()
    {
        var random = new Random(4);
        var (words, about) = (new int[640, 12], new int[640]);
        for (var i = 0; i < 640; i++)
        {
            about[i] = i % 2;
            var length = random.Next(4, 13);
            for (var j = 0; j < length; j++) words[i, j] = random.Next(4) == 0 && about[i] == 1 ? random.Next(1, 20) : random.Next(20, 200);
            if (about[i] == 1) words[i, 0] = random.Next(1, 20);
        }

        return DiagnosedData.Split(words, about);
    }
}
