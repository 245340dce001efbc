using System.ComponentModel;

namespace OnnxFunctional.Training;

/// <summary>From a model to its trainer.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Compilation
{
    /// <summary>Fixes how the model is trained; the trainer that comes back can fit it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">How weights move.</param>
    /// <param name="loss">What is made small; the same for every output.</param>
    /// <param name="metrics">What is reported besides.</param>
    /// <param name="seed">What shuffling and random layers draw from; the model's seed if none is given.</param>
    /// <param name="threads">Threads of the engine; as many as the process may use if none are given. Results do not depend on it.</param>
    /// <param name="weightedMetrics">What is reported besides, sample weights applied.</param>
    /// <param name="precision">The type a step computes in and keeps its activations in.</param>
    public static Trainer Compile(
        this Model model, Optimizer optimizer, Loss loss, MetricList? metrics = null, ulong? seed = null, int? threads = null, MetricList? weightedMetrics = null, MixedPrecision precision = MixedPrecision.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Make(model, optimizer, [.. model.Outputs.Select(_ => loss)], null, metrics, seed, threads, weightedMetrics, precision);
    }

    /// <summary>Fixes how a model of several outputs is trained, with a loss for each by name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">How weights move.</param>
    /// <param name="losses">A loss for each output by name; an output without one is not trained.</param>
    /// <param name="lossWeights">A factor on each loss by name; 1 where none is given.</param>
    /// <param name="metrics">What is reported besides.</param>
    /// <param name="seed">What shuffling and random layers draw from; the model's seed if none is given.</param>
    /// <param name="threads">Threads of the engine; as many as the process may use if none are given.</param>
    /// <param name="weightedMetrics">What is reported besides, sample weights applied.</param>
    /// <param name="precision">The type a step computes in and keeps its activations in.</param>
    /// <exception cref="ModelException">A name is none of the model's outputs.</exception>
    public static Trainer Compile(
        this Model model, Optimizer optimizer, Dictionary<string, Loss> losses, Dictionary<string, float>? lossWeights = null, MetricList? metrics = null, ulong? seed = null, int? threads = null, MetricList? weightedMetrics = null,
        MixedPrecision precision = MixedPrecision.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(losses);
        CheckNames(model, losses.Keys, "losses");
        CheckNames(model, lossWeights?.Keys ?? Enumerable.Empty<string>(), "lossWeights");
        return Make(model, optimizer, [.. model.OutputNames.Select(name => losses.GetValueOrDefault(name))], lossWeights, metrics, seed, threads, weightedMetrics, precision);
    }

    private static Trainer Make(Model model, Optimizer optimizer, IReadOnlyList<Loss?> losses, Dictionary<string, float>? lossWeights, MetricList? metrics, ulong? seed, int? threads, MetricList? weightedMetrics, MixedPrecision precision)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        var chosen = metrics ?? [];
        chosen.Check(model.OutputNames);
        var weighted = weightedMetrics ?? [];
        weighted.Check(model.OutputNames);
        var compiled = new CompiledTraining(model, optimizer, losses, [.. model.OutputNames.Select(name => lossWeights?.GetValueOrDefault(name, 1) ?? 1)], chosen, weighted, precision);
        return new Trainer(compiled, seed ?? model.Seed, threads);
    }

    private static void CheckNames(Model model, IEnumerable<string> names, string what)
    {
        foreach (var name in names)
        {
            if (!model.OutputNames.Contains(name))
            {
                throw new ModelException(
                    $"{what} names '{name}', but the model's outputs are {string.Join(", ", model.OutputNames.Select(output => $"'{output}'"))}."
                    + (Naming.Nearest(name, model.OutputNames) is { } nearest ? $" Did you mean '{nearest}'?" : " Outputs are named after the layers that make them; give those a name."));
            }
        }
    }
}
