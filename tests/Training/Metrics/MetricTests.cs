using System.Reflection;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.Training.Metrics;

[TestClass]
public sealed class MetricTests
{
    private static readonly NDArray s_true = new float[] { 0, 1, 0, 1, 1 };
    private static readonly NDArray s_predicted = new float[] { 0.1f, 0.4f, 0.6f, 0.8f, 0.9f };
    private static readonly NDArray s_weights = new float[] { 1, 2, 3, 4, 0 };

    [TestMethod]
    public void Names_are_Keras()
    {
        Assert.AreSame(Metric.MeanAbsoluteError, Metric.Named("mae"));
        Assert.AreSame(Metric.Accuracy, Metric.Named("acc"));
        Assert.AreSame(Metric.Auc, Metric.Named("AUC"));
        Assert.AreSame(Metric.R2Score, Metric.Named("r2_score"));
        Assert.AreSame(Metric.KLDivergence, Metric.Named("kl_divergence"));
        Assert.AreSame(Metric.F1Score, Metric.Named("F1Score"));
        Assert.Contains("'accuracy'", Assert.Throws<ModelException>(() => Metric.Named("acuracy")).Message);
        Assert.Contains("Metric.From", Assert.Throws<ModelException>(() => Metric.Named("happiness")).Message);
        var all = typeof(Metric).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(property => (Metric)property.GetValue(null)!);
        foreach (var metric in all) Assert.AreSame(metric, Metric.Named(metric.Name));
    }

    [TestMethod]
    public void Counts_take_weights()
    {
        Assert.AreEqual(4, Result(new TruePositives(), s_true, s_predicted, s_weights));
        Assert.AreEqual(3, Result(new FalsePositives(), s_true, s_predicted, s_weights));
        Assert.AreEqual(1, Result(new TrueNegatives(), s_true, s_predicted, s_weights));
        Assert.AreEqual(2, Result(new FalseNegatives(), s_true, s_predicted, s_weights));
        Assert.AreEqual(4.0 / 7, Result(new Precision(), s_true, s_predicted, s_weights), 1e-6);
        Assert.AreEqual(4.0 / 6, Result(new Recall(), s_true, s_predicted, s_weights), 1e-6);
        Assert.AreEqual(2.0 / 3, Result(new Recall(), s_true, s_predicted), 1e-6);
    }

    [TestMethod]
    public void Several_thresholds_or_classes_give_one_value_each()
    {
        CollectionAssert.AreEqual(new double[] { 3, 2, 1 }, Results(new TruePositives([0.3, 0.5, 0.85]), s_true, s_predicted));
        CollectionAssert.AreEqual(new[] { 3.0 / 4, 2.0 / 3, 1 }, Results(new Precision([0.3, 0.5, 0.85]), s_true, s_predicted));
        float[,] y = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };
        float[,] p = { { 0.9f, 0, 0 }, { 0, 0.9f, 0 }, { 0.8f, 0, 0 }, { 0, 0.3f, 0.1f } };
        double[] scores = [2.0 / 3, 0.5, 0];
        CollectionAssert.AreEqual(scores, Results(new F1Score(), y, p));
        Assert.AreEqual(scores.Average(), Result(new F1Score(ScoreAverage.Macro), y, p), 1e-9);
        Assert.AreEqual(((1 * scores[0]) + (2 * scores[1])) / 4, Result(new F1Score(ScoreAverage.Weighted), y, p), 1e-9);
        Assert.Throws<ModelException>(() => new Recall([0.5, 1.5]));

