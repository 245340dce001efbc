using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Tests.Training.Diagnosing;

/// <summary>Trainings with one fault each, which are healthy without it.</summary>
internal static class BrokenTrainings
{
    private static readonly DiagnosedData s_digits = DiagnosedData.Digits([64]);
    private static readonly DiagnosedData s_oneHot = DiagnosedData.Digits([64], target: digit => DiagnosedData.OneHot(digit, 10));
    private static readonly DiagnosedData s_regression = DiagnosedData.Rows(6, Sum);

    /// <summary>Each with the kind of its fault and the words that its sentence must have.</summary>
    public static IReadOnlyDictionary<string, (FindingKind Kind, string Words, Func<Diagnosis> Diagnose)> All { get; } =
        new Dictionary<string, (FindingKind, string, Func<Diagnosis>)>
        {
            ["dead relu units"] = (FindingKind.DeadUnits, "32 of 32 units of layer 'dead' (Dense) give 0", () => Digits(
                new Dense(32, Activation.Relu, biasInitializer: Initializer.Constant(-100), name: "dead"), new Dense(10, Activation.Softmax))),
            ["units that died of a large step"] = (FindingKind.DeadUnits, "units of layer 'hidden'", DiedInTraining),
            ["saturated tanh units"] = (FindingKind.SaturatedUnits, "units of layer 'flat' (Dense) are saturated", () => Digits(
                new Dense(32, Activation.Tanh, kernelInitializer: new RandomNormal(0, 30), name: "flat"), new Dense(10, Activation.Softmax))),
            ["saturated sigmoid units"] = (FindingKind.SaturatedUnits, "the slope of Sigmoid", () => Digits(
                new Dense(32, Activation.Sigmoid, biasInitializer: Initializer.Constant(20), name: "flat"), new Dense(10, Activation.Softmax))),
            ["twelve layers of sigmoid"] = (FindingKind.VanishingGradients, "The gradient of 'dense/kernel'", () => Digits(
                [.. Enumerable.Range(0, 12).Select(_ => new Dense(16, Activation.Sigmoid)), new Dense(10, Activation.Softmax)])),
            ["a layer that rounds"] = (FindingKind.VanishingGradients, "No gradient leads to 'first/kernel'", () => Digits(
                new Dense(16, name: "first"), new Lambda(x => Ops.Round(x)), new Dense(10, Activation.Softmax))),
            ["large initial weights"] = (FindingKind.ExplodingGradients, "where a constant guess has", () => Digits(
                [.. Enumerable.Range(0, 8).Select(_ => Dense(64, 1)), new Dense(10, Activation.Softmax)])),
            ["an infinite first loss"] = (FindingKind.ExplodingGradients, "The loss of the first batch is", () => Regression(
                Dense(32, 1e20f), Dense(1, 1e20f))),
            ["pixels from 0 to 255"] = (FindingKind.UnscaledInputs, "Rescaling(1 / 255.0)", () => Diagnose(
                Network(64, Head()), DiagnosedData.Digits([64], scale: 255), Loss.SparseCategoricalCrossentropy)),
            ["features of different sizes"] = (FindingKind.UnscaledInputs, "Feature 2 of input", () => Diagnose(
                Network(6, Middle()),
                DiagnosedData.Rows(6, Sum, row => [.. row.Select((value, i) => i == 2 ? value * 20 : value * 0.001f)]),
                Loss.MeanSquaredError)),
            ["tiny inputs"] = (FindingKind.UnscaledInputs, "are tiny", () => Diagnose(
                Network(6, Middle()), DiagnosedData.Rows(6, Sum, row => [.. row.Select(value => value * 1e-5f)]), Loss.MeanSquaredError)),
            ["house prices"] = (FindingKind.UnscaledTargets, "Divide the targets by 100,000", () => Diagnose(
                Network(6, Middle()), DiagnosedData.Rows(6, row => [200_000 + (80_000 * row[0])]), Loss.MeanSquaredError)),
            ["equal targets"] = (FindingKind.ConstantTargets, "All 512 targets", () => Diagnose(
                Network(6, Middle()), DiagnosedData.Rows(6, _ => [3]), Loss.MeanSquaredError)),
            ["labels of -1 and 1"] = (FindingKind.LabelsDoNotFitLoss, "Write -1 as 0", () => Diagnose(
                Network(6, new Dense(16, Activation.Relu), new Dense(1, Activation.Sigmoid)),
                DiagnosedData.Rows(6, row => [row[0] > 0 ? 1 : -1]), Loss.BinaryCrossentropy)),
            ["several classes per sample and a softmax"] = (FindingKind.LabelsDoNotFitLoss, "add up to 1, but", () => Diagnose(
                Network(6, new Dense(16, Activation.Relu), new Dense(3, Activation.Softmax)),
                DiagnosedData.Rows(6, row => [row[0] > 0 ? 1 : 0, row[1] > 0 ? 1 : 0, row[2] > 0 ? 1 : 0]), Loss.CategoricalCrossentropy)),
            ["class indices and a binary loss"] = (FindingKind.LabelsDoNotFitLoss, "use 10 units", () => Diagnose(
                Network(64, new Dense(16, Activation.Relu), new Dense(1, Activation.Sigmoid)), s_digits, Loss.BinaryCrossentropy)),
            ["negative counts"] = (FindingKind.LabelsDoNotFitLoss, "takes counts of 0 or more", () => Diagnose(
                Network(6, new Dense(16, Activation.Relu), new Dense(1, Activation.Exponential)), s_regression, new Poisson())),
            ["classes and a sigmoid"] = (FindingKind.OutputDoesNotFitLoss, "ends in sigmoid. Give the layer Activation.Softmax", () => Digits(
                new Dense(32, Activation.Relu), new Dense(10, Activation.Sigmoid))),
            ["classes and no activation"] = (FindingKind.OutputDoesNotFitLoss, "ends in no activation", () => Digits(
                new Dense(32, Activation.Relu), new Dense(10))),
            ["logits that are probabilities"] = (FindingKind.OutputDoesNotFitLoss, "computes probabilities itself", () => Diagnose(
                Network(64, Head()), s_digits, new SparseCategoricalCrossentropy(fromLogits: true))),
            ["a softmax over one unit"] = (FindingKind.OutputDoesNotFitLoss, "which is always 1", () => Diagnose(
                Network(6, new Dense(16, Activation.Relu), new Dense(1, Activation.Softmax)),
                DiagnosedData.Rows(6, row => [row[0] > 0 ? 1 : 0]), Loss.BinaryCrossentropy)),
            ["a relu before negative targets"] = (FindingKind.OutputDoesNotFitLoss, "The relu of layer 'last' makes values of 0 or more", () =>
                Regression(new Dense(16, Activation.Tanh), new Dense(1, Activation.Relu, biasInitializer: Initializer.Constant(1), name: "last"))),
            ["a sigmoid before targets above 1"] = (FindingKind.OutputDoesNotFitLoss, "from 0 to 1, but", () =>
                Regression(new Dense(16, Activation.Tanh), new Dense(1, Activation.Sigmoid))),
            ["one sample in thirty of a class"] = (FindingKind.UnbalancedClasses, "a model that always says 0 is right for", () => Diagnose(
                Network(6, new Dense(16, Activation.Relu), new Dense(1, Activation.Sigmoid)),
                DiagnosedData.Rows(6, row => [row[0] > 1.8f ? 1 : 0]), Loss.BinaryCrossentropy)),
            ["validation data from training"] = (FindingKind.SharedRows, "128 of the 128 validation samples (100 %)", () =>
                Network(64, Head()).Compile(new Adam(), Loss.SparseCategoricalCrossentropy)
                    .Diagnose(s_digits.X, s_digits.Y, validationData: (s_digits.X[0][..128], s_digits.Y[0][..128]))),
            ["samples repeated before the split"] = (FindingKind.SharedRows, "split before samples are repeated", RepeatedBeforeSplit),
            ["batches of two"] = (FindingKind.BatchTooSmall, "takes mean and variance of 2 values", () => Diagnose(
                Network(64, new Dense(32), new BatchNormalization(), new Relu(), new Dense(10, Activation.Softmax)), s_digits,
                Loss.SparseCategoricalCrossentropy, batchSize: 2)),
            ["a learning rate of 10"] = (FindingKind.LearningRateTooLarge, "Use a learning rate of", () => Diagnose(
                Network(64, Head()), s_digits, Loss.SparseCategoricalCrossentropy, new Adam(10))),
            ["a gradient descent that diverges"] = (FindingKind.LearningRateTooLarge, "Use a learning rate of", () => Diagnose(
                Network(6, Middle()), s_regression, Loss.MeanSquaredError, new Sgd(5))),
            ["a learning rate of a millionth"] = (FindingKind.LearningRateTooSmall, "Use a learning rate of", () => Diagnose(
                Network(64, Head()), s_digits, Loss.SparseCategoricalCrossentropy, new Adam(1e-6))),
            ["inputs that are lost"] = (FindingKind.CannotOverfit, "on 32 samples alone", () => Digits(
                new Lambda(x => (x * 0) + 1), new Dense(32, Activation.Relu), new Dense(10, Activation.Softmax))),
            ["a penalty that outweighs the loss"] = (FindingKind.CannotOverfit, "Remove layers, regularization", () => Digits(
                new Dense(32, Activation.Relu, kernelRegularizer: Regularizer.L2(100)),
                new Dense(10, Activation.Softmax, kernelRegularizer: Regularizer.L2(100)))),
            ["targets in another order"] = (FindingKind.WorseThanBaseline, "and a linear model for", OtherOrder),
            ["swapped labels"] = (FindingKind.WorseThanBaseline, "always saying class", () => TrainedOn(
                row => [row[0] > 0.4f ? 1 : 0], y => 1 - y, Loss.BinaryCrossentropy, Activation.Sigmoid)),
            ["targets of the wrong sign"] = (FindingKind.WorseThanBaseline, "and the best constant has", () => TrainedOn(
                row => [row[0]], y => -y, Loss.MeanSquaredError, null)),
            ["a network behind a linear model"] = (FindingKind.WorseThanBaseline, "and a linear model", BehindLinear),
            ["a forecast behind the last value"] = (FindingKind.WorseThanBaseline, "the last value of the sequence", BehindLastValue),
        };

