using Google.Protobuf;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A training step in memory: four graphs and what connects them.</summary>
internal sealed record TrainingFiles
{
    public required StepGraph Step { get; init; }

    /// <summary>Weights, slots and the count of steps, in the order of the manifest's state.</summary>
    public required IReadOnlyList<(string Name, Weight Weight)> State { get; init; }

    /// <summary>The train graph's inputs for data, for random numbers to verify with.</summary>
    public required EmittedModel Emitted { get; init; }

    public required TrainingManifest Manifest { get; init; }

    /// <summary>The graphs by the names of their files.</summary>
    public required IReadOnlyDictionary<string, byte[]> Graphs { get; init; }

    /// <summary>Writes all graphs.</summary>
    /// <exception cref="ExportException">Something cannot be written; all problems in one message.</exception>
    public static TrainingFiles Of(Trainer trainer, TrainingExportOptions options)
    {
        var emission = options.ForEmission();
        var (plan, model) = (trainer.Plan, trainer.Model);
        var targets = TrainingTargets.Of(plan, options.Targets);
        var step = StepGraph.Build(plan, targets, options.SampleWeights, training: true);
        var check = StepGraph.Build(plan, targets, options.SampleWeights, training: false);

        var taken = new HashSet<string>(StringComparer.Ordinal);
        string[] inputs = [.. model.InputNames.Select(name => Naming.Unique(name, taken))];
        string[] targetNames = [.. model.OutputNames.Select(name => Naming.Unique(name + "_target", taken))];
        var weightName = options.SampleWeights ? Naming.Unique("sample_weight", taken) : null;
        string[] dataNames = [.. inputs, .. targetNames, .. weightName is null ? Array.Empty<string>() : [weightName]];
        var constantRate = plan.Optimizer.LearningRate.IsConstant;
        var rateName = Naming.Unique("learning_rate", taken);
        var paths = model.WeightPaths();
        var state = paths.Select(named => (Name: Naming.Unique(named.Path, taken), named.Weight))
            .Concat(plan.State.Slots.Select(slot => (Name: Naming.Unique("optimizer/" + slot.Name, taken), Weight: slot)))
            .Append((Name: Naming.Unique("optimizer/iterations", taken), Weight: plan.State.Iterations)).ToList();
        var updates = step.Updates.Where(update => update.Weight != plan.State.LearningRate).GroupBy(update => update.Weight).ToDictionary(group => group.Key, group => group.Last().Value);
        var nextNames = state.ToDictionary(entry => entry.Weight, entry => updates.ContainsKey(entry.Weight) ? Naming.Unique(entry.Name + "/next", taken) : null);

        var problems = new List<string>();
        var reports = Reports(plan, step, taken, problems);
        var stands = state.Append((Name: rateName, Weight: plan.State.LearningRate)).ToDictionary(entry => entry.Weight, entry => (entry.Name, new InputLayer(entry.Weight.Shape, DType.Float32, null).Tensor.Value));
        var writer = new Writer(model, emission, stands, options.BatchSize, problems);

        var streams = new Dictionary<RandomStream, uint>();
        foreach (var node in Graph.Between(step.Inputs, [.. step.Outputs, .. step.Updates.Select(update => update.Value)]).Nodes)
        {
            // In the order in which the engine's planner counts them.
            if (node.Op is RandomOp { Stream: var drawn }) streams.TryAdd(drawn, (uint)streams.Count);
            if (node.Op is Dropout { Stream: var dropped }) streams.TryAdd(dropped, (uint)streams.Count);
        }

        var random = new RandomSource(new RandomPlan(trainer.Seed, streams), stands[plan.State.Iterations].Item2);
        List<(string Name, Value Value)> results = [.. reports.Names.Zip(step.Outputs)];
        foreach (var (_, weight) in state)
        {
            if (nextNames[weight] is { } next) results.Add((next, updates[weight]));
        }

        if (!constantRate) results.Add((rateName, step.Updates.Last(update => update.Weight == plan.State.LearningRate).Value));
        List<Weight> trained = [.. state.Select(entry => entry.Weight), .. constantRate ? [plan.State.LearningRate] : Array.Empty<Weight>()];
        var train = writer.Write(model.Name + "_train", [.. dataNames.Zip(step.Inputs)], results, trained, random);

        var predictions = model.Outputs.Select(output => output.Value).ToArray();
        var forward = Specialization.Of([.. model.Inputs.Select(input => input.Value)], predictions, training: false);
        string[] predictionNames = [.. model.OutputNames.Select(name => Naming.Unique(inputs.Contains(name) ? name + "/output" : name, [.. inputs]))];
        var evaluated = state.Select(entry => entry.Weight).Where(Read(check.Inputs, check.Outputs).Contains).ToList();
        Value[] forwardInputs = [.. model.Inputs.Select(input => forward[input.Value])];
        Value[] forwardOutputs = [.. predictions.Select(value => forward[value])];
        var predicting = state.Select(entry => entry.Weight).Where(Read(forwardInputs, forwardOutputs).Contains).ToList();
        var evaluate = writer.Write(model.Name + "_evaluate", [.. dataNames.Zip(check.Inputs)], [.. reports.Names.Zip(check.Outputs)], evaluated, null);
        var predict = writer.Write(model.Name + "_predict", [.. inputs.Zip(forwardInputs)], [.. predictionNames.Zip(forwardOutputs)], predicting, null);
        var first = state.Select(entry => (entry.Name, Node.Create(new Constant(TensorData.Of(entry.Weight.Shape, entry.Weight.Storage)), [], null).Outputs[0])).ToList();
        var init = writer.Write(model.Name + "_init", [], first, [], null);
        OnnxEmitter.Refuse(problems, model.Name + "_train", emission);

        var graphs = new Dictionary<string, byte[]>
        {
            [TrainingFolder.InitFile] = init.Proto.ToByteArray(),
            [TrainingFolder.TrainFile] = train.Proto.ToByteArray(),
            [TrainingFolder.EvaluateFile] = evaluate.Proto.ToByteArray(),
            [TrainingFolder.PredictFile] = predict.Proto.ToByteArray(),
        };
        ManifestTensor[] described = [.. dataNames.Zip(step.Inputs, (name, value) => new ManifestTensor(name, value.Spec.Type, writer.Shape(value)))];
        return new TrainingFiles
        {
            Step = step,
            State = state,
            Emitted = new EmittedModel { Model = model, Proto = train.Proto, Inputs = train.Inputs, Outputs = train.Outputs, Layers = [] },
            Graphs = graphs,
            Manifest = new TrainingManifest
            {
                Model = model.Name,
                Opset = options.Opset,
                BatchSize = BatchSize(model, options),
                Inputs = described[..inputs.Length],
                Outputs = [.. model.OutputNames],
                Targets = described[inputs.Length..(inputs.Length + targetNames.Length)],
                SampleWeight = weightName is null ? null : described[^1],
                LearningRateInput = constantRate ? rateName : null,
                LearningRateOutput = constantRate ? null : rateName,
                LearningRate = plan.State.LearningRate.Storage[0],
                Loss = reports.Names[0],
                Losses = reports.Losses,
                Metrics = reports.Metrics,
                Predictions = predictionNames,
                State = [.. state.Select((entry, i) => new ManifestState(
                    entry.Name, nextNames[entry.Weight], entry.Weight.Shape.Dims.ToArray(), i < paths.Count, i < paths.Count ? Average(paths[i].Path) : null, evaluated.Contains(entry.Weight), predicting.Contains(entry.Weight)))],
                Files = [.. TrainingFolder.Graphs.Select(name => TrainingFolder.Describe(name, graphs[name]))],
            },
        };

        // The moving average that takes a weight's place when training ends.
        string? Average(string path) => plan.State.Find(OptimizerState.AverageOf(path)) is { } average ? state.Find(entry => entry.Weight == average).Name : null;
    }

