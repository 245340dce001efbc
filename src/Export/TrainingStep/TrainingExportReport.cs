using System.Globalization;
using System.Text;
using OnnxFunctional.Export.TrainingStep;

namespace OnnxFunctional.Export;

/// <summary>How far a tensor of the training step was in ONNX Runtime from the engine's.</summary>
/// <param name="Name">The loss, or a tensor of the state.</param>
/// <param name="Step">The step, counted from 1, at which they differed most.</param>
/// <param name="Difference">The largest difference there, as a share of the largest number of the tensor.</param>
/// <param name="IsRounding">Whether the tensor holds nothing but rounding, so that the engine differs from itself as much when weights change by their last bit: the bias before a BatchNormalization, whose gradient is zero by mathematics.</param>
public readonly record struct StepDifference(string Name, int Step, float Difference, bool IsRounding);

/// <summary>What the export of a training step wrote.</summary>
public sealed class TrainingExportReport
{
    private readonly int _steps;

    internal TrainingExportReport(string folder, TrainingExportOptions options, TrainingManifest manifest, IReadOnlyList<StepDifference> differences)
    {
        Folder = folder;
        BatchSize = manifest.BatchSize;
        StateTensors = manifest.State.Length;
        IsVerified = options.Verify;
        Differences = differences;
        _steps = options.VerifiedSteps;
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

    /// <summary>A line for the files and one for the comparison.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Folder}: init, train, evaluate and predict for {(BatchSize is { } size ? size.ToString(CultureInfo.InvariantCulture) : "any number of")} samples a batch, {StateTensors} tensors of state");
        if (!IsVerified) return text.Append(", not verified").ToString();
        var worst = Differences.Where(difference => !difference.IsRounding).MaxBy(difference => difference.Difference);
        text.AppendLine().Append(CultureInfo.InvariantCulture, $"ONNX Runtime and the engine agree over {_steps} steps; largest relative difference {worst.Difference:0.0e+00} ({worst.Name})");
        if (Differences.Any(difference => difference.IsRounding))
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"nothing but rounding, and so without effect: {string.Join(", ", Differences.Where(difference => difference.IsRounding).Select(difference => difference.Name))}");
        return text.ToString();
    }
}
