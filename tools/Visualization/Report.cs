using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Drawings;
using OnnxFunctional.Visualization.Reports;

namespace OnnxFunctional.Visualization;

/// <summary>
/// Writes a model and its training as one page: the picture of the model with the numbers of each layer, curves, the verification of its file, a confusion
/// matrix or predictions over true values, the worst examples, costs per layer, the environment. The page is one file and asks for nothing from any network.
/// </summary>
public static class Report
{
    /// <summary>Writes the report of a trained model. A part for which nothing was given says what to pass.</summary>
    /// <param name="toFile">The page, which is replaced: a name that ends in .html.</param>
    /// <param name="trainer">The trainer, whose losses and metrics are shown.</param>
    /// <param name="x">The inputs of samples, such as those held out; stateful layers move on as in a prediction.</param>
    /// <param name="y">Their targets.</param>
    /// <param name="history">What Fit returned.</param>
    /// <param name="verification">What an export or <see cref="OnnxFile.Verify"/> returned.</param>
    /// <param name="classNames">The names of the classes; by default their numbers.</param>
    /// <param name="worst">How many of the samples with the highest loss are shown.</param>
    /// <param name="profile">What <see cref="Trainer.Profile"/> or model.Profile returned: the times of layers.</param>
    /// <exception cref="ModelException">The model is not built, data and model do not fit, or the file cannot be written.</exception>
    /// <example><code>
    /// var history = trainer.Fit(x, y, epochs: 5, validationSplit: 0.2);
    /// Report.Write("report.html", trainer, x, y, history, trainer.Model.ExportOnnx("model.onnx"));
    /// </code></example>
    public static void Write(
        string toFile,
        Trainer trainer,
        NDArrays? x = null,
        NDArrays? y = null,
        History? history = null,
        ExportReport? verification = null,
        IReadOnlyList<string>? classNames = null,
        int worst = 12,
        ProfileReport? profile = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Write(toFile, new ReportSource(trainer.Model)
        {
            Trainer = trainer,
            X = x,
            Y = y,
            History = history,
            Verification = verification,
            ClassNames = classNames,
            Worst = worst,
            Profile = profile,
        });
    }

    /// <summary>Writes the report of a model without losses: the worst samples are those with the highest cross-entropy or absolute error.</summary>
    /// <param name="toFile">The page, which is replaced: a name that ends in .html.</param>
    /// <param name="model">The model, which is built.</param>
    /// <param name="x">The inputs of samples; stateful layers move on as in a prediction.</param>
    /// <param name="y">Their targets.</param>
    /// <param name="history">What Fit returned.</param>
    /// <param name="verification">What an export or <see cref="OnnxFile.Verify"/> returned.</param>
    /// <param name="classNames">The names of the classes; by default their numbers.</param>
    /// <param name="worst">How many of the samples with the highest loss are shown.</param>
    /// <param name="profile">What <see cref="Trainer.Profile"/> or model.Profile returned: the times of layers.</param>
    /// <exception cref="ModelException">The model is not built, data and model do not fit, or the file cannot be written.</exception>
    /// <example><code>Report.Write("report.html", model);</code></example>
    public static void Write(
        string toFile,
        Model model,
        NDArrays? x = null,
        NDArrays? y = null,
        History? history = null,
        ExportReport? verification = null,
        IReadOnlyList<string>? classNames = null,
        int worst = 12,
        ProfileReport? profile = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Write(toFile, new ReportSource(model)
        {
            X = x,
            Y = y,
            History = history,
            Verification = verification,
            ClassNames = classNames,
            Worst = worst,
            Profile = profile,
        });
    }

    private static void Write(string toFile, ReportSource source)
    {
        ArgumentNullException.ThrowIfNull(toFile);
        if (!Path.GetExtension(toFile).Equals(".html", StringComparison.OrdinalIgnoreCase))
            throw new ModelException($"A report cannot be written as '{toFile}': expected a name that ends in .html.");
        PictureFile.Write(toFile, Encoding.UTF8.GetBytes(ReportPage.Write(source)));
    }
}
