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

/// <summary>Compares files of a model in ONNX Runtime, by alternating runs.</summary>
/// <param name="files">The files.</param>
/// <param name="data">What all are judged by.</param>
/// <param name="goals">Losses and metrics.</param>
internal sealed class Comparison(IReadOnlyList<string> files, LoadedData data, IReadOnlyList<Goal> goals)
{
    private const int BatchSize = 32;
    private const int Runs = 51;

    /// <summary>The ONNX file of a model: the one it came from, or one that is written into a folder.</summary>
    public static string FileOf(Model model, string source, string folder)
    {
        if (ModelSource.KindOf(source) == ModelKind.Onnx) return source;
        var written = Path.Combine(folder, "float32.onnx");
        model.ExportOnnx(written, new ExportOptions { Verify = false });
        return written;
    }

    public IReadOnlyList<QuantizedSide> Measure()
    {
        var predictors = new List<OnnxPredictor>();
        try
        {
            foreach (var file in files) predictors.Add(new OnnxPredictor(OnnxModel.Load(file)));
            var (one, batch) = (Medians(predictors, 1), Medians(predictors, BatchSize));
            return [.. predictors.Select((predictor, i) => new QuantizedSide(
                FileSize.Of(files[i]), one[i], batch[i], Scoring.Of(predictor.Outputs, predictor.Predict(data.X, BatchSize), data, goals)))];
        }
        finally
        {
            foreach (var predictor in predictors) predictor.Dispose();
        }
    }

    private double[] Medians(List<OnnxPredictor> predictors, int batch)
    {
        var samples = data.X.Take([.. Enumerable.Range(0, batch).Select(i => i % data.Count)]);
        Action[] sides = [.. predictors.Select(predictor => predictor.Prepared(samples))];
        double[][] times = [.. sides.Select(_ => new double[Runs])];
        for (var run = -Runs / 4; run < Runs; run++)
        {
            for (var side = 0; side < sides.Length; side++)
            {
                var start = Stopwatch.GetTimestamp();
                sides[side]();
                if (run >= 0) times[side][run] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }

        foreach (var side in times) Array.Sort(side);
        return Array.ConvertAll(times, side => side[Runs / 2]);
    }
}
