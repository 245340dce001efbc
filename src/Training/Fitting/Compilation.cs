using System.ComponentModel;

namespace OnnxFunctional.Training;

/// <summary>Makes trainers of models.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Compilation
{
    /// <summary>Configures training and returns the trainer that fits the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">Updates the weights.</param>
    /// <param name="loss">What is minimized; the same for every output.</param>
    /// <param name="metrics">What is reported in addition, without sample weights.</param>
    /// <param name="seed">The seed of shuffling and random layers; default: the model's seed.</param>
    /// <param name="threads">Threads of the engine, at most one per processor; default: all that the process may use. Results do not depend on it.</param>
    /// <param name="weightedMetrics">What is reported in addition, with sample weights.</param>
    /// <param name="precision">The type in which a step computes and stores activations.</param>
    public static Trainer Compile(
        this Model model,
        Optimizer optimizer,
        Loss loss,
        MetricList? metrics = null,
        ulong? seed = null,
        int? threads = null,
        MetricList? weightedMetrics = null,
        MixedPrecision precision = MixedPrecision.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Make(model, optimizer, () => [.. model.Outputs.Select(_ => loss)], null, metrics, seed, threads, weightedMetrics, precision);
    }

    /// <summary>Configures training of a model with several outputs, with a loss for each by name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">Updates the weights.</param>
    /// <param name="losses">Losses by the names of the outputs; an output without one is not trained, and a warning.</param>
    /// <param name="lossWeights">Factors on the losses by the names of the outputs; default: 1.</param>
    /// <param name="metrics">What is reported in addition, without sample weights.</param>
    /// <param name="seed">The seed of shuffling and random layers; default: the model's seed.</param>
    /// <param name="threads">Threads of the engine, at most one per processor; default: all that the process may use. Results do not depend on it.</param>
    /// <param name="weightedMetrics">What is reported in addition, with sample weights.</param>
    /// <param name="precision">The type in which a step computes and stores activations.</param>
    /// <exception cref="ModelException">A name is not one of the model's outputs.</exception>
    public static Trainer Compile(
        this Model model,
        Optimizer optimizer,
        Dictionary<string, Loss> losses,
        Dictionary<string, float>? lossWeights = null,
        MetricList? metrics = null,
        ulong? seed = null,
        int? threads = null,
        MetricList? weightedMetrics = null,
        MixedPrecision precision = MixedPrecision.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(losses);
        return Make(model, optimizer, Ordered, lossWeights, metrics, seed, threads, weightedMetrics, precision);

        IReadOnlyList<Loss?> Ordered()
        {
            CheckNames(model, losses.Keys, "losses");
            CheckNames(model, lossWeights?.Keys ?? Enumerable.Empty<string>(), "lossWeights");
            return [.. model.OutputNames.Select(name => losses.GetValueOrDefault(name))];
        }
    }

    private static Trainer Make(
        Model model,
        Optimizer optimizer,
        Func<IReadOnlyList<Loss?>> losses,
        Dictionary<string, float>? lossWeights,
        MetricList? metrics,
        ulong? seed,
        int? threads,
        MetricList? weightedMetrics,
        MixedPrecision precision)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return new Trainer(model, optimizer, Compiled, seed ?? model.Seed, threads);

        // Names and shapes of outputs are known when the model is built.
        CompiledTraining Compiled()
        {
            var ordered = losses();
            var chosen = metrics ?? [];
            chosen.Check(model.OutputNames);
            var weighted = weightedMetrics ?? [];
            weighted.Check(model.OutputNames);
            var factors = model.OutputNames.Select(name => lossWeights?.GetValueOrDefault(name, 1) ?? 1).ToArray();
            for (var i = 0; i < factors.Length; i++)
            {
                if (!float.IsFinite(factors[i]))
                    throw new ModelException($"The loss weight of output '{model.OutputNames[i]}' is {factors[i]}; expected a finite number.");
            }

            var compiled = new CompiledTraining(model, optimizer, ordered, factors, chosen, weighted, precision);
            CompileWarnings.Give(compiled);
            return compiled;
        }
    }

    private static void CheckNames(Model model, IEnumerable<string> names, string what)
    {
        foreach (var name in names)
        {
            if (model.OutputNames.Contains(name)) continue;
            throw new ModelException(
                $"{what} names '{name}', but the model's outputs are {string.Join(", ", model.OutputNames.Select(output => $"'{output}'"))}."
                + (Naming.Nearest(name, model.OutputNames) is { } nearest
                    ? $" Did you mean '{nearest}'?"
                    : " Outputs are named after the layers that compute them; give those a name."));
        }
    }
}
