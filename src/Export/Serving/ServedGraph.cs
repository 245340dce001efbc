using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Quantizing;

namespace OnnxFunctional.Export.Serving;

/// <summary>The graph of a file whose inputs and outputs, or operators, have other forms than the model's: a rewriting of the model's graph.</summary>
internal static class ServedGraph
{
    /// <summary>The graph that the options ask for; null if it is the model's own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="replaced">The values that stand for those of the model already; null if none do.</param>
    /// <param name="options">What is asked for.</param>
    /// <exception cref="ExportException">Something that is asked for does not fit the model; all problems are in one message.</exception>
    public static ServedForm? Of(Model model, IReadOnlyDictionary<Value, Value>? replaced, ExportOptions options)
    {
        if (!options.ChangesGraph) return null;
        var problems = new List<string>();
        var folds = options.FoldBatchNormalization && replaced is null;
        Value[] given = [.. model.Inputs.Select(input => input.Value)], asked = [.. model.Outputs.Select(output => output.Value)];
        var map = replaced ?? (folds ? new FoldedGraph(model).Computed().Map
            : Specialization.Of(given, asked, training: false, rule: options.AdaptersApart ? Adaptation.Of : null));
        var names = new ServedNames(options.Names);
        var inputs = new ServedInputs(model, [.. given.Select(input => map[input])], names, options, problems);
        var graph = Graph.Between([.. given.Select(input => map[input])], [.. asked.Select(output => map[output])]);
        var states = options.RecurrentStates ? new RecurrentStates(model, graph, problems) : null;
        Dictionary<Value, Value> rewritten = [];
        try
        {
            rewritten = graph.Rewrite(states is null ? (_, _) => null : states.Rule, inputs.Stands);
        }
        catch (ModelException misfit)
        {
            problems.Add($"the sizes of ExportOptions.Sizes do not fit the model: {misfit.Message}");
            Refuse(problems, model);
        }

        var whole = map.Where(entry => rewritten.ContainsKey(entry.Value)).ToDictionary(entry => entry.Key, entry => rewritten[entry.Value]);
        var outputs = new ServedOutputs(model, whole, options, problems);
        (string Name, Value Value)[] taken = [.. inputs.OfFile, .. states?.Inputs ?? []], shown = [.. outputs.OfFile, .. states?.Outputs ?? []];
        names.Check([.. taken.Concat(shown).Select(entry => entry.Name)], problems);
        Refuse(problems, model);
        return new ServedForm(
            [.. names.Of(taken)],
            [.. names.Of(shown)],
            whole,
            [.. (states?.Names ?? []).Select(pair => (names.Of(pair.Input), names.Of(pair.Output)))]);
    }

    private static void Refuse(List<string> problems, Model model)
    {
        if (problems.Count == 0) return;
        throw new ExportException($"'{model.Name}' has no file of the form that ExportOptions ask for:"
            + string.Concat(problems.Distinct().Select(problem => Environment.NewLine + "- " + problem)));
    }
}
