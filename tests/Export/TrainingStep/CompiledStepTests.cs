using OnnxFunctional.Constraints;
using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Metrics;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Everything that Compile accepts, in an exported step: all optimizers and their options, all losses and metrics, sample weights.</summary>
[TestClass]
public sealed class CompiledStepTests
{
    private const int Batch = 6;
    private const int Classes = 4;

    public static IEnumerable<object[]> Optimizers { get; } =
    [
        [new Adadelta(1)],
        [new Adafactor(0.01)],
        [new Adagrad(0.05)],
        [new Adam(0.01)],
        [new Adam(0.01, amsgrad: true)],
        [new AdamW(Schedule.CosineDecay(0.01, decaySteps: 10, warmupTarget: 0.02, warmupSteps: 2))],
        [new Adamax(0.01)],
        [new Ftrl(0.05, l1RegularizationStrength: 0.01, l2RegularizationStrength: 0.01)],
        [new Lamb(0.01)],
        [new Lion(0.001)],
        [new Muon(0.01)],
        [new Nadam(0.01)],
        [new RmsProp(0.01, momentum: 0.5, centered: true)],
        [new Sgd(0.05, momentum: 0.9, nesterov: true)],
        [new Sgd(0.05, weightDecay: 0.01, excludeFromWeightDecay: ["bias"])],
        [new Sgd(0.5, clipnorm: 0.05)],
        [new Sgd(0.5, clipvalue: 0.01)],
        [new Sgd(0.5, momentum: 0.9, globalClipnorm: 0.05)],
        [new Adam(0.01, gradientAccumulationSteps: 2)],
        [new Adam(0.01, useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 2)],
        [new Sgd(Schedule.CosineDecayRestarts(0.05, 2))],
        [new Sgd(Schedule.ExponentialDecay(0.05, 2, 0.5, staircase: true))],
        [new Sgd(Schedule.InverseTimeDecay(0.05, 2, 0.5))],
        [new Sgd(Schedule.PiecewiseConstantDecay([1, 2], [0.1, 0.05, 0.01]))],
        [new Sgd(Schedule.PolynomialDecay(0.05, 2, power: 2, cycle: true))],
        [new Sgd(Schedule.WarmUp(0.05, 2))],
        [new Adam(0.05, useEma: true, emaMomentum: 0.5, gradientAccumulationSteps: 2)],
        [new AdamW(Schedule.ExponentialDecay(0.05, 1, 0.5), weightDecay: 0.1, globalClipnorm: 0.1, gradientAccumulationSteps: 2)],
    ];

