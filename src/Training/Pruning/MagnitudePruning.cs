using System.Numerics.Tensors;
using OnnxFunctional.Training.Pruning;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>Sets the smallest weights of each kernel to zero during training and keeps them at zero; logs <c>sparsity</c>.</summary>
/// <remarks>
/// <para>
/// At each step of the schedule the weights to prune are chosen again, by magnitude within each kernel. Pruned weights are exactly zero after every step and in
/// every file. The choice is part of the trainer's state: resumed training makes the same one, and a later Fit with this callback keeps the choice of an
/// earlier one. A Fit without it trains the zeros again.
/// </para>
/// <para>
/// Zeros make a compressed file smaller but a network no faster; <see cref="Model.Prune"/> makes networks faster. Put this callback after EarlyStopping, so
/// that restored weights are pruned too.
/// </para>
/// <para>https://www.tensorflow.org/model_optimization/api_docs/python/tfmot/sparsity/keras/prune_low_magnitude</para>
/// </remarks>
/// <example><c>callbacks: [new MagnitudePruning(SparsitySchedule.PolynomialDecay(finalSparsity: 0.8, endStep: 2_000))]</c></example>
/// <param name="schedule">The share of zeros; a plain number is a constant share from the first step on.</param>
/// <param name="layers">The names of the layers whose kernels are pruned, including layers inside them; default: all.</param>
/// <param name="weights">
/// Which weights are pruned, by full name (<c>dense/kernel</c>). Default: the kernels of Dense layers, convolutions, recurrent layers and attention, but no
/// depthwise ones.
/// </param>
public sealed class MagnitudePruning(SparsitySchedule schedule, IReadOnlyList<string>? layers = null, Func<string, Weight, bool>? weights = null) : Callback
{
    // The mask's value at pruned weights. Elsewhere it is 0, which is also what a file without masks yields.
    private const float Mark = -1;

    private readonly MagnitudeThreshold _threshold = new();
    private Entry[] _pruned = [];
    private bool _begun;

    /// <summary>The share of zeros as a function of the number of steps made.</summary>
    public SparsitySchedule Schedule { get; } = schedule ?? throw new ArgumentNullException(nameof(schedule));

    /// <summary>The names of the layers whose kernels are pruned, including layers inside them; default: all.</summary>
    public IReadOnlyList<string> Layers { get; } = layers ?? [];

    /// <summary>
    /// Which weights are pruned, by full name (<c>dense/kernel</c>). Default: the kernels of Dense layers, convolutions, recurrent layers and attention, but no
    /// depthwise ones.
    /// </summary>
    public Func<string, Weight, bool>? Weights { get; } = weights;

    /// <summary>The share of zeros in all pruned weights together.</summary>
    public double Sparsity
    {
        get
        {
            var (zeros, count) = (0L, 0L);
            foreach (var (weight, _) in _pruned) (zeros, count) = (zeros + weight.Storage.AsSpan().Count(0), count + weight.Length);
            return count == 0 ? 0 : (double)zeros / count;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ModelException">A layer is unknown, or no weight can be pruned.</exception>
    public override void OnTrainBegin()
    {
        var paths = Trainer.Model.WeightPaths();
        foreach (var layer in Layers)
        {
            if (paths.Any(named => IsIn(named.Path, layer))) continue;
            var known = paths.Select(named => named.Path[..named.Path.LastIndexOf('/')]).Distinct().ToList();
            var nearest = Naming.Nearest(layer, known);
            throw new ModelException(
                $"MagnitudePruning: no layer '{layer}' has weights." + (nearest is null ? "" : $" Did you mean '{nearest}'?")
                + $" Layers with weights: {string.Join(", ", known)}.");
        }

        _pruned = [.. paths.Where(named => IsPruned(named.Path, named.Weight)).Select(named => new Entry(named.Weight, MaskOf(named.Path, named.Weight)))];
        _begun = false;
        if (_pruned.Length == 0)
        {
            throw new ModelException(
                "MagnitudePruning: there is no weight to prune; expected the kernel of a Dense layer, a convolution or a recurrent layer. "
                + "Name layers or weights with the arguments layers or weights.");
        }
    }

    /// <inheritdoc/>
    public override void OnBatchBegin(int batch)
    {
        if (_begun) return;
        _begun = true;
        var step = Trainer.Iterations;
        if (step > Schedule.EndStep && _pruned.All(entry => entry.Mask.Storage.AsSpan().Count(Mark) == 0))
        {
            throw new ModelException(
                $"MagnitudePruning: the schedule ends at step {Schedule.EndStep}, but the trainer has made {step} steps already, so nothing would be pruned. "
                + $"Steps count from the trainer's first: add {step} to beginStep and endStep.");
        }

        // A file to resume from may have been written after a step but before this callback pruned its weights.
        Choose(step);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss) => Choose(Trainer.Iterations);

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        logs["sparsity"] = Sparsity;
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => Apply();

    private static bool IsIn(string path, string layer) =>
        path.StartsWith(layer, StringComparison.Ordinal) && path.Length > layer.Length && path[layer.Length] == '/';

    private Weight MaskOf(string path, Weight weight) => Trainer.Compiled.State.Slot(path + "/pruned", weight.Shape, Initializer.Zeros);

    private bool IsPruned(string path, Weight weight) =>
        (Layers.Count == 0 || Layers.Any(layer => IsIn(path, layer)))
        && (Weights is null ? OnnxFunctional.Sparsity.IsKernel(weight) : Weights(path, weight));

    /// <summary>Chooses the weights to prune if the schedule says so, and prunes.</summary>
    private void Choose(long step)
    {
        if (Schedule.IsDue(step))
        {
            var share = Schedule.At(step);
            foreach (var (weight, mask) in _pruned)
                _threshold.Mask(weight.Storage, (int)Math.Round(share * weight.Length), Mark, mask.Storage);
        }

        Apply();
    }

    /// <summary><c>w + w mask</c>: exactly zero where the mask is -1.</summary>
    private void Apply()
    {
        foreach (var (weight, mask) in _pruned) TensorPrimitives.MultiplyAdd(weight.Storage, mask.Storage, weight.Storage, weight.Storage);
    }

    /// <summary>A weight and the mask of its pruned elements.</summary>
    private readonly record struct Entry(Weight Weight, Weight Mask);
}
