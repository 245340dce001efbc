using System.Globalization;
using System.Text;

namespace OnnxFunctional.Export;

/// <summary>How far a tensor of the training step was in ONNX Runtime from the engine's.</summary>
/// <param name="Name">The loss, or a tensor of the state.</param>
/// <param name="Step">The step, counted from 1, at which they differed most.</param>
/// <param name="Difference">The largest difference there, as a share of the largest number of the tensor.</param>
public readonly record struct StepDifference(string Name, int Step, float Difference);

/// <summary>What the export of a training step wrote.</summary>
public sealed class TrainingExportReport
{
    internal TrainingExportReport(string folder, TrainingExportOptions options, int stateTensors, IReadOnlyList<StepDifference> differences)
    {
        Folder = folder;
        BatchSize = options.BatchSize;
        StateTensors = stateTensors;
        IsVerified = options.Verify;
        Differences = differences;
        Steps = options.VerifiedSteps;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Samples of every batch; nothing where any number will do.</summary>
    public int? BatchSize { get; }

    /// <summary>Weights and tensors of the optimizer that go from step to step.</summary>
    public int StateTensors { get; }

    /// <summary>Whether steps were made on both sides and compared.</summary>
    public bool IsVerified { get; }

    /// <summary>The loss and each tensor of the state with its largest difference; none where nothing was verified.</summary>
    public IReadOnlyList<StepDifference> Differences { get; }

    private int Steps { get; }

    /// <summary>A line for the files and one for the comparison.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Folder}: init, train, evaluate and predict for {(BatchSize is { } size ? size.ToString(CultureInfo.InvariantCulture) : "any number of")} samples a batch, {StateTensors} tensors of state");
        if (!IsVerified) return text.Append(", not verified").ToString();
        var worst = Differences.MaxBy(difference => difference.Difference);
        text.AppendLine().Append(CultureInfo.InvariantCulture, $"ONNX Runtime and the engine agree over {Steps} steps; largest relative difference {worst.Difference:0.0e+00} ({worst.Name})");
        return text.ToString();
    }
}
