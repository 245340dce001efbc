using System.Globalization;
using System.Text;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Export;

/// <summary>The difference between ONNX Runtime and the engine in one tensor of the training step.</summary>
/// <param name="Name">The loss, or a tensor of the state.</param>
/// <param name="Step">The step, counted from 1, with the largest difference.</param>
/// <param name="Difference">That difference, relative to the largest element of the tensor.</param>
/// <param name="IsRounding">Whether the tensor holds only rounding errors, so that the engine's own result changes as much
/// when weights change by their last bit: the bias before a BatchNormalization, whose gradient is mathematically zero.</param>
public readonly record struct StepDifference(string Name, int Step, float Difference, bool IsRounding);

/// <summary>The result of exporting a training step.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class TrainingExportReport : IHtml
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

    /// <summary>The path of the folder.</summary>
    public string Folder { get; }

    /// <summary>Samples per batch; null for any number.</summary>
    public int? BatchSize { get; }

    /// <summary>The number of weights and optimizer tensors that are passed from step to step.</summary>
    public int StateTensors { get; }

    /// <summary>Whether the step was verified.</summary>
    public bool IsVerified { get; }

    /// <summary>The largest difference of the loss and of each tensor of the state; empty if the step was not verified.</summary>
    public IReadOnlyList<StepDifference> Differences { get; }

    /// <summary>One line for the files and one for the comparison.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var samples = BatchSize?.ToString(CultureInfo.InvariantCulture) ?? "any number of";
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Folder}: init, train, evaluate and predict for {samples} samples per batch, {StateTensors} tensors of state");
        if (!IsVerified) return text.Append(", not verified").ToString();
        var worst = Differences.Where(difference => !difference.IsRounding).MaxBy(difference => difference.Difference);
        text.AppendLine().Append(
            CultureInfo.InvariantCulture,
            $"ONNX Runtime and the engine agree over {_steps} steps; largest relative difference {worst.Difference:0.0e+00} ({worst.Name})");
        var rounding = string.Join(", ", Differences.Where(difference => difference.IsRounding).Select(difference => difference.Name));
        if (rounding.Length > 0) text.AppendLine().Append(CultureInfo.InvariantCulture, $"only rounding errors, without effect: {rounding}");
        return text.ToString();
    }
}
