namespace OnnxFunctional.Training.Data;

/// <summary>Cross-validation that keeps the shares of classes: the test parts have as many samples of each class, to within one.</summary>
/// <remarks>https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.StratifiedKFold.html</remarks>
/// <param name="nSplits">The number of splits, at least 2.</param>
/// <param name="shuffle">Whether the samples of a class are assigned at random; otherwise in their order.</param>
/// <param name="seed">The seed: <c>random_state</c>.</param>
/// <exception cref="ModelException">There are fewer than 2 splits.</exception>
/// <example><c>foreach (var (train, test) in new StratifiedKFold(nSplits: 5).Split(x, y)) ...</c>, as <see cref="KFold"/> shows.</example>
public sealed class StratifiedKFold(int nSplits = 5, bool shuffle = false, ulong seed = 0)
{
    private const uint Stream = 0x534B_464F;

    private readonly int _splits = KFold.Checked("StratifiedKFold", nSplits);

    /// <summary>The samples of both parts of every split, in ascending order.</summary>
    /// <param name="x">The data: only its number of samples matters.</param>
    /// <param name="y">The class of each sample. A class of fewer samples than splits is missing in some test parts.</param>
    /// <exception cref="ModelException">Every class has fewer samples than there are splits, or numbers of samples differ.</exception>
    public IEnumerable<(int[] Train, int[] Test)> Split(NDArrays x, NDArray y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var samples = ModelSelection.Samples("StratifiedKFold", [.. x, y]);
        var classes = Strata.Of(y);
        var largest = classes.Select(members => members.Length).DefaultIfEmpty().Max();
        if (largest < _splits)
        {
            throw new ModelException(
                $"StratifiedKFold makes {_splits} splits, but no class has more than {largest} of the {samples} samples. Use fewer splits, or KFold.");
        }

        // Dealt out like cards, class after class, the parts differ by one sample at most, of each class and together.
        var folds = new int[samples];
        var next = 0;
        for (var i = 0; i < classes.Length; i++)
        {
            var counts = new int[_splits];
            foreach (var _ in classes[i]) counts[next++ % _splits]++;
            int[] dealt = [.. Enumerable.Range(0, _splits).SelectMany(fold => Enumerable.Repeat(fold, counts[fold]))];
            if (shuffle) Shuffling.Shuffle(dealt, seed, Stream, (uint)i);
            for (var j = 0; j < dealt.Length; j++) folds[classes[i][j]] = dealt[j];
        }

        return KFold.Parts(folds, _splits);
    }
}
