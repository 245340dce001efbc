using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Parts of data hold each sample once, are the same for the same seed, and keep the shares of classes.</summary>
[TestClass]
public sealed class ModelSelectionTests
{
    [TestMethod]
    public void A_split_holds_every_sample_once_with_its_target()
    {
        NDArrays x = new() { ["a"] = Floats(10), ["b"] = new double[10, 2] };
        var (xTrain, xTest, yTrain, yTest) = ModelSelection.TrainTestSplit(x, Floats(10), testSize: 0.25, seed: 3);
        Assert.AreEqual((7, 3), (yTrain[0].Count, yTest[0].Count));
        CollectionAssert.AreEqual(yTrain[0].ToArray(), xTrain["a"].ToArray());
        CollectionAssert.AreEqual(yTest[0].ToArray(), xTest["a"].ToArray());
        CollectionAssert.AreEqual(new int?[] { 3, 2 }, xTest["b"].Shape.ToArray());
        CollectionAssert.AreEquivalent(Floats(10), yTrain[0].ToArray().Concat(yTest[0].ToArray()).ToArray());
        CollectionAssert.AreNotEqual(Floats(7), yTrain[0].ToArray());

        var again = ModelSelection.TrainTestSplit(x, Floats(10), testSize: 0.25, seed: 3);
        CollectionAssert.AreEqual(yTrain[0].ToArray(), again.YTrain[0].ToArray());
        var other = ModelSelection.TrainTestSplit(x, Floats(10), testSize: 0.25, seed: 4);
        CollectionAssert.AreNotEqual(yTrain[0].ToArray(), other.YTrain[0].ToArray());
    }

    /// <summary>The numbers are those of scikit-learn.</summary>
    [TestMethod]
    [DataRow(10, null, null, 7, 3)]
    [DataRow(10, 0.2, null, 8, 2)]
    [DataRow(10, null, 0.75, 7, 3)]
    [DataRow(11, 0.2, null, 8, 3)]
    [DataRow(10, 3.0, null, 7, 3)]
    [DataRow(10, 3.0, 4.0, 4, 3)]
    [DataRow(10, 0.25, 0.5, 5, 3)]
    [DataRow(100, 0.07, null, 93, 7)]
    public void Sizes_are_shares_or_numbers(int samples, double? testSize, double? trainSize, int train, int test)
    {
        foreach (var shuffle in new[] { true, false })
        {
            var (_, _, yTrain, yTest) = ModelSelection.TrainTestSplit(Floats(samples), Floats(samples), testSize, trainSize, shuffle: shuffle);
            Assert.AreEqual((train, test), (yTrain[0].Count, yTest[0].Count));
            Assert.IsEmpty(yTrain[0].ToArray().Intersect(yTest[0].ToArray()));
            if (shuffle) continue;
            CollectionAssert.AreEqual(Floats(train + test), yTrain[0].ToArray().Concat(yTest[0].ToArray()).ToArray());
        }
    }