    /// <summary>The number of samples the graphs hold for: asked for, or said by the model's inputs; nothing where any will do.</summary>
    private static int? BatchSize(Model model, TrainingExportOptions options)
    {
        var said = model.Inputs[0].Shape[0];
        if (said is not null && options.BatchSize is { } asked && asked != said) throw new ExportException($"TrainingExportOptions.BatchSize is {asked}, but the model's input '{model.InputNames[0]}' is declared for batches of {said}. Leave the option out, or declare the input without a batch size.");
        return options.BatchSize ?? said;
    }

    private static HashSet<Weight> Read(IReadOnlyList<Value> inputs, IReadOnlyList<Value> outputs) =>
        [.. Graph.Between(inputs, outputs).Nodes.Select(node => node.Op).OfType<Variable>().Select(variable => variable.Weight)];

    /// <summary>Names of the losses and metrics' sums, in the order of the step's outputs.</summary>
    private static (List<string> Names, ManifestLoss[] Losses, ManifestMetric[] Metrics) Reports(TrainingPlan plan, StepGraph step, HashSet<string> taken, List<string> problems)
    {
        List<string> names = [Naming.Unique("loss", taken)];
        var losses = new List<ManifestLoss>();
        for (var i = 0; i < plan.Losses.Count; i++)
        {
            if (plan.Losses[i] is null) continue;
            var log = plan.Model.OutputNames[i] + "_loss";
            names.Add(Naming.Unique(log, taken));
            if (plan.Losses.Count > 1) losses.Add(new ManifestLoss(log, names[^1]));
        }

        var metrics = new List<ManifestMetric>();
        foreach (var (name, metric, count) in step.Metrics)
        {
            string[] sums = [.. Enumerable.Range(0, count).Select(i => Naming.Unique(name + (i == 0 ? "/sum" : "/sum_" + i), taken))];
            names.AddRange(sums);
            var keras = metric.IsMean ? null : CompileConfig.WriteMetric(metric);
            if (!metric.IsMean && keras is null) problems.Add($"metric '{name}': its result is a function of your class {metric.GetType().Name}, which a file cannot hold. Derive the class from MeanMetric, or leave the metric out of Compile.");
            metrics.Add(new ManifestMetric(name, metric.IsMean, sums, keras));
        }

        return (names, [.. losses], [.. metrics]);
    }

