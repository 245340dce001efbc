using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.Training;

/// <summary>Options out of their range are refused where they are given, not when numbers have become wrong.</summary>
[TestClass]
public sealed class OptionRangeTests
{
    [TestMethod]
    public void An_option_out_of_range_is_refused_by_its_name()
    {
        (Func<object> Make, string Says)[] rows =
        [
            (() => new BinaryCrossentropy(labelSmoothing: -3), "BinaryCrossentropy: labelSmoothing is -3; expected a number from 0 to 1"),
            (() => new CategoricalCrossentropy(labelSmoothing: 1.5), "CategoricalCrossentropy: labelSmoothing is 1.5"),
            (() => new BinaryFocalCrossentropy(labelSmoothing: 2), "BinaryFocalCrossentropy: labelSmoothing is 2"),
            (() => new BinaryFocalCrossentropy(alpha: -1), "alpha is -1"),
            (() => new CategoricalFocalCrossentropy(gamma: double.NaN), "gamma is NaN; expected a finite number of at least 0"),
            (() => new Huber(-1), "Huber: delta is -1"),
            (() => new Tversky(-1), "Tversky: alpha is -1"),
            (() => new Tversky(beta: -1), "Tversky: beta is -1"),
            (() => new Circle(-1), "Circle: gamma is -1"),
            (() => new Circle(margin: double.PositiveInfinity), "Circle: margin is Infinity"),
            (() => new CategoricalGeneralizedCrossEntropy(1), "q is 1; expected a number above 0 and below 1"),
            (() => new TopKCategoricalAccuracy(0), "TopKCategoricalAccuracy: k is 0; expected a positive integer"),
            (() => new SparseTopKCategoricalAccuracy(-1), "k is -1"),
            (() => new BinaryAccuracy(7), "BinaryAccuracy: threshold is 7"),
            (() => new F1Score(threshold: 9), "threshold is 9; expected a number above 0 and at most 1"),
            (() => new FBetaScore(beta: 0), "FBetaScore: beta is 0"),
            (() => new R2Score(numRegressors: -2), "R2Score: numRegressors is -2"),
            (() => new Precision(topK: 0), "Precision: topK is 0"),
            (() => new Recall(classId: -1), "Recall: classId is -1"),
            (() => new LayerNormalization(epsilon: -1), "LayerNormalization: epsilon is -1"),
            (() => new BatchNormalization(epsilon: double.NaN), "BatchNormalization: epsilon is NaN"),
            (() => new GroupNormalization(epsilon: -1), "GroupNormalization: epsilon is -1"),
            (() => new RmsNormalization(epsilon: -1), "RmsNormalization: epsilon is -1"),
        ];
        foreach (var (make, says) in rows) Assert.Contains(says, Assert.ThrowsExactly<ModelException>(() => make(), says).Message);
    }
}
