using Google.Protobuf;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A training step in memory: four graphs and the manifest that connects them.</summary>
internal sealed record TrainingFiles
{
    public required StepGraph Step { get; init; }

    /// <summary>Weights, slots and the number of steps, in the order of the manifest's state.</summary>
    public required IReadOnlyList<NamedState> State { get; init; }

    /// <summary>The training graph with its inputs for data, for which random inputs are made to verify it.</summary>
    public required EmittedModel Emitted { get; init; }

    public required TrainingManifest Manifest { get; init; }

    /// <summary>Whether the step has a loop over a number of steps that is known with the data only.</summary>
    public required bool HasOpenLoops { get; init; }

    /// <summary>The graphs by file name; without that of the state if it is too large for one.</summary>
    public required IReadOnlyDictionary<string, byte[]> Graphs { get; init; }

    /// <summary>The graph of a state that needs a second file, which <see cref="WithState"/> writes; null if it needs none.</summary>
    public ModelProto? LargeState { get; init; }

    /// <summary>The folder of the second file; null if there is none.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Writes all graphs.</summary>
    /// <exception cref="ExportException">Something cannot be written; all problems are in one message.</exception>
    public static TrainingFiles Of(Trainer trainer, TrainingExportOptions options)
    {
        var emission = options.ForEmission();
        var (compiled, model) = (trainer.Compiled, trainer.Model);
        if (compiled.Precision != MixedPrecision.Float32)
        {
            throw new ExportException(
                $"The trainer computes its steps in {compiled.Precision.Type()!.Value.KerasName()}, for which ONNX Runtime has no kernels on a CPU. "
                + "Compile the model again without precision and export that trainer; the weights belong to the model and are kept.");
        }

        var batchSize = BatchSize(model, options);
        var targets = TrainingTargets.Of(compiled, options.Targets);
        TensorSpec[] weights = options.SampleWeights ? [new TensorSpec(Shape.Of(Shape.Unknown), DType.Float32)] : [];
        var step = StepGraph.Build(compiled, targets, weights, training: true);
        var check = StepGraph.Build(compiled, targets, weights, training: false);
        var names = new StepNames(compiled, step);
        var problems = new List<string>();
        var metrics = Metrics(names, problems);
        var train = TrainGraph.Write(compiled, trainer.Seed, step, names, names.State, emission, batchSize, problems);
        var (writer, rate) = (train.Writer, compiled.State.LearningRate);
        Weight[] state = [.. names.State.Select(tensor => tensor.Weight)];

        Weight[] evaluated = [.. state.Where(Read(check.Inputs, check.Outputs).Contains)];
        var evaluate = writer.Write(model.Name + "_evaluate", [.. names.Data.Zip(check.Inputs)], [.. names.Reports.Zip(check.Outputs)], evaluated, null);

        Value[] predictions = [.. model.Outputs.Select(output => output.Value)];
        var forward = Specialization.Of([.. model.Inputs.Select(input => input.Value)], predictions, training: false, rule: Adaptation.Of);
        Value[] given = [.. model.Inputs.Select(input => forward[input.Value])];
        Value[] predicted = [.. predictions.Select(value => forward[value])];
        Weight[] predicting = [.. state.Where(Read(given, predicted).Contains)];
        var predict = writer.Write(model.Name + "_predict", [.. names.Inputs.Zip(given)], [.. names.Predictions.Zip(predicted)], predicting, null);

        // Nothing stands for the weights of this graph, so it stores them.
        var storing = new StepWriter(
            model, emission, [], batchSize, problems, names.State.ToDictionary(tensor => tensor.Weight, tensor => tensor.Name));
        var init = storing.Write(model.Name + "_init", [], [.. names.State.Select(tensor => (tensor.Name, tensor.Weight.Variable))], [], null);
        OnnxEmitter.Refuse(problems, model.Name + "_train", emission);

        var graphs = new Dictionary<string, byte[]>
        {
            [TrainingFolder.TrainFile] = Bytes(train.Proto, TrainingFolder.TrainFile),
            [TrainingFolder.EvaluateFile] = Bytes(evaluate.Proto, TrainingFolder.EvaluateFile),
            [TrainingFolder.PredictFile] = Bytes(predict.Proto, TrainingFolder.PredictFile),
        };
        var isLarge = ExternalWeights.Bytes(init.Proto) > options.MostInside;
        if (!isLarge) graphs[TrainingFolder.InitFile] = init.Proto.ToByteArray();
        ManifestTensor[] data = [.. names.Data.Zip(step.Inputs, (name, value) => new ManifestTensor(name, value.Spec.Type, writer.Shape(value)))];
        var labels = names.Inputs.Length + names.Targets.Length;
        return new TrainingFiles
        {
            Step = step,
            State = names.State,
            Emitted = new EmittedModel
            {
                Model = model,
                Proto = train.Proto,
                Inputs = [.. train.Inputs.Take(names.Data.Length)],
                Outputs = train.Outputs,
                Layers = [],
            },
            HasOpenLoops = train.HasOpenLoops,
            Graphs = graphs,
            LargeState = isLarge ? init.Proto : null,
            Manifest = new TrainingManifest
            {
                Model = model.Name,
                Opset = options.Opset,
                BatchSize = batchSize,
                Inputs = data[..names.Inputs.Length],
                Outputs = [.. model.OutputNames],
                Targets = data[names.Inputs.Length..labels],
                SampleWeight = data.ElementAtOrDefault(labels),
                SeedInput = train.ReadsSeed ? names.Seed : null,
                Seed = train.ReadsSeed ? trainer.Seed : null,
                LearningRateInput = train.ReadsLearningRate ? names.LearningRate : null,
                LearningRateOutput = train.ReadsLearningRate ? null : names.LearningRate,
                LearningRate = rate.Storage[0],
                Loss = names.Loss,
                Losses = compiled.Losses.Count > 1 ? [.. names.Losses.Select(loss => new ManifestLoss(loss.Log, loss.Output))] : [],
                Metrics = metrics,
                Predictions = names.Predictions,
                State = [.. names.State.Select(tensor => new ManifestState(
                    tensor.Name,
                    tensor.Next?.Name,
                    tensor.Weight.Shape.Dims.ToArray(),
                    tensor.IsWeight,
                    tensor.Average,
                    evaluated.Contains(tensor.Weight),
                    predicting.Contains(tensor.Weight)))],
                Files = [.. Described(graphs)],
            },
        };
    }

