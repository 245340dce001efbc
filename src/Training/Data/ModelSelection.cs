namespace OnnxFunctional.Training.Data;

/// <summary>Parts of data to train and to test on, as scikit-learn's <c>model_selection</c> has them.</summary>
public static class ModelSelection
{
    private const double DefaultTestSize = 0.25;
    private const uint Stream = 0x5454_5350;

    /// <summary>Splits inputs and targets in two at random: a part to train on and one to test on.</summary>
    /// <remarks>https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html</remarks>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs.</param>
    /// <param name="testSize">
    /// The share of the test part, below 1, or its number of samples; a share is rounded up. Default: what <paramref name="trainSize"/> leaves, or 0.25.
    /// </param>
    /// <param name="trainSize">The share of the training part, below 1, or its number of samples; a share is rounded down. Default: what is left.</param>
    /// <param name="seed">The seed: <c>random_state</c>.</param>
    /// <param name="shuffle">Whether samples are shuffled; otherwise the last ones are the test part.</param>
    /// <param name="stratify">The class of each sample: both parts have the share of each class that the data has, to within one sample.</param>
    /// <returns>Inputs and targets of both parts, with the names they were given by.</returns>
    /// <example>
    /// <code>
    /// var (xTrain, xTest, yTrain, yTest) = ModelSelection.TrainTestSplit(measurements, classes, testSize: 0.2, stratify: classes);
    /// </code>
    /// </example>
    /// <exception cref="ModelException">
    /// A size leaves no sample for one of the parts, numbers of samples differ, or a class is too small for both parts.
    /// </exception>
    public static (NDArrays XTrain, NDArrays XTest, NDArrays YTrain, NDArrays YTest) TrainTestSplit(
        NDArrays x,
        NDArrays y,
        double? testSize = null,
        double? trainSize = null,
        ulong seed = 0,
        bool shuffle = true,
        NDArray? stratify = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var (train, test) = Split(Samples("TrainTestSplit", x.Concat(y)), testSize, trainSize, seed, shuffle, stratify);
        return (x.Take(train), x.Take(test), y.Take(train), y.Take(test));
    }

    /// <summary>The number of samples that all arrays have.</summary>
    /// <exception cref="ModelException">There is no array, or numbers differ.</exception>
    internal static int Samples(string what, IEnumerable<NDArray> arrays)
    {
        int[] counts = [.. arrays.Select(array => array.Count).Distinct()];
        return counts.Length switch
        {
            1 => counts[0],
            0 => throw new ModelException($"{what} was given no data."),
            _ => throw new ModelException($"{what} was given arrays of {string.Join(", ", counts)} samples; expected one number."),
        };
    }

    private static (int[] Train, int[] Test) Split(int samples, double? testSize, double? trainSize, ulong seed, bool shuffle, NDArray? stratify)
    {
        var (train, test) = Sizes(samples, testSize, trainSize);
        int[] order = [.. Enumerable.Range(0, samples)];
        if (stratify is null)
        {
            if (shuffle) Shuffling.Shuffle(order, seed, Stream, 0);

            // Without a shuffle the test part is the end, as in scikit-learn.
            return shuffle ? (order[test..(test + train)], order[..test]) : (order[..train], order[train..(train + test)]);
        }

        if (!shuffle) throw new ModelException("TrainTestSplit with stratify takes samples of each class at random. Leave shuffle: false out.");
        if (stratify.Count != samples)
            throw new ModelException($"stratify has {stratify.Count} classes for {samples} samples. Pass one class per sample.");
        return Stratified(Strata.Of(stratify), train, test, seed);
    }

    private static (int[] Train, int[] Test) Stratified(int[][] classes, int train, int test, ulong seed)
    {
        if (classes.FirstOrDefault(members => members.Length < 2) is { } single)
        {
            throw new ModelException(
                $"stratify has a class with one sample, number {single[0]}, which cannot be in both parts. Merge small classes, or leave stratify out.");
        }

        if (train < classes.Length || test < classes.Length)
        {
            throw new ModelException(
                $"stratify has {classes.Length} classes, but the parts have {train} and {test} samples: each needs at least as many as there are classes. "
                + "Use other sizes, or leave stratify out.");
        }

        int[] sizes = [.. classes.Select(members => members.Length)];
        var tested = Strata.Shares(sizes, test, sizes);
        var trained = Strata.Shares(sizes, train, [.. sizes.Zip(tested, (size, taken) => size - taken)]);
        var (trainPart, testPart) = (new List<int>(), new List<int>());
        for (var i = 0; i < classes.Length; i++)
        {
            Shuffling.Shuffle(classes[i], seed, Stream, (uint)i + 1);
            testPart.AddRange(classes[i][..tested[i]]);
            trainPart.AddRange(classes[i][tested[i]..(tested[i] + trained[i])]);
        }

        // Classes are mixed again: a batch of one class teaches little.
        int[] mixedTrain = [.. trainPart], mixedTest = [.. testPart];
        Shuffling.Shuffle(mixedTrain, seed, Stream, uint.MaxValue);
        Shuffling.Shuffle(mixedTest, seed, Stream, uint.MaxValue - 1);
        return (mixedTrain, mixedTest);
    }

    private static (int Train, int Test) Sizes(int samples, double? testSize, double? trainSize)
    {
        var test = testSize is { } given ? Count(given, samples, "testSize", up: true)
            : trainSize is null ? Count(DefaultTestSize, samples, "testSize", up: true) : (int?)null;
        var train = trainSize is { } share ? Count(share, samples, "trainSize", up: false) : samples - test!.Value;
        var tested = test ?? samples - train;
        return train > 0 && tested > 0 && train + tested <= samples
            ? (train, tested)
            : throw new ModelException(
                $"TrainTestSplit of {samples} samples would make parts of {train} and {tested}; expected at least 1 of each, and {samples} together at most.");
    }

    private static int Count(double size, int samples, string name, bool up)
    {
        if (size >= 1 && double.IsInteger(size) && size <= samples) return (int)size;
        if (size is not (> 0 and < 1))
            throw new ModelException($"{name} is {size} of {samples} samples; expected a share between 0 and 1, or a number of samples.");

        // A share such as 0.07 is none of float64: 0.07 * 100 is a little more than 7.
        var exact = Math.Round(size * samples, 9);
        return (int)(up ? Math.Ceiling(exact) : Math.Floor(exact));
    }
}