    [TestMethod]
    [DynamicData(nameof(Optimizers))]
    public void Optimizer_of_a_step(Optimizer optimizer)
    {
        var x = Model.Input([7], name: "x");
        var y = x.Apply(
            new Dense(9, Activation.Tanh, kernelRegularizer: Regularizer.L2(0.01)),
            new Dense(Classes, Activation.Softmax, kernelConstraint: new MaxNorm(1)));
        var trainer = new Model(x, y).Compile(optimizer, Loss.SparseCategoricalCrossentropy, threads: 1);
        StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, Batch, 7)], [StepData.Numbers(step, Classes, Batch)]), 3);
    }

    public static IEnumerable<object[]> Losses { get; } = new Loss[]
    {
        new BinaryCrossentropy(),
        new BinaryCrossentropy(fromLogits: true, labelSmoothing: 0.1),
        new BinaryFocalCrossentropy(),
        new CategoricalCrossentropy(),
        new CategoricalCrossentropy(fromLogits: true, labelSmoothing: 0.1),
        new CategoricalFocalCrossentropy(),
        new CategoricalGeneralizedCrossEntropy(),
        new CategoricalHinge(),
        new Circle(4),
        new CosineSimilarity(),
        new Ctc(),
        new Dice(),
        new Hinge(),
        new Huber(0.2),
        new KLDivergence(),
        new LogCosh(),
        new MeanAbsoluteError(),
        new MeanAbsolutePercentageError(),
        new MeanSquaredError(),
        new MeanSquaredLogarithmicError(),
        new Poisson(),
        new SparseCategoricalCrossentropy(),
        new SparseCategoricalCrossentropy(fromLogits: true), new SparseCategoricalCrossentropy(ignoreClass: 1), new SquaredHinge(), new Tversky(0.3, 0.7),
        Loss.From((yTrue, yPred) => Ops.Mean(Ops.Abs(yTrue - yPred) * Ops.Sqrt(yPred), axis: -1), "own"),
        new MeanSquaredError(reduction: LossReduction.Sum), new MeanSquaredError(reduction: LossReduction.MeanWithSampleWeight),
    }.Select(loss => new object[] { loss, loss.Name });

    [TestMethod]
    [DynamicData(nameof(Losses))]
    public void Loss_of_a_step(Loss loss, string name)
    {
        var (x, y) = (Model.Input([5, 3], name: "x"), (SymbolicTensor?)null);
        y = loss is Ctc ? x.Apply(new Dense(Classes)) : x.Apply(new Flatten(), new Dense(Classes, Activation.Softmax));
        var trainer = new Model(x, y).Compile(new Sgd(0.1, momentum: 0.9), loss, threads: 1);
        StepComparison.Run(
            trainer,
            step => new StepBatch(
                [StepData.Signed(step, Batch, 5, 3)], [Target(loss, step)], loss is Circle or Dice or Tversky ? null : StepData.Shares(step, Batch)),
            3);
    }

    /// <summary>Masked positions count neither in the loss nor in metrics, and do not change the recurrent layer's state.</summary>
    [TestMethod]
    public void Masks_of_a_step()
    {
        var tokens = Model.Input([6], DType.Int64, name: "tokens");
        var y = tokens.Apply(
            new Embedding(7, 4, maskZero: true),
            new Lstm(5, returnSequences: true),
            new ActivityRegularization(l2: 0.01),
            new Dense(Classes, Activation.Softmax));
        var trainer = new Model(tokens, y).Compile(new Adam(0.01), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], threads: 1);
        StepComparison.Run(
            trainer,
            step => new StepBatch([StepData.Numbers(step, 7, Batch, 6)], [StepData.Numbers(step + 50, Classes, Batch, 6)], StepData.Shares(step, Batch)),
            3);
    }

    /// <summary>The same networks in the oldest operator set, which CUDA and web hosts support.</summary>
    [TestMethod]
    [DataRow(17)]
    [DataRow(18)]
    [DataRow(20)]
    public void Older_opsets(int opset)
    {
        var x = Model.Input([9, 9, 2], name: "x");
        var image = x.Apply(
            new Conv2D(4, 3, strides: 2, useBias: false),
            new BatchNormalization(),
            new Relu(),
            new MaxPooling2D(2),
            new Flatten(),
            new RepeatVector(3));
        var y = image.Apply(new Bidirectional(new Lstm(3)), new Dense(6, Activation.Gelu), new LayerNormalization(), new Dense(Classes, Activation.Softmax));
        var trainer = new Model(x, y).Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], threads: 1);
        StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, Batch, 9, 9, 2)], [StepData.Numbers(step, Classes, Batch)]), 3, opset);
    }

    /// <summary>
    /// The gradient of a kernel has three forms: one product of all positions, one product per position if
    /// that takes too much memory, a convolution if there are many positions or lengths are unknown.
    /// </summary>
    [TestMethod]
    [DataRow("gathered", 9, 2, 5, 3, 2, true)]
    [DataRow("one by one", 66, 32, 3, 3, 1, true)]
    [DataRow("one by one, in strides", 131, 32, 3, 3, 2, true)]
    [DataRow("large kernel", 12, 2, 3, 7, 1, true)]
    [DataRow("unknown size", 9, 2, 5, 3, 1, false)]
    public void Kernels_of_convolutions(string form, int size, int channels, int filters, int kernel, int stride, bool known)
    {
        var x = Model.Input([known ? size : null, known ? size : null, channels], name: "x");
        var y = x.Apply(new Conv2D(filters, kernel, strides: stride, padding: Padding.Same), new GlobalMaxPooling2D(), new Dense(2));
        var trainer = new Model(x, y).Compile(new Sgd(0.1, momentum: 0.9), Loss.MeanSquaredError, threads: 1);
        StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, 2, size, size, channels)], [StepData.Signed(step, 2, 2)]), 2);
    }

    /// <summary>Weights of layers that are not trained do not change.</summary>
    [TestMethod]
    public void Frozen_layers_of_a_step()
    {
        var x = Model.Input([6, 6, 2], name: "x");
        var trained = new Model(x, x.Apply(new Conv2D(4, 3), new BatchNormalization(), new Relu(), new GlobalAveragePooling2D()), "base") { Trainable = false };
        var image = Model.Input([6, 6, 2], name: "image");
        var model = new Model(image, trained.Call(image).Apply(new Dense(Classes, Activation.Softmax)));
        var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, threads: 1);
        StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, Batch, 6, 6, 2)], [StepData.Numbers(step, Classes, Batch)]), 3);
        var state = TrainingFiles.Of(trainer, new TrainingExportOptions()).State;
        foreach (var tensor in state.Where(tensor => tensor.IsWeight))
            Assert.AreEqual(tensor.Name.StartsWith("dense", StringComparison.Ordinal), tensor.Next is not null, tensor.Name);
    }

    private static NDArray Target(Loss loss, int step) => loss switch
    {
        Ctc => NDArray.Create([.. Enumerable.Range(0, Batch * 2).Select(i => (long)(1 + ((i + step) % (Classes - 1))))], Shape.Of(Batch, 2)),
        SparseCategoricalCrossentropy or CategoricalGeneralizedCrossEntropy => StepData.Numbers(step, Classes, Batch),
        Circle => NDArray.Create([.. Enumerable.Range(0, Batch).Select(i => (long)(i % 2))], Shape.Of(Batch)),
        _ => StepData.OneHot(step, Classes, Batch),
    };

    public static IEnumerable<object[]> AllMetrics { get; } = new Metric[]
    {
        new CategoricalAccuracy(),
        new BinaryAccuracy(),
        new TopKCategoricalAccuracy(2),
        new Auc(),
        new Auc(curve: AucCurve.PR, multiLabel: true),
        new Precision(),
        new Precision([0.2, 0.4]),
        new Recall(),
        new TruePositives(),
        new TrueNegatives(),
        new FalsePositives(),
        new FalseNegatives(),
        new PrecisionAtRecall(0.5),
        new RecallAtPrecision(0.5),
        new SensitivityAtSpecificity(0.5),
        new SpecificityAtSensitivity(0.5),
        new F1Score(),
        new FBetaScore(beta: 2),
        new OneHotIoU(Classes),
        new OneHotMeanIoU(Classes),
        new BinaryIoU(),
        new R2Score(),
        new RootMeanSquaredError(),
        new PearsonCorrelation(),
        new ConcordanceCorrelation(),
        Metric.CosineSimilarity,
        Metric.MeanAbsoluteError,
        Metric.LogCoshError,
        Metric.From((yTrue, yPred) => Ops.Mean(yTrue * yPred, axis: -1), "own"),
    }.Select(metric => new object[] { metric, metric.Name });

    [TestMethod]
    [DynamicData(nameof(AllMetrics))]
    public void Metric_of_a_step(Metric metric, string name)
    {
        var x = Model.Input([7], name: "x");
        var trainer = new Model(x, x.Apply(new Dense(Classes, Activation.Softmax))).Compile(
            new Sgd(0.1),
            Loss.CategoricalCrossentropy,
            metrics: [metric],
            threads: 1,
            weightedMetrics: [metric]);
        StepComparison.Run(
            trainer, step => new StepBatch([StepData.Signed(step, Batch, 7)], [StepData.OneHot(step, Classes, Batch)], StepData.Shares(step, Batch)), 3);
    }
}
