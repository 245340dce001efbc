using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>What the checks examine, and what they found.</summary>
internal sealed class Examination : IDisposable
{
    // Enough for shares of a few percent; a layer's values of so many samples fit into memory for all but large images.
    private const int MostSamples = 512;

    // 256 MB: what all examined values of one pass may take.
    private const long MostElements = 1L << 26;

    private readonly List<Finding> _findings = [];
    private readonly List<SkippedCheck> _skipped = [];

    public Examination(
        Trainer trainer, IReadOnlyList<NDArray> training, IReadOnlyList<NDArray>? validation, int batchSize, CancellationToken cancellationToken)
    {
        (Trainer, CancellationToken) = (trainer, cancellationToken);
        Training = new SampleSet(Model, training);
        Validation = validation is null ? null : new SampleSet(Model, validation);
        BatchSize = Math.Min(batchSize, Training.Count);
        Outputs =
        [
            .. from i in Enumerable.Range(0, Model.Outputs.Count)
               where trainer.Compiled.Losses[i] is not null
               select new ExaminedOutput(i, Model.OutputNames[i], Model.Outputs[i], trainer.Compiled.Losses[i]!, trainer.Compiled.LossWeights[i]),
        ];
        CanCut = Model.Inputs.All(input => DataChecks.SampleAxis(input.Shape) == 0 && (input.Shape.Rank == 0 || input.Shape[0] is null));
        var perSample = Model.Graph.Nodes.SelectMany(node => node.Outputs).Sum(value => value.Spec.Shape.KnownElements);
        Sample = CanCut ? Training.Spread((int)Math.Clamp(MostElements / Math.Max(1, perSample), 1, MostSamples)) : Training;

        // Here rather than in the first check that trains: targets that do not fit predictions, and indices that no layer has, are refused as Fit refuses them.
        Trial = CanCut ? new Trial(this, Training, BatchSize) : null;
        Trial?.Step();
    }

    public Trainer Trainer { get; }

    public CancellationToken CancellationToken { get; }

    public Model Model => Trainer.Model;

    public SampleSet Training { get; }

    public SampleSet? Validation { get; }

    /// <summary>The number of samples per step.</summary>
    public int BatchSize { get; }

    /// <summary>The outputs that have a loss.</summary>
    public IReadOnlyList<ExaminedOutput> Outputs { get; }

    /// <summary>Whether samples lie along the first axis of every input, and any number of them is taken.</summary>
    public bool CanCut { get; }

    /// <summary>Some of the samples, evenly spread, for what is measured in one pass.</summary>
    public SampleSet Sample { get; }

    /// <summary>A copy of the training; null if samples cannot be chosen.</summary>
    public Trial? Trial { get; }

    public IReadOnlyList<Finding> Findings => _findings;

    public IReadOnlyList<SkippedCheck> Skipped => _skipped;

    public PlanOptions Options => PlanOptions.Of(Model, Trainer.Seed);

    public WorkerPool Pool => Trainer.Engine.Pool;

    public void Add(FindingKind kind, string where, string sentence) => _findings.Add(new Finding(kind, where, sentence));

    public void Skip(string check, string reason) => _skipped.Add(new SkippedCheck(check, reason));

    /// <summary>Why nothing can be tried on chosen samples; null if it can.</summary>
    public string? CannotTry => CanCut ? null : "the model takes batches of a fixed size, or samples that do not lie along the first axis.";

    public bool Has(FindingKind kind) => _findings.Exists(finding => finding.Kind == kind);

    public bool Has(FindingKind kind, string where) => _findings.Exists(finding => finding.Kind == kind && finding.Where == where);

    /// <summary>
    /// Why it says nothing that a trial does not learn: a fault that was found explains it. Null if none was, or only such that change what is learned.
    /// </summary>
    public string? Explained =>
        _findings.Exists(finding => finding.Kind is not (FindingKind.UnbalancedClasses or FindingKind.SharedRows or FindingKind.BatchTooSmall))
            ? "the faults that were found come first."
            : null;

    /// <summary>Values of the model in inference, for samples of one batch; states of stateful layers stay.</summary>
    public IReadOnlyList<(Shape Shape, float[] Elements)> Infer(IReadOnlyList<Value> values, SampleSet samples) =>
        [.. ValueProbe.Compute(Model, samples.Inputs, values).Select(array => (array.Shape, array.ToArray()))];

    public void Dispose() => Trial?.Dispose();
}