        var input = Model.Input([3]);
        var trainer = new Model(input, input.Apply(new Dense(3, Activation.Softmax))).Compile(
            new Sgd(),
            Loss.CategoricalCrossentropy,
            metrics: [Metric.F1Score, Metric.Accuracy, new Recall([0.25, 0.75], name: "found")]);
        string[] names = ["loss", "f1_score_0", "f1_score_1", "f1_score_2", "accuracy", "found_0", "found_1"];
        CollectionAssert.AreEqual(names, trainer.Evaluate(y, y).Keys.ToArray());
    }

    [TestMethod]
    public void Auc_takes_thresholds_and_weights_of_labels()
    {
        Assert.AreEqual(Result(new Auc(5), s_true, s_predicted), Result(new Auc(thresholds: [0.75, 0.25, 0.5]), s_true, s_predicted), 1e-9);
        float[,] y = { { 0, 1 }, { 1, 0 }, { 0, 1 } };
        float[,] p = { { 0.1f, 0.3f }, { 0.9f, 0.5f }, { 0.2f, 0.8f } };
        Assert.AreEqual(((3 * 1) + (1 * 0.5)) / 4, Result(new Auc(multiLabel: true, labelWeights: [3, 1]), y, p), 1e-6);
        Assert.AreEqual(Result(Metric.Auc, new float[] { 0, 1, 0 }, new float[] { 0.1f, 0.9f, 0.2f }), Result(new Auc(labelWeights: [1, 0]), y, p), 1e-6);
        Assert.Throws<ModelException>(() => Result(new Auc(multiLabel: true, numLabels: 3), y, p));
        Assert.Throws<ModelException>(() => Result(new Auc(labelWeights: [1]), y, p));
    }

    [TestMethod]
    public void Auc_is_the_share_of_pairs_in_order()
    {
        // Of 3 x 2 pairs of a positive and a negative, 5 are in order: 0.4 is below 0.6.
        Assert.AreEqual(5.0 / 6, Result(Metric.Auc, s_true, s_predicted), 1e-6);
        Assert.AreEqual(5.0 / 6, Result(new Auc(fromLogits: true, numThresholds: 1000), s_true, new float[] { -3, -0.5f, 0.5f, 1, 2 }), 1e-6);
        Assert.AreEqual(1, Result(new Auc(curve: AucCurve.PR), s_true, new float[] { 0.1f, 0.7f, 0.2f, 0.8f, 0.9f }), 1e-6);
        Assert.AreEqual(
            0.75,
            Result(new Auc(multiLabel: true), new float[,] { { 0, 1 }, { 1, 0 }, { 0, 1 } }, new float[,] { { 0.1f, 0.3f }, { 0.9f, 0.5f }, { 0.2f, 0.8f } }),
            1e-6);
    }

    [TestMethod]
    public void Auc_of_predictions_that_are_NaN_does_not_fail()
    {
        var result = Result(Metric.Auc, s_true, new float[] { float.NaN, 0.4f, float.PositiveInfinity, -1, 2 });
        Assert.IsTrue(result is >= 0 and <= 1);
    }

    [TestMethod]
    public void Best_thresholds_hold_the_other_rate()
    {
        Assert.AreEqual(2.0 / 3, Result(new SensitivityAtSpecificity(1), s_true, s_predicted), 1e-6);
        Assert.AreEqual(0.5, Result(new SpecificityAtSensitivity(1), s_true, s_predicted), 1e-6);
        Assert.AreEqual(0.75, Result(new PrecisionAtRecall(1), s_true, s_predicted), 1e-6);
        Assert.AreEqual(2.0 / 3, Result(new RecallAtPrecision(1), s_true, s_predicted), 1e-6);
        Assert.Throws<ModelException>(() => new RecallAtPrecision(1.5));
    }

    [TestMethod]
    public void Top_predictions_count()
    {
        float[,] y = { { 0, 1, 0 }, { 1, 0, 1 } };
        float[,] p = { { 0.5f, 0.4f, 0.1f }, { 0.2f, 0.3f, 0.9f } };
        Assert.AreEqual(0.5, Result(new Precision(topK: 2), y, p), 1e-6);
        Assert.AreEqual(2.0 / 3, Result(new Recall(topK: 2), y, p), 1e-6);
        Assert.AreEqual(1, Result(new Precision(classId: 2), y, p), 1e-6);
    }

    [TestMethod]
    public void Regression_follows_the_definitions()
    {
        float[,] y = { { 1, 2 }, { 3, 5 }, { 5, 4 } };
        float[,] p = { { 1, 3 }, { 2, 5 }, { 5, 3 } };
        var r2 = ((1 - (1.0 / 8)) + (1 - (2 / (14.0 / 3)))) / 2;
        Assert.AreEqual(r2, Result(Metric.R2Score, y, p), 1e-5);
        var (v1, v2) = (8.0, 14.0 / 3);
        Assert.AreEqual(
            ((v1 * (1 - (1.0 / 8))) + (v2 * (1 - (2 / v2)))) / (v1 + v2),
            Result(new R2Score(ScoreAggregation.VarianceWeightedAverage), y, p),
            1e-5);
        Assert.AreEqual(1 - ((1 - r2) * 2 / 1), Result(new R2Score(numRegressors: 1), y, p), 1e-5);
        Assert.AreEqual(Math.Sqrt(3.0 / 6), Result(Metric.RootMeanSquaredError, y, p), 1e-6);
        Assert.AreEqual(1, Result(Metric.PearsonCorrelation, new float[,] { { 1, 2, 3 } }, new float[,] { { 2, 4, 6 } }), 1e-5);
        Assert.AreEqual(
            2 * (4.0 / 3) / ((2.0 / 3) + (8.0 / 3) + 4),
            Result(Metric.ConcordanceCorrelation, new float[,] { { 1, 2, 3 } }, new float[,] { { 2, 4, 6 } }),
            1e-5);
    }

    [TestMethod]
    public void Intersections_leave_out_what_is_no_class()
    {
        Assert.AreEqual((0.5 + 0.5) / 2, Result(new IoU(2), new long[] { 0, 0, 1, 7 }, new float[] { 0, 1, 1, 1 }), 1e-6);
        Assert.AreEqual(0.5, Result(new IoU(2, [1]), new long[] { 0, 0, 1, 7 }, new float[] { 0, 1, 1, 1 }), 1e-6);
        Assert.AreEqual(1, Result(new MeanIoU(3, ignoreClass: 0), new long[] { 0, 2, 1 }, new float[] { 1, 2, 1 }), 1e-6);
        Assert.AreEqual((0.5 + (2.0 / 3)) / 2, Result(new BinaryIoU(), new float[] { 0, 1, 0, 1 }, new float[] { 0.1f, 0.9f, 0.7f, 0.6f }), 1e-6);
    }

    /// <summary>As Keras converts them, without their fraction: 1.5 would lie outside the matrix of counts.</summary>
    [TestMethod]
    public void Intersections_of_numbers_between_classes_count_the_class_below()
    {
        Assert.AreEqual(1.0 / 3, Result(new BinaryIoU([1]), new float[] { 1.9f, 1.5f, 0.9f }, new float[] { 0.9f, 0.1f, 0.7f }), 1e-6);
        Assert.AreEqual(1, Result(new IoU(3), new float[] { 2.9f, 1.2f, 0.5f }, new float[] { 2.1f, 1.9f, 0.3f }), 1e-6);
        Assert.AreEqual(1, Result(new MeanIoU(2), new float[] { float.NaN, -1, 1 }, new float[] { 1, 0, 1 }), 1e-6);
    }

    [TestMethod]
    public void ConfusionMatrix_gathers_batches_and_reports()
    {
        var input = Model.Input([3]);
        var model = new Model(input, input.Apply(new Softmax()));
        float[,] x = { { 9, 0, 0 }, { 0, 9, 0 }, { 0, 9, 0 }, { 0, 0, 9 }, { 9, 0, 0 } };
        var matrix = ConfusionMatrix.Of(model, x, new int[] { 0, 1, 2, 2, 0 }, batchSize: 2);
        Assert.AreEqual(2, matrix[0, 0]);
        Assert.AreEqual(1, matrix[2, 1]);
        Assert.AreEqual(0.8, matrix.Accuracy, 1e-9);
        var report = matrix.Report(["a", "b", "c"]);
        Assert.AreEqual(new ClassScore("b", 0.5, 1, 2.0 / 3, 1), report.Classes[1]);
        Assert.AreEqual((1 + 0.5 + 1) / 3, report.Macro.Precision, 1e-9);
        Assert.AreEqual(0.8, report.Weighted.Recall, 1e-9);
        Assert.Contains("weighted average", report.ToString());
        Assert.Contains("0.5000", report.ToString());
        Assert.Throws<ModelException>(() => ConfusionMatrix.Of(model, x, new int[] { 0, 1, 3, 2, 0 }));
        foreach (var none in new[] { 0, -1 }) Assert.Contains($"numClasses is {none}", Assert.Throws<ModelException>(() => new ConfusionMatrix(none)).Message);
    }

    [TestMethod]
    public void Weighted_metrics_stand_beside_the_others()
    {
        var input = Model.Input([1]);
        var trainer = new Model(input, input.Apply(new Dense(1, useBias: false, kernelInitializer: Initializer.Ones))).Compile(
            new Sgd(0),
            Loss.MeanSquaredError,
            metrics: [Metric.MeanAbsoluteError],
            weightedMetrics: [Metric.MeanAbsoluteError]);
        var logs = trainer.Evaluate(new float[] { 1, 2 }, new float[] { 2, 5 }, sampleWeight: new float[] { 3, 1 });
        Assert.AreEqual(2, logs["mean_absolute_error"], 1e-6);
        Assert.AreEqual(1.5, logs["weighted_mean_absolute_error"], 1e-6);
    }

    private static double Result(Metric metric, NDArray yTrue, NDArray yPred, NDArray? weights = null) => metric.Result(Totals(metric, yTrue, yPred, weights));

    private static double[] Results(Metric metric, NDArray yTrue, NDArray yPred) => [.. metric.Results(Totals(metric, yTrue, yPred, null))];

    private static double[][] Totals(Metric metric, NDArray yTrue, NDArray yPred, NDArray? weights)
    {
        NDArray[] data = weights is null ? [yTrue, yPred] : [yTrue, yPred, weights];
        var inputs = data.Select((array, i) => new InputLayer(array.Shape.With(0, Shape.Unknown), array.DType, "input_" + i).Tensor).ToArray();
        var sums = metric.Sums(inputs[0], inputs[1], inputs.ElementAtOrDefault(2));
        var plan = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), [.. inputs.Select(input => input.Value)], [.. sums.Select(sum => sum.Value)], []),
            [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
        for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        return [.. plan.Outputs.Select(output => output.Floats.ToArray().Select(value => (double)value).ToArray())];
    }
}
