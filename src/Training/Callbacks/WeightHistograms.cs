namespace OnnxFunctional.Training.Callbacks;

/// <summary>
/// Records how each weight is spread, before the training and after its epochs; with some data also the gradients of the loss on it. <c>Charts.Histograms</c>
/// of OnnxFunctional.Visualization draws them.
/// </summary>
/// <remarks>Another Fit starts again. A histogram takes a few kilobytes, however large the weight.</remarks>
/// <example><code>
/// var histograms = new WeightHistograms(x[..256], y[..256]);
/// trainer.Fit(x, y, epochs: 10, callbacks: [histograms]);
/// Console.WriteLine(histograms.Weights["dense/kernel"][^1]);
/// </code></example>
public sealed class WeightHistograms : Callback
{
    private readonly NDArrays? _x;
    private readonly NDArrays? _y;
    private readonly int _histogramFreq;
    private readonly List<int> _epochs = [];
    private readonly Dictionary<string, List<Histogram>> _weights = [];
    private readonly Dictionary<string, List<Histogram>> _gradients = [];
    private int _done;

    /// <summary>Makes the callback.</summary>
    /// <param name="x">Inputs on which gradients are computed, in one batch; null for no gradients.</param>
    /// <param name="y">The targets of <paramref name="x"/>.</param>
    /// <param name="histogramFreq">The number of epochs between histograms; the last epoch has one in any case.</param>
    /// <exception cref="ModelException">The number of epochs is below 1, or only one of inputs and targets is given.</exception>
    public WeightHistograms(NDArrays? x = null, NDArrays? y = null, int histogramFreq = 1)
    {
        if (histogramFreq < 1) throw new ModelException($"histogramFreq is {histogramFreq}; expected at least 1.");
        if (x is null != y is null) throw new ModelException("Gradients need inputs and targets, but only one of x and y is given. Pass both, or neither.");
        (_x, _y, _histogramFreq) = (x, y, histogramFreq);
    }

    /// <summary>The numbers of epochs that were done at each histogram; the first is 0, before the training.</summary>
    public IReadOnlyList<int> Epochs => _epochs;

    /// <summary>The histograms of each weight by its full name, one per entry of <see cref="Epochs"/>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Histogram>> Weights => ReadOnly(_weights);

    /// <summary>The histograms of each trained weight's gradient, likewise; empty without data.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Histogram>> Gradients => ReadOnly(_gradients);

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        _epochs.Clear();
        _weights.Clear();
        _gradients.Clear();
        _done = 0;
    }

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch)
    {
        // A training that is resumed does not begin at 0.
        if (_epochs.Count == 0) Record(epoch);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        _done = epoch + 1;
        if (_done % _histogramFreq == 0) Record(_done);
    }

    /// <inheritdoc/>
    public override void OnTrainEnd()
    {
        if (_epochs.Count > 0 && _epochs[^1] < _done) Record(_done);
    }

    private void Record(int epochs)
    {
        _epochs.Add(epochs);
        foreach (var (path, weight) in Trainer.Model.WeightPaths()) Add(_weights, path, weight.Storage);
        if (_x is null || _y is null) return;
        foreach (var (path, gradient) in Trainer.ComputeGradients(_x, _y)) Add(_gradients, path, gradient.ToArray());
    }

    private static Dictionary<string, IReadOnlyList<Histogram>> ReadOnly(Dictionary<string, List<Histogram>> histograms) =>
        histograms.ToDictionary(entry => entry.Key, entry => (IReadOnlyList<Histogram>)entry.Value);

    private static void Add(Dictionary<string, List<Histogram>> histograms, string path, ReadOnlySpan<float> values)
    {
        if (!histograms.TryGetValue(path, out var over)) histograms[path] = over = [];
        over.Add(Histogram.Of(values));
    }
}