    [TestMethod]
    public void Classes_keep_their_shares_to_within_one_sample()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var classes = random.Next(2, 6);
            var labels = Enumerable.Range(0, classes).SelectMany(c => Enumerable.Repeat(c, random.Next(2, 40))).OrderBy(_ => random.Next()).ToArray();
            var test = random.Next(classes, labels.Length - classes + 1);
            double? train = random.Next(2) == 0 || labels.Length - test == classes ? null : random.Next(classes, labels.Length - test + 1);
            var (xTrain, xTest, yTrain, yTest) = ModelSelection.TrainTestSplit(
                Floats(labels.Length), labels, testSize: test, trainSize: train, seed: (ulong)round, stratify: labels);
            Assert.AreEqual((train ?? labels.Length - test, test), (yTrain[0].Count, yTest[0].Count));
            Assert.IsEmpty(xTrain[0].ToArray().Intersect(xTest[0].ToArray()));
            foreach (var (x, y) in new[] { (xTrain, yTrain), (xTest, yTest) })
            {
                CollectionAssert.AreEqual(x[0].ToArray().Select(i => (float)labels[(int)i]).ToArray(), y[0].ToArray());
                CollectionAssert.AllItemsAreUnique(x[0].ToArray());
                for (var c = 0; c < classes; c++)
                {
                    var exact = labels.Count(label => label == c) * (double)y[0].Count / labels.Length;
                    Assert.IsLessThan(1.0001, Math.Abs(y[0].ToArray().Count(label => label == c) - exact), $"round {round}, class {c}");
                }
            }
        }
    }

    [TestMethod]
    public void One_hot_rows_are_classes_too()
    {
        var oneHot = new float[,] { { 1, 0 }, { 0, 1 }, { 1, 0 }, { 0, 1 }, { 1, 0 }, { 0, 1 }, { 1, 0 }, { 0, 1 } };
        var (_, _, _, yTest) = ModelSelection.TrainTestSplit(Floats(8), oneHot, testSize: 0.5, stratify: oneHot);
        Assert.AreEqual(2, yTest[0].ToArray().Where((_, i) => i % 2 == 0).Sum());
    }

    [TestMethod]
    public void Folds_test_every_sample_once()
    {
        CollectionAssert.AreEqual(
            new[] { "0,1,2", "3,4,5", "6,7", "8,9" }, new KFold(4).Split(Floats(10)).Select(split => string.Join(',', split.Test)).ToArray());
        var plain = new KFold(3, shuffle: true, seed: 5).Split(Floats(11));
        foreach (var splits in new[] { plain, new StratifiedKFold(3, shuffle: true).Split(Floats(11), Labels(11)) })
        {
            CollectionAssert.AreEquivalent(Enumerable.Range(0, 11).ToArray(), splits.SelectMany(split => split.Test).ToArray());
            foreach (var (train, test) in splits)
            {
                CollectionAssert.AreEquivalent(Enumerable.Range(0, 11).ToArray(), train.Concat(test).ToArray());
                CollectionAssert.AreEqual(test.Order().ToArray(), test);
                Assert.IsLessThanOrEqualTo(1, Math.Abs(test.Length - (11 / 3.0)));
            }

            CollectionAssert.AreEqual(splits.First().Test, splits.First().Test);
        }

        CollectionAssert.AreNotEqual(
            new KFold(3, shuffle: true, seed: 1).Split(Floats(30)).First().Test, new KFold(3, shuffle: true, seed: 2).Split(Floats(30)).First().Test);
    }

    [TestMethod]
    public void Stratified_folds_have_the_same_classes()
    {
        int[] labels = [.. Enumerable.Repeat(0, 13), .. Enumerable.Repeat(1, 7), .. Enumerable.Repeat(2, 2)];
        foreach (var shuffle in new[] { false, true })
        {
            foreach (var (_, test) in new StratifiedKFold(5, shuffle).Split(Floats(22), labels))
            {
                foreach (var (label, count) in new[] { (0, 13), (1, 7), (2, 2) })
                    Assert.IsLessThan(1, Math.Abs(test.Count(i => labels[i] == label) - (count / 5.0)));
            }
        }
    }

    [TestMethod]
    public void What_cannot_be_split_is_refused()
    {
        Said("would make parts of 1 and 3", () => ModelSelection.TrainTestSplit(Floats(3), Floats(3), testSize: 3, trainSize: 1));
        Said("parts of 0 and 1", () => ModelSelection.TrainTestSplit(Floats(1), Floats(1)));
        Said("testSize is 1.5", () => ModelSelection.TrainTestSplit(Floats(3), Floats(3), testSize: 1.5));
        Said("trainSize is -0.1", () => ModelSelection.TrainTestSplit(Floats(3), Floats(3), trainSize: -0.1));
        Said("testSize is 5 of 3", () => ModelSelection.TrainTestSplit(Floats(3), Floats(3), testSize: 5));
        Said("arrays of 3, 4 samples", () => ModelSelection.TrainTestSplit(Floats(3), Floats(4)));
        Said("class with one sample, number 2", () => ModelSelection.TrainTestSplit(Floats(5), Floats(5), stratify: new[] { 0, 0, 1, 0, 0 }));
        Said("2 classes, but the parts have 3 and 1", () => ModelSelection.TrainTestSplit(Floats(4), Floats(4), stratify: new[] { 0, 0, 1, 1 }));
        Said("2 classes for 3 samples", () => ModelSelection.TrainTestSplit(Floats(3), Floats(3), stratify: new[] { 0, 0 }));
        Said("shuffle: false", () => ModelSelection.TrainTestSplit(Floats(4), Floats(4), shuffle: false, stratify: new[] { 0, 0, 1, 1 }));
        Said("nSplits 1", () => new KFold(1).Split(Floats(3)));
        Said("makes 5 splits, but there are 3 samples", () => new KFold().Split(Floats(3)));
        Said("no class has more than 2 of the 4", () => new StratifiedKFold(3).Split(Floats(4), new[] { 0, 0, 1, 1 }));
        Said("arrays of 4, 3 samples", () => new StratifiedKFold(2).Split(Floats(4), new[] { 0, 0, 1 }));

        static void Said(string words, Action act) => Assert.Contains(words, Assert.Throws<ModelException>(act).Message);
    }

    private static float[] Floats(int count) => [.. Enumerable.Range(0, count).Select(i => (float)i)];

    private static int[] Labels(int count) => [.. Enumerable.Range(0, count).Select(i => i % 3)];
}
