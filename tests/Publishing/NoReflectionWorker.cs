using OnnxFunctional.Export;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Publishing;

/// <summary>Writes and reads everything that is JSON in a process whose serializer has no reflection, as in trimmed programs.</summary>
internal static class NoReflectionWorker
{
    public const string Command = "no-reflection";

    public static int Run()
    {
        AppContext.SetSwitch("System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault", false);
        using var folder = new TemporaryFolder();
        var written = 0;
        foreach (var row in LayerCases.All)
        {
            var model = row.Build();
            if (Text(model) is not { } json) continue;
            if (Model.FromJson(json).ToJson() != json) throw new InvalidOperationException(row.Name);
            written++;
            if (written % 20 == 1) KerasFile.Save(model, folder.File("model.keras"));
            if (row.InputType != DType.Float32 || model.Outputs.Count != 1 || written % 20 != 1) continue;
            var trainer = model.Compile(new AdamW(0.01f), Loss.Huber, metrics: [Metric.MeanAbsoluteError], weightedMetrics: [Metric.MeanSquaredError]);
            trainer.Save(folder.File("run.onnx"));
            Trainer.Load(folder.File("run.onnx"));
        }

        Console.WriteLine($"{written} models");
        return 0;
    }

    /// <summary>The model as JSON; null if it has functions that Keras' format does not know.</summary>
    private static string? Text(Model model)
    {
        try
        {
            return model.ToJson(indented: true) is { Length: > 0 } ? model.ToJson() : null;
        }
        catch (ModelException)
        {
            return null;
        }
    }
}
