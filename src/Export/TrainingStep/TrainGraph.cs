using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A training step as one graph of ONNX: data and state, then the seed and the learning rate, become reports and the next state.</summary>
internal sealed record TrainGraph
{
    /// <summary>Writes graphs with the same inputs for weights.</summary>
    public required StepWriter Writer { get; init; }

    /// <summary>The inputs that stand for weights.</summary>
    public required Dictionary<Weight, (string Name, Value Stand)> Stands { get; init; }

    public required ModelProto Proto { get; init; }

    /// <summary>Data, and the seed if a random layer reads it.</summary>
    public required IReadOnlyList<(string Name, Value Value)> Inputs { get; init; }

    public required IReadOnlyList<(string Name, Value Value)> Outputs { get; init; }

    /// <summary>Whether the seed is an input.</summary>
    public required bool ReadsSeed { get; init; }

    /// <summary>Whether the learning rate is an input; otherwise a schedule computes it, and it is an output.</summary>
    public required bool ReadsLearningRate { get; init; }

    /// <summary>Whether the step has a loop over a number of steps that is known with the data only.</summary>
    public required bool HasOpenLoops { get; init; }

    /// <summary>Writes the graph; it is valid only if no problem is added.</summary>
    /// <param name="compiled">Model, losses, metrics, optimizer.</param>
    /// <param name="seed">The seed of random layers.</param>
    /// <param name="step">The step.</param>
    /// <param name="names">The names of its tensors.</param>
    /// <param name="state">The weights that are inputs.</param>
    /// <param name="emission">The operator set and the name of the batch dimension.</param>
    /// <param name="batchSize">The batch size; null for any.</param>
    /// <param name="problems">Collects what cannot be written.</param>
    public static TrainGraph Write(
        CompiledTraining compiled,
        ulong seed,
        StepGraph step,
        StepNames names,
        IReadOnlyList<NamedState> state,
        EmissionOptions emission,
        int? batchSize,
        List<string> problems)
    {
        var rate = compiled.State.LearningRate;
        var stands = state
            .Select(tensor => (tensor.Name, tensor.Weight))
            .Append((Name: names.LearningRate, Weight: rate))
            .ToDictionary(entry => entry.Weight, entry => (entry.Name, new InputLayer(entry.Weight.Shape, DType.Float32, null).Tensor.Value));
        var writer = new StepWriter(compiled.Model, emission, stands, batchSize, problems);

        var isConstantRate = compiled.Optimizer.LearningRate.IsConstant;
        List<(string Name, Value Value)> results = [.. names.Reports.Zip(step.Outputs), .. state.Select(tensor => tensor.Next).OfType<(string, Value)>()];
        if (!isConstantRate) results.Add((names.LearningRate, step.Updates.Last(update => update.Weight == rate).Value));
        Weight[] weights = [.. state.Select(tensor => tensor.Weight)];
        var graph = Whole(step);
        var streams = RandomStreams.Of(graph, seed);
        var seedInput = new InputLayer(Shape.Of(), DType.Int64, null).Tensor.Value;
        var random = new RandomSource(streams, stands[compiled.State.Iterations].Item2, seedInput);
        (string, Value)[] inputs = [.. names.Data.Zip(step.Inputs), .. streams.AnyReadsSeed ? [(names.Seed, seedInput)] : Array.Empty<(string, Value)>()];
        var train = writer.Write(compiled.Model.Name + "_train", inputs, results, isConstantRate ? [.. weights, rate] : weights, random);
        return new TrainGraph
        {
            Writer = writer,
            Stands = stands,
            Proto = train.Proto,
            Inputs = train.Inputs,
            Outputs = train.Outputs,
            ReadsSeed = streams.AnyReadsSeed,
            ReadsLearningRate = isConstantRate,
            HasOpenLoops = graph.Nodes.Any(node => node.Op is ScanGradient),
        };
    }

    /// <summary>All that a step computes.</summary>
    public static Graph Whole(StepGraph step) => Graph.Between(step.Inputs, [.. step.Outputs, .. step.Updates.Select(update => update.Value)]);
}