    private static Dense Dense(int units, float deviation) => new(units, kernelInitializer: new RandomNormal(0, deviation));

    private static Layer[] Head() => [new Dense(32, Activation.Relu), new Dense(10, Activation.Softmax)];

    private static Layer[] Middle() => [new Dense(32, Activation.Relu), new Dense(1)];

    private static float[] Sum(float[] row) => [row[0] - (2 * row[1]) + (row[2] * row[3])];

    private static Model Network(int features, params Layer[] layers)
    {
        var input = Model.Input([features], name: "x");
        return new Model(input, input.Apply(layers), seed: 7);
    }

    private static Diagnosis Digits(params Layer[] layers) => Diagnose(Network(64, layers), s_digits, Loss.SparseCategoricalCrossentropy);

    private static Diagnosis Regression(params Layer[] layers) => Diagnose(Network(6, layers), s_regression, Loss.MeanSquaredError);

    private static Diagnosis Diagnose(Model model, DiagnosedData data, Loss loss, Optimizer? optimizer = null, int batchSize = 32) =>
        model.Compile(optimizer ?? new Adam(), loss).Diagnose(data.X, data.Y, batchSize, (data.ValidationX, data.ValidationY));

    private static Diagnosis DiedInTraining()
    {
        var trainer = Network(64, new Dense(32, Activation.Relu, name: "hidden"), new Dense(10, Activation.Softmax))
            .Compile(new Sgd(1000), Loss.SparseCategoricalCrossentropy);
        trainer.Fit(s_digits.X, s_digits.Y, epochs: 1, verbose: 0);
        return trainer.Diagnose(s_digits.X, s_digits.Y);
    }