    /// <summary>Writes a state that is too large for a graph to a second file.</summary>
    /// <param name="folder">The folder of the second file.</param>
    /// <returns>The files with the graph that refers to it.</returns>
    /// <exception cref="ExportException">The file system refuses.</exception>
    public TrainingFiles WithState(string folder)
    {
        if (LargeState is null) return this;
        var graphs = Graphs.ToDictionary(graph => graph.Key, graph => graph.Value);
        var (path, digest) = ExternalWeights.Write(
            LargeState, Path.Combine(folder, TrainingFolder.InitFile), () => graphs[TrainingFolder.InitFile] = LargeState.ToByteArray());
        var data = new ManifestFile(Path.GetFileName(path), new FileInfo(path).Length, digest);
        return this with { Graphs = graphs, DataFolder = folder, LargeState = null, Manifest = Manifest with { Files = [.. Described(graphs), data] } };
    }

    private static IEnumerable<ManifestFile> Described(Dictionary<string, byte[]> graphs) =>
        TrainingFolder.Graphs.Where(graphs.ContainsKey).Select(name => TrainingFolder.Describe(name, graphs[name]));

    /// <summary>A graph that takes the state as inputs; what is stored in it are weights of layers outside the model.</summary>
    private static byte[] Bytes(ModelProto graph, string name) => ExternalWeights.Bytes(graph) is var bytes && bytes <= ExternalWeights.MostInside
        ? graph.ToByteArray()
        : throw new ExportException(
            $"Weights of layers outside the model take {bytes:N0} bytes in {name}, which has at most {ExternalWeights.MostInside:N0}. "
            + "Make a model of all layers.");

    /// <summary>The batch size of the graphs: the option, or that of the model's inputs; null for any.</summary>
    private static int? BatchSize(Model model, TrainingExportOptions options)
    {
        var declared = model.Inputs[0].Shape[0];
        return declared is null || options.BatchSize is null || options.BatchSize == declared
            ? options.BatchSize ?? declared
            : throw new ExportException(
                $"TrainingExportOptions.BatchSize is {options.BatchSize}, but the model's input '{model.InputNames[0]}' is declared for batches of {declared}. "
                + "Omit the option, or declare the input without a batch size.");
    }

    private static ManifestMetric[] Metrics(StepNames names, List<string> problems)
    {
        var metrics = new List<ManifestMetric>();
        foreach (var (log, metric, sums) in names.Metrics)
        {
            var keras = metric.IsMean ? null : CompileConfig.WriteMetric(metric);
            if (!metric.IsMean && keras is null)
            {
                problems.Add(
                    $"metric '{log}': its result is a function of the custom class {metric.GetType().Name}, which a file cannot hold. "
                    + "Derive the class from MeanMetric, or leave the metric out of Compile.");
            }

            metrics.Add(new ManifestMetric(log, metric.IsMean, sums, keras));
        }

        return [.. metrics];
    }

    private static HashSet<Weight> Read(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs) =>
        [.. Graph.Between(inputs, outputs).Nodes.Select(node => node.Op).OfType<Variable>().Select(variable => variable.Weight)];
}
