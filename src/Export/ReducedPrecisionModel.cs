using System.ComponentModel;
using System.Globalization;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>
/// A model whose numbers have fewer bits than float32: predicts as its file does, and writes it. Later changes of the weights of the model that it was made of
/// do not change it. Prints as a table.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ReducedPrecisionModel
{
    private protected ReducedPrecisionModel(Model original, IReadOnlyList<Value> outputs, (double Before, double After)? scores) =>
        (Original, Outputs, ScoreBefore, Score) = (original, outputs, scores?.Before, scores?.After);

    /// <summary>The score of the model in float32; null without a gate.</summary>
    public double? ScoreBefore { get; }

    /// <summary>The score of this model; null without a gate.</summary>
    public double? Score { get; }

    /// <summary>The model in float32.</summary>
    private protected Model Original { get; }

    /// <summary>The outputs of the graph that the engine computes.</summary>
    private protected IReadOnlyList<Value> Outputs { get; }

    /// <summary>How the scores are printed.</summary>
    private protected string Scores =>
        ScoreBefore is { } before ? string.Create(CultureInfo.InvariantCulture, $" Score {Score:G6}, in float32 {before:G6}.") : "";

    /// <summary>All outputs as the engine computes them with the numbers of the file.</summary>
    /// <param name="x">The data of the inputs, in float32 where the model takes that.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <exception cref="ModelException">The data does not fit the inputs, or there is no sample.</exception>
    public IReadOnlyList<NDArray> PredictAll(NDArrays x, int batchSize = 32)
    {
        ArgumentNullException.ThrowIfNull(x);
        return GraphRun.All(Original, [.. Original.Inputs.Select(input => input.Value)], Outputs, x, batchSize);
    }

    /// <summary>Writes the file and verifies it in ONNX Runtime. Only a verified file is renamed to its target.</summary>
    /// <param name="path">The file; an older file of that name is replaced.</param>
    /// <param name="options">Opset, verification, metadata.</param>
    /// <returns>The file and the differences per layer; prints as a table.</returns>
    /// <exception cref="ExportException">ONNX cannot express the model, ONNX Runtime differs from the engine, or the file cannot be written.</exception>
    public abstract ExportReport ExportOnnx(string path, ExportOptions? options = null);
}
