namespace OnnxFunctional.Training.Data;

/// <summary>Cross-validation: each sample is in the test part of one split and in the training part of all others.</summary>
/// <remarks>https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.KFold.html</remarks>
/// <param name="nSplits">The number of splits, at least 2.</param>
/// <param name="shuffle">Whether samples are assigned at random; otherwise each test part is a run of consecutive samples.</param>
/// <param name="seed">The seed: <c>random_state</c>.</param>
/// <exception cref="ModelException">There are fewer than 2 splits.</exception>
/// <example>
/// <code>
/// NDArrays x = measurements, y = classes;
/// foreach (var (train, test) in new KFold(nSplits: 5, shuffle: true).Split(x))
/// {
///     var trainer = Network().Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
///     trainer.Fit(x.Take(train), y.Take(train), epochs: 20, verbose: 0);
///     Console.WriteLine(trainer.Evaluate(x.Take(test), y.Take(test))["accuracy"]);
/// }
/// </code>
/// </example>
public sealed class KFold(int nSplits = 5, bool shuffle = false, ulong seed = 0)
{
    private const uint Stream = 0x4B46_4F4C;

    private readonly int _splits = Checked("KFold", nSplits);

    /// <summary>The samples of both parts of every split, in ascending order. Parts differ in size by one sample at most.</summary>
    /// <param name="x">The data: only its number of samples matters.</param>
    /// <exception cref="ModelException">There are fewer samples than splits, or numbers of samples differ.</exception>
    public IEnumerable<(int[] Train, int[] Test)> Split(NDArrays x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var samples = ModelSelection.Samples("KFold", x);
        if (samples < _splits) throw new ModelException($"KFold makes {_splits} splits, but there are {samples} samples. Use fewer splits.");
        int[] order = [.. Enumerable.Range(0, samples)];
        if (shuffle) Shuffling.Shuffle(order, seed, Stream, 0);

        // The first parts have one sample more, as in scikit-learn.
        var folds = new int[samples];
        var (size, larger) = Math.DivRem(samples, _splits);
        for (var i = 0; i < samples; i++) folds[order[i]] = i < larger * (size + 1) ? i / (size + 1) : (i - larger) / size;
        return Parts(folds, _splits);
    }

    internal static int Checked(string what, int nSplits) =>
        nSplits >= 2 ? nSplits : throw new ModelException($"{what} has nSplits {nSplits}; expected at least 2: one part is tested, the others train.");

    /// <summary>The splits, given the fold of each sample.</summary>
    internal static IEnumerable<(int[] Train, int[] Test)> Parts(int[] folds, int count) =>
        Enumerable.Range(0, count).Select(fold => (
            Enumerable.Range(0, folds.Length).Where(i => folds[i] != fold).ToArray(),
            Enumerable.Range(0, folds.Length).Where(i => folds[i] == fold).ToArray()));
}