    private static Diagnosis RepeatedBeforeSplit()
    {
        int[] order = [.. Enumerable.Range(0, 512).Concat(Enumerable.Range(0, 512))];
        new Random(1).Shuffle(order);
        var data = DiagnosedData.Split(s_digits.X[0].Take(order), s_digits.Y[0].Take(order));
        return Diagnose(Network(64, Head()), data, Loss.SparseCategoricalCrossentropy);
    }

    private static Diagnosis OtherOrder()
    {
        int[] others = [.. s_oneHot.Y[0].ToArray().Chunk(10).Select(row => (Array.IndexOf(row, 1) + 1) % 10)];
        var trainer = Network(64, Head()).Compile(new Adam(0.003), Loss.SparseCategoricalCrossentropy);
        trainer.Fit(s_digits.X, others, epochs: 10, verbose: 0);
        return trainer.Diagnose(s_digits.X, s_digits.Y, validationData: (s_digits.ValidationX, s_digits.ValidationY));
    }

    private static Diagnosis TrainedOn(Func<float[], float[]> target, Func<float, float> changed, Loss loss, Activation? activation)
    {
        var data = DiagnosedData.Rows(6, target);
        var trainer = Network(6, new Dense(16, Activation.Relu), new Dense(1, activation)).Compile(new Adam(0.01), loss);
        trainer.Fit(data.X, Array.ConvertAll(data.Y[0].ToArray(), value => changed(value)), epochs: 10, verbose: 0);
        return trainer.Diagnose(data.X, data.Y, validationData: (data.ValidationX, data.ValidationY));
    }

    private static Diagnosis BehindLinear()
    {
        var trainer = Network(6, new Dense(32, Activation.Relu), new Dropout(0.95), new Dense(1)).Compile(new Adam(), Loss.MeanSquaredError);
        var data = DiagnosedData.Rows(6, row => [row[0] - (2 * row[1])]);
        trainer.Fit(data.X, data.Y, epochs: 10, verbose: 0);
        return trainer.Diagnose(data.X, data.Y, validationData: (data.ValidationX, data.ValidationY));
    }

    private static Diagnosis BehindLastValue()
    {
        var (random, walk) = (new Random(3), new float[700]);
        for (var i = 1; i < walk.Length; i++) walk[i] = walk[i - 1] + (0.1f * DiagnosedData.Normal(random));
        var data = DiagnosedData.Split(
            NDArray.From(Enumerable.Range(0, 640).Select(i => walk.AsSpan(i, 10).ToArray().Select(value => new[] { value }).ToArray()).ToArray()),
            NDArray.From(Enumerable.Range(0, 640).Select(i => walk[i + 10]).ToArray()));
        var input = Model.Input([10, 1], name: "walk");
        var trainer = new Model(input, input.Apply(new Lstm(8), new Dense(1)), seed: 7).Compile(new Adam(1e-4), Loss.MeanSquaredError);
        trainer.Fit(data.X, data.Y, epochs: 8, verbose: 0);
        return trainer.Diagnose(data.X, data.Y, validationData: (data.ValidationX, data.ValidationY));
    }
}
