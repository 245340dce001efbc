using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.TrainingStep;

/// <param name="Name">Its name in all files.</param>
/// <param name="Weight">The tensor.</param>
/// <param name="Next">Its name and value after a step; null if it never changes.</param>
/// <param name="Average">The name of the weight's moving average, if it has one.</param>
/// <param name="IsWeight">Whether it is a weight of the model rather than the optimizer's.</param>
internal sealed record NamedState(string Name, Weight Weight, (string Name, Value Value)? Next, string? Average, bool IsWeight);

/// <summary>The names of a training's tensors in its files: each tensor has one name in all of them, and no two share a name.</summary>
internal sealed class StepNames
{
    private readonly NameSet _taken = new();

    public StepNames(CompiledTraining compiled, StepGraph step)
    {
        var model = compiled.Model;
        var weights = step.Inputs.Count - model.Inputs.Count - model.Outputs.Count;
        Inputs = [.. model.InputNames.Select(Unique)];
        Targets = [.. model.OutputNames.Select(name => Unique(name + "_target"))];
        SampleWeights = weights == 1 ? [Unique("sample_weight")] : [.. model.OutputNames.Take(weights).Select(name => Unique(name + "_sample_weight"))];
        Seed = Unique("seed");
        LearningRate = Unique("learning_rate");
        State = Tensors(compiled, step.Updates.GroupBy(update => update.Weight).ToDictionary(group => group.Key, group => group.Last().Value));

        Loss = Unique("loss");
        for (var i = 0; i < compiled.Losses.Count; i++)
        {
            if (compiled.Losses[i] is not null) Losses.Add((model.OutputNames[i] + "_loss", Unique(model.OutputNames[i] + "_loss")));
        }

        foreach (var (name, metric, count) in step.Metrics)
            Metrics.Add((name, metric, [.. Enumerable.Range(0, count).Select(i => Unique(name + (i == 0 ? "/sum" : "/sum_" + i)))]));

        // These are in a file of their own, where a model whose output is an input has one name for both.
        var taken = new NameSet(Inputs);
        Predictions = [.. model.OutputNames.Select(name => taken.Unique(Inputs.Contains(name) ? name + "/output" : name))];
    }

    public string[] Inputs { get; }

    public string[] Targets { get; }

    /// <summary>None, one for all outputs, or one per output.</summary>
    public string[] SampleWeights { get; }

    /// <summary>Inputs, targets and sample weights, in the order of the step's graph.</summary>
    public string[] Data => [.. Inputs, .. Targets, .. SampleWeights];

    public string Seed { get; }

    public string LearningRate { get; }

    /// <summary>Weights, then slots, then the number of steps.</summary>
    public IReadOnlyList<NamedState> State { get; }

    public string Loss { get; }

    public List<(string Log, string Output)> Losses { get; } = [];

    public List<(string Log, Metric Metric, string[] Sums)> Metrics { get; } = [];

    /// <summary>The total loss, the losses of outputs and the sums of metrics, in the order of the step's graph.</summary>
    public string[] Reports => [Loss, .. Losses.Select(loss => loss.Output), .. Metrics.SelectMany(metric => metric.Sums)];

    public string[] Predictions { get; }

    /// <summary>What a step and its evaluation read or change of the state, and weights that they read of layers outside the model.</summary>
    public IReadOnlyList<NamedState> StateOf(StepGraph step, StepGraph check, Weight learningRate)
    {
        var read = TrainGraph.Whole(step).Nodes.Concat(TrainGraph.Whole(check).Nodes)
            .Select(node => node.Op).OfType<Variable>().Select(variable => variable.Weight).ToHashSet();
        read.Remove(learningRate);
        var inside = State.Where(tensor => tensor.Next is not null || read.Contains(tensor.Weight)).ToList();
        read.ExceptWith(inside.Select(tensor => tensor.Weight));
        return [.. inside, .. read.Select(weight => new NamedState(Unique("constant/" + weight.Name), weight, null, null, true))];
    }

    private List<NamedState> Tensors(CompiledTraining compiled, Dictionary<Weight, Value> updates)
    {
        var paths = compiled.Model.WeightPaths();
        var weights = paths.Select(named => (Name: Unique(named.Path), named.Weight)).ToList();
        var slots = compiled.State.Slots.Append(compiled.State.Iterations).Select(slot => (Name: Unique("optimizer/" + slot.Name), Weight: slot)).ToList();
        return [.. weights.Select((entry, i) => Tensor(entry, AverageOf(paths[i].Path), true)), .. slots.Select(entry => Tensor(entry, null, false))];

        NamedState Tensor((string Name, Weight Weight) entry, string? average, bool isWeight) =>
            new(entry.Name, entry.Weight, updates.TryGetValue(entry.Weight, out var value) ? (Unique(entry.Name + "/next"), value) : null, average, isWeight);

        string? AverageOf(string path) =>
            compiled.State.Find(OptimizerState.AverageOf(path)) is { } average ? slots.Find(slot => slot.Weight == average).Name : null;
    }

    private string Unique(string name) => _taken.Unique(name);
}
