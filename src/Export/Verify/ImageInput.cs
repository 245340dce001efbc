using OnnxFunctional.Layers;

namespace OnnxFunctional.Export;

/// <summary>
/// Images that a file takes as bytes from 0 to 255, as decoders give them, in place of the model's numbers. The file computes
/// <c>(x * Scale - Mean) / StandardDeviation</c>, so that no host repeats it.
/// </summary>
/// <example><code>
/// model.ExportOnnx("model.onnx", new ExportOptions { Images = new ImageInput { Resize = true } });
/// </code></example>
public sealed record ImageInput
{
    /// <summary>The input that takes images; needed only if several do.</summary>
    public string? Input { get; init; }

    /// <summary>
    /// By what bytes are multiplied; 1 / 255 by default, so that they are numbers from 0 to 1. Give 1 for a model that begins with Rescaling.
    /// </summary>
    public double Scale { get; init; } = 1.0 / 255;

    /// <summary>What is subtracted then: one number, or one for each channel.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [];

    /// <summary>By what is divided at last: one number, or one for each channel.</summary>
    public IReadOnlyList<double> StandardDeviation { get; init; } = [];

    /// <summary>
    /// Whether images may have any size; they are resized to the model's. <see cref="ExportOptions.Sizes"/> can fix the size that a host gives.
    /// </summary>
    public bool Resize { get; init; }

    /// <summary>How values between pixels are computed.</summary>
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;

    /// <summary>What is wrong with the values, in one sentence each.</summary>
    /// <param name="channels">The number of channels.</param>
    internal IEnumerable<string> Problems(int channels)
    {
        if (!double.IsFinite(Scale) || Scale == 0) yield return $"ImageInput.Scale is {Scale}; expected a finite number other than 0.";
        if (Operators.ImageSizes.ModeOf(Interpolation) is null)
            yield return $"ImageInput.Interpolation is {Interpolation}, which needs known sizes; expected Nearest, Bilinear or Bicubic.";
        foreach (var (name, numbers) in new[] { (nameof(Mean), Mean), (nameof(StandardDeviation), StandardDeviation) })
        {
            if (numbers.Count is not (0 or 1) && numbers.Count != channels)
                yield return $"ImageInput.{name} has {numbers.Count} numbers, and the images have {channels} channels; give one number, or one for each.";
            if (numbers.Any(number => !double.IsFinite(number))) yield return $"ImageInput.{name} has a number that is not finite; expected finite ones.";
        }

        if (StandardDeviation.Any(number => number <= 0)) yield return "ImageInput.StandardDeviation has a number of 0 or less; expected numbers above 0.";
    }
}
