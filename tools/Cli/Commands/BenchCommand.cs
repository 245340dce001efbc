using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using Spectre.Console;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Measures how long predictions take.</summary>
internal static class BenchCommand
{
    private const int DefaultSize = 16;

    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, or a .keras file.");
        var batchSize = CommonOptions.BatchSize("Samples of the larger batch; the other is one sample.", 32);
        var runs = Typed.Whole("--runs", "Runs that are timed, after as many as a quarter of them to warm up.", 100, most: 1_000_000);
        var size = Typed.Whole("--size", "The size of dimensions that the model leaves open, such as the steps of a sequence.", DefaultSize, most: 1 << 20);
        var threads = Typed.WholeOrNone("--threads", "Threads of both; by default as many as the process may use.");
        var command = new Command("bench", "Measure the time of predictions in the engine and in ONNX Runtime, for one sample and for a batch.")
        {
            model,
            batchSize,
            runs,
            size,
            threads,
        };
        return command.Runs((parsed, report, interruption) =>
        {
            using var sides = new Sides(parsed.GetRequiredValue(model), parsed.GetValue(threads));
            var results = new List<BenchRow>();
            foreach (var batch in sides.Batches(parsed.GetValue(batchSize)))
            {
                var data = Inputs(sides.Inputs, batch, parsed.GetValue(size));
                foreach (var (name, predict) in sides.Predictions(batch)) results.Add(Measure(name, batch, parsed.GetValue(runs), () => predict(data)));
            }

            if (sides.Missing is { } missing) report.Line(missing);
            if (!report.IsJson) Print(results);
            report.Result(new() { ["runs"] = parsed.GetValue(runs), ["results"] = new JsonArray([.. results.Select(ToJson)]) });
            return 0;
        });
    }

    /// <summary>The median and the spread of the time of a run.</summary>
    private static BenchRow Measure(string name, int batch, int runs, Action predict)
    {
        for (var i = 0; i < Math.Max(3, runs / 4); i++) predict();
        var times = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            predict();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return new(name, batch, (times[runs / 2] + times[(runs - 1) / 2]) / 2, times[runs / 10], times[^(1 + (runs / 10))]);
    }

    /// <summary>Numbers between 0 and 1, equal for every run; zeros for whole numbers, which may be indices; empty texts.</summary>
    private static NDArrays Inputs(IReadOnlyList<BenchInput> inputs, int batch, int size)
    {
        var random = new Random(1);
        var x = new NDArrays();
        foreach (var input in inputs)
        {
            int[] dims = [batch, .. input.Info.Sample.Select(dim => dim ?? size)];
            var shape = Shape.Create([.. dims.Select(dim => (int?)dim)]);
            var count = dims.Aggregate(1L, (product, dim) => product * dim);
            if (count > Array.MaxLength)
                throw new ModelException($"Input {input.Info} has {count} elements for {batch} samples. Pass a smaller --batch-size or --size.");
            x[input.Info.Name] = input.Info.IsText ? NDArray.Create(Enumerable.Repeat("", (int)count).ToArray(), shape)
                : input.IsWhole ? NDArray.Create(new long[count], shape)
                : NDArray.Create(Enumerable.Range(0, (int)count).Select(_ => random.NextSingle()).ToArray(), shape);
        }

        return x;
    }

    private static void Print(IReadOnlyList<BenchRow> rows)
    {
        var table = new Table().AddColumns("", "batch", "median, ms", "10 to 90 %", "samples per second");
        foreach (var row in rows)
        {
            table.AddRow(
                row.Name,
                row.Batch.ToString(CultureInfo.InvariantCulture),
                Time(row.Median),
                $"{Time(row.Low)} to {Time(row.High)}",
                (row.Batch / row.Median * 1000).ToString("N0", CultureInfo.InvariantCulture));
        }

        // A new console: Spectre's shared one would write to the original output.
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }).Write(table);

        static string Time(double milliseconds) => milliseconds.ToString("G3", CultureInfo.InvariantCulture);
    }

    private static JsonObject ToJson(BenchRow row) => new JsonObject
    {
        ["runtime"] = row.Name,
        ["batch"] = row.Batch,
        ["medianMilliseconds"] = Report.Number(row.Median),
        ["lowMilliseconds"] = Report.Number(row.Low),
        ["highMilliseconds"] = Report.Number(row.High),
        ["samplesPerSecond"] = Report.Number(row.Batch / row.Median * 1000),
    };

    /// <summary>The times of one runtime and batch, in milliseconds.</summary>
    private sealed record BenchRow(string Name, int Batch, double Median, double Low, double High);

    private sealed record BenchInput(TensorInfo Info, bool IsWhole);

    /// <summary>A model in both runtimes; in one of them if the other cannot run it.</summary>
    private sealed class Sides : IDisposable
    {
        private readonly OnnxModel? _onnx;
        private readonly OnnxPredictor? _predictor;
        private readonly Model? _model;

        public Sides(string path, int? threads)
        {
            var kind = ModelSource.KindOf(path);
            try
            {
                _model = Model.Load(path);

                // A compiled model computes on the trainer's threads.
                if (threads is not null) _ = _model.Compile(new Sgd(), threads: threads);
            }
            catch (OnnxFileException foreign) when (kind == ModelKind.Onnx)
            {
                Missing = $"ONNX Runtime only: {foreign.Message}";
            }

            var options = new OnnxModelOptions { IntraOpThreads = threads ?? 0 };
            _onnx = kind == ModelKind.Onnx ? OnnxModel.Load(path, options: options) : Exported(_model!, options);
            _predictor = new OnnxPredictor(_onnx);
        }

        /// <summary>Why the engine is not measured; null if it is.</summary>
        public string? Missing { get; }

        public IReadOnlyList<BenchInput> Inputs => [.. _onnx!.Inputs.Select(input => new BenchInput(TensorInfo.Of(input), IsWhole(input.ElementType)))];

        /// <summary>One sample and a batch; the only size if the model has a fixed one.</summary>
        public int[] Batches(int batchSize)
        {
            var fixedSizes = _onnx!.Inputs.Where(input => input.Dimensions.Count > 0).Select(input => input.Dimensions[0].Value);
            return fixedSizes.FirstOrDefault(size => size is not null) is { } size ? [(int)size] : batchSize == 1 ? [1] : [1, batchSize];
        }

        public IEnumerable<(string Name, Action<NDArrays> Predict)> Predictions(int batch)
        {
            if (_model is not null) yield return ("engine", x => _model.PredictAll(x, batch));
            yield return ("ONNX Runtime", x => _predictor!.Predict(x, batch));
        }

        public void Dispose() => _onnx?.Dispose();

        private static OnnxModel Exported(Model model, OnnxModelOptions options)
        {
            var folder = Directory.CreateTempSubdirectory("onnxf-bench-");
            try
            {
                var path = Path.Combine(folder.FullName, "model.onnx");
                model.ExportOnnx(path, new ExportOptions { Verify = false });
                return OnnxModel.Load(path, options: options);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        private static bool IsWhole(Type type) => type == typeof(long) || type == typeof(int) || type == typeof(byte) || type == typeof(bool);
    }
}
