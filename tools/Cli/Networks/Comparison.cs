using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Export;
using OnnxFunctional.Training.Execution;
using Spectre.Console;

namespace OnnxFunctional.Cli.Networks;

/// <summary>A form of a model that is compared with others.</summary>
/// <param name="Word">What it is called.</param>
/// <param name="Model">The model that it is of.</param>
/// <param name="File">Its ONNX file; null to write one of the model for the comparison.</param>
internal sealed record ComparedForm(string Word, Model Model, string? File);

/// <summary>What a form of a model costs in ONNX Runtime, and how good it is.</summary>
/// <param name="Form">The form.</param>
/// <param name="Bytes">The size of its file.</param>
/// <param name="OneSample">The median time of one sample in milliseconds.</param>
/// <param name="Batch">That of a batch.</param>
/// <param name="Value">The metric.</param>
internal sealed record FormCost(ComparedForm Form, long Bytes, double OneSample, double Batch, double Value)
{
    public JsonObject ToJson() => new()
    {
        ["form"] = Form.Word,
        ["parameters"] = Form.Model.CountParams(),
        ["bytes"] = Bytes,
        ["millisecondsOneSample"] = Report.Number(OneSample),
        ["millisecondsBatch"] = Report.Number(Batch),
        ["score"] = Report.Number(Value),
    };
}

/// <summary>Compares forms of a model in ONNX Runtime, by alternating runs.</summary>
/// <param name="judge">What they are judged by.</param>
internal sealed class Comparison(Judge judge)
{
    private const int BatchSize = 32;
    private const int Runs = 51;
    private const int FewestLetters = 120;

    /// <summary>Runs all forms; the rows are in their order.</summary>
    public IReadOnlyList<FormCost> Of(IReadOnlyList<ComparedForm> forms)
    {
        var folder = Directory.CreateTempSubdirectory("onnxf-compare-");
        var predictors = new List<OnnxPredictor>();
        try
        {
            string[] files = [.. forms.Select((form, i) => form.File ?? Written(form.Model, Path.Combine(folder.FullName, $"{i}.onnx")))];
            foreach (var file in files) predictors.Add(new OnnxPredictor(OnnxModel.Load(file)));
            var (one, batch) = (Medians(predictors, 1), Medians(predictors, BatchSize));
            return [.. predictors.Select((predictor, i) =>
                new FormCost(forms[i], FileSize.Of(files[i]), one[i], batch[i], judge.Value(predictor.Predict(judge.Data.X, BatchSize))))];
        }
        finally
        {
            foreach (var predictor in predictors) predictor.Dispose();
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Prints rows as a table.</summary>
    public void Print(IEnumerable<FormCost> costs)
    {
        var rows = new Table().AddColumns("", "parameters", "bytes", "ms, one sample", "ms, a batch", judge.Metric);
        foreach (var cost in costs)
        {
            rows.AddRow(
                cost.Form.Word,
                cost.Form.Model.CountParams().ToString("N0", CultureInfo.InvariantCulture),
                cost.Bytes.ToString("N0", CultureInfo.InvariantCulture),
                cost.OneSample.ToString("G3", CultureInfo.InvariantCulture),
                cost.Batch.ToString("G3", CultureInfo.InvariantCulture),
                cost.Value.ToString("0.0000", CultureInfo.InvariantCulture));
        }

        // A new console: Spectre's shared one would write to the original output. Where that is a file, 80 letters are too few.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        console.Profile.Width = Math.Max(console.Profile.Width, FewestLetters);
        console.Write(rows);
    }

    private static string Written(Model model, string file)
    {
        model.ExportOnnx(file, new ExportOptions { Verify = false });
        return file;
    }

    private double[] Medians(List<OnnxPredictor> predictors, int batch)
    {
        var samples = judge.Data.X.Take([.. Enumerable.Range(0, batch).Select(i => i % judge.Data.Count)]);
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