    /// <summary>Writes graphs whose weights are inputs.</summary>
    private sealed class Writer(Model model, ExportOptions options, Dictionary<Weight, (string Name, Value Stand)> stands, int? batchSize, List<string> problems)
    {
        private readonly ScopeNames _scopes = new(model);

        public int[] Shape(Value value) => Fixed(value).Shape.Dims.ToArray();

        public (ModelProto Proto, IReadOnlyList<(string Name, Value Value)> Inputs, IReadOnlyList<(string Name, Value Value)> Outputs) Write(
            string name, IReadOnlyList<(string Name, Value Value)> inputs, IReadOnlyList<(string Name, Value Value)> outputs, IReadOnlyList<Weight> weights, RandomSource? random)
        {
            var replaced = new Dictionary<Value, Value>();
            foreach (var (_, value) in inputs)
            {
                if (Fixed(value) is var spec && spec != value.Spec) replaced[value] = new InputLayer(spec.Shape, spec.Type, null).Tensor.Value;
            }

            var graph = Graph.Between([.. inputs.Select(input => input.Value)], [.. outputs.Select(output => output.Value)]);
            var map = graph.Rewrite((node, _) => node.Op is Variable variable && stands.TryGetValue(variable.Weight, out var stand) ? [stand.Stand] : null, replaced);

            // Weights of layers that are around a model cut out of another do not train; they stay in the file.
            var outside = new Dictionary<Weight, string>();
            var taken = new HashSet<string>(StringComparer.Ordinal);
            foreach (var node in graph.Nodes)
            {
                if (node.Op is Variable { Weight: var weight } && !stands.ContainsKey(weight)) outside.TryAdd(weight, Naming.Unique("constant/" + weight.Name, taken));
            }

            (string Name, Value Value)[] given = [.. inputs.Select(input => (input.Name, map[input.Value]))];
            (string Name, Value Value)[] results = [.. outputs.Select(output => (output.Name, map[output.Value]))];
            var (_, proto) = OnnxEmitter.Write(new EmissionRequest
            {
                Name = name,
                Inputs = [.. given, .. weights.Select(weight => stands[weight])],
                Outputs = results,
                WeightNames = outside,
                Random = random,
                Scopes = _scopes,
                Options = options,
            }, problems);
            return (proto, given, results);
        }

        private TensorSpec Fixed(Value value) =>
            batchSize is { } size && value.Spec.Shape.Rank > 0 && value.Spec.Shape.Dims[0] == OnnxFunctional.Shape.Unknown ? value.Spec with { Shape = value.Spec.Shape.With(0, size) } : value.Spec;
    }
}
