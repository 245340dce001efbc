using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A training step as a graph in memory, for targets and sample weights of certain shapes, a description of its tensors, and its evaluation.</summary>
internal sealed class ExportedStep
{
    private readonly EmissionOptions _emission = new TrainingExportOptions().ForEmission();
    private readonly StepNames _names;
    private readonly ManifestTensor[] _data;
    private readonly int? _batchSize;

    private ExportedStep(CompiledTraining compiled, ulong seed, StepGraph step, StepGraph check, List<string> problems)
    {
        (Compiled, Seed, Step, Check) = (compiled, seed, step, check);
        _batchSize = compiled.Model.Inputs[0].Shape[0];
        _names = new StepNames(compiled, step);
        State = _names.StateOf(step, check, compiled.State.LearningRate);
        Graph = TrainGraph.Write(compiled, seed, step, _names, State, _emission, _batchSize, problems);
        _data = [.. _names.Data.Zip(step.Inputs, (name, value) => new ManifestTensor(name, value.Spec.Type, Graph.Writer.Shape(value)))];
        Tensors = new StepTensors(
            [
                .. _data,
                .. Graph.ReadsSeed ? [new ManifestTensor(_names.Seed, DType.Int64, [])] : Array.Empty<ManifestTensor>(),
                .. Graph.ReadsLearningRate ? [new ManifestTensor(_names.LearningRate, DType.Float32, [])] : Array.Empty<ManifestTensor>(),
            ],
            [.. State.Select(tensor => Described(tensor, tensor.Name))],
            Graph.ReadsLearningRate ? _names.Reports : [.. _names.Reports, _names.LearningRate],
            [.. State.Where(tensor => tensor.Next is not null).Select(tensor => Described(tensor, tensor.Next!.Value.Name))]);
    }

    public CompiledTraining Compiled { get; }

    /// <summary>The seed of random layers.</summary>
    public ulong Seed { get; }

    public StepGraph Step { get; }

    /// <summary>What an evaluation computes.</summary>
    public StepGraph Check { get; }

    public TrainGraph Graph { get; }

    /// <summary>All weights that the step and its evaluation read or change; the learning rate is no part of it.</summary>
    public IReadOnlyList<NamedState> State { get; }

    public StepTensors Tensors { get; }

    /// <summary>Writes the step; it is valid only if no problem is added.</summary>
    /// <param name="compiled">Model, losses, metrics, optimizer.</param>
    /// <param name="seed">The seed of random layers.</param>
    /// <param name="targets">Shapes (with unknown batch size) and types of the targets.</param>
    /// <param name="weights">Shapes (with unknown batch size) of the sample weights.</param>
    /// <param name="problems">Collects what cannot be written.</param>
    /// <exception cref="ModelException">Targets do not fit predictions.</exception>
    public static ExportedStep Write(
        CompiledTraining compiled, ulong seed, IReadOnlyList<TensorSpec> targets, IReadOnlyList<TensorSpec> weights, List<string> problems)
    {
        var step = StepGraph.Build(compiled, targets, weights, training: true);
        return new(compiled, seed, step, StepGraph.Build(compiled, targets, weights, training: false), problems);
    }

    /// <summary>
    /// The evaluation as a graph; null if it is the engine's: it moves the states of layers on, or draws numbers, which a file does in training only.
    /// </summary>
    public (ModelProto Proto, StepTensors Tensors)? Evaluation()
    {
        if (Check.Updates.Count > 0) return null;
        var read = TrainGraph.Whole(Check).Nodes.Select(node => node.Op).OfType<Variable>().Select(variable => variable.Weight).ToHashSet();
        var evaluated = State.Where(tensor => read.Contains(tensor.Weight)).ToList();
        var problems = new List<string>();
        var evaluation = new StepWriter(Compiled.Model, _emission, Graph.Stands, _batchSize, problems).Write(
            Compiled.Model.Name + "_evaluate",
            [.. _names.Data.Zip(Check.Inputs)],
            [.. _names.Reports.Zip(Check.Outputs)],
            [.. evaluated.Select(tensor => tensor.Weight)],
            random: null);
        return problems.Count > 0
            ? null
            : (evaluation.Proto, new StepTensors(_data, [.. evaluated.Select(tensor => Described(tensor, tensor.Name))], _names.Reports, []));
    }

    /// <summary>Whether the step was written for targets and sample weights as those of a batch, whatever their number of samples.</summary>
    public bool Fits(BatchSource batch)
    {
        var fits = batch.Arrays == Step.Inputs.Count;
        for (var i = Compiled.Model.Inputs.Count; fits && i < batch.Arrays; i++)
        {
            var (own, given) = (Step.Inputs[i].Spec, batch.SpecOf(i));
            fits = own.Type == given.Type && own.Shape.Rank == given.Shape.Rank && own.Shape.Dims[1..].SequenceEqual(given.Shape.Dims[1..]);
        }

        return fits;
    }

    private static ManifestTensor Described(NamedState tensor, string name) => new(name, DType.Float32, tensor.Weight.Shape.Dims.ToArray());
}
