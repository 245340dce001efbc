using System.Diagnostics;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Cli.Networks;

/// <summary>What a file costs in ONNX Runtime, and how good it is.</summary>
/// <param name="Bytes">The size of the file.</param>
/// <param name="OneSample">The median time of one sample in milliseconds.</param>
/// <param name="Batch">That of a batch.</param>
/// <param name="Scores">Loss and metrics.</param>
internal sealed record QuantizedSide(long Bytes, double OneSample, double Batch, Scores Scores);

/// <summary>Compares the file of a model before and after it was made smaller, in ONNX Runtime, by alternating runs.</summary>
/// <param name="model">The model before.</param>
/// <param name="source">The file it came from.</param>
/// <param name="target">The file after.</param>
/// <param name="data">What both are judged by.</param>
/// <param name="goals">Losses and metrics.</param>
internal sealed class Comparison(Model model, string source, string target, LoadedData data, IReadOnlyList<Goal> goals)
{
    private const int BatchSize = 32;
    private const int Runs = 51;

    public (QuantizedSide Before, QuantizedSide After) Measure()
    {
        var folder = Directory.CreateTempSubdirectory("onnxf-quantize-");
        try
        {
            // A .keras file is compared as the ONNX file that it gives.
            var before = source;
            if (ModelSource.KindOf(source) != ModelKind.Onnx)
            {
                before = Path.Combine(folder.FullName, "float32.onnx");
                model.ExportOnnx(before, new ExportOptions { Verify = false });
            }

            using var left = new OnnxPredictor(OnnxModel.Load(before));
            using var right = new OnnxPredictor(OnnxModel.Load(target));
            var one = Medians(left, right, 1);
            var batch = Medians(left, right, BatchSize);
            return (Side(before, left, one.Left, batch.Left), Side(target, right, one.Right, batch.Right));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private QuantizedSide Side(string file, OnnxPredictor predictor, double one, double batch) => new(
        FileSize.Of(file), one, batch, Scoring.Of(predictor.Outputs, predictor.Predict(data.X, BatchSize), data, goals));

    private (double Left, double Right) Medians(OnnxPredictor left, OnnxPredictor right, int batch)
    {
        var samples = data.X.Take([.. Enumerable.Range(0, batch).Select(i => i % data.Count)]);
        Action[] sides = [left.Prepared(samples), right.Prepared(samples)];
        var times = new double[2][];
        for (var side = 0; side < 2; side++) times[side] = new double[Runs];
        for (var run = -Runs / 4; run < Runs; run++)
        {
            for (var side = 0; side < 2; side++)
            {
                var start = Stopwatch.GetTimestamp();
                sides[side]();
                if (run >= 0) times[side][run] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }

        foreach (var side in times) Array.Sort(side);
        return (times[0][Runs / 2], times[1][Runs / 2]);
    }
}
