using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Benchmarks.Scale;

/// <summary>What a step costs that looks up 640 rows of an embedding, against the rows of the table: time, and memory of a process of its own.</summary>
internal static class ManyRows
{
    /// <summary>The name of the worker that measures one case.</summary>
    public const string Side = "rows";

    private const int Columns = 16;
    private const int Samples = 32;
    private const int Length = 20;
    private const int Steps = 15;

    private static readonly Dictionary<string, Func<Optimizer>> s_optimizers = new(StringComparer.Ordinal)
    {
        ["Sgd"] = () => new Sgd(0.1),
        ["Adagrad"] = () => new Adagrad(0.1),
        ["LazyAdam"] = () => new LazyAdam(),
        ["Adam"] = () => new Adam(),
    };

    /// <summary>Prints the table.</summary>
    /// <param name="sizes">The numbers of rows.</param>
    public static void Measure(int[] sizes)
    {
        Console.Out.WriteLine($"Embedding(rows, {Columns}), {Samples * Length} lookups in a step: ms of a step, peak MB of the process");
        var table = new Growth("rows", [.. s_optimizers.Keys.SelectMany(name => new[] { name, "MB" })]);
        foreach (var size in sizes) table.Add(size, [.. s_optimizers.Keys.SelectMany(name => Worker(name, size))]);
        table.End();
    }

    /// <summary>Measures one case in this process and prints milliseconds and megabytes.</summary>
    /// <param name="optimizer">The name of the optimizer.</param>
    /// <param name="rows">The rows of the table.</param>
    public static int Run(string optimizer, int rows)
    {
        var x = Model.Input([Length], DType.Int32);
        var table = new Embedding(rows, Columns, embeddingsInitializer: Initializer.Zeros);
        var trainer = new Model(x, x.Apply(table, new GlobalAveragePooling1D(), new Dense(1))).Compile(s_optimizers[optimizer](), Loss.MeanSquaredError);
        var random = new Random(1);
        var times = new List<double>();
        for (var step = 0; step < Steps + 2; step++)
        {
            var ids = NDArray.Create([.. Enumerable.Range(0, Samples * Length).Select(_ => random.Next(rows))], [Samples, Length]);
            var targets = NDArray.Create([.. Enumerable.Range(0, Samples).Select(_ => random.NextSingle())], [Samples, 1]);
            var start = Stopwatch.GetTimestamp();
            trainer.TrainOnBatch(ids, targets);
            if (step >= 2) times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        using var process = Process.GetCurrentProcess();
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Report.Median(times)} {process.PeakWorkingSet64 / 1e6}"));
        return 0;
    }

    private static IEnumerable<double> Worker(string optimizer, int rows)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["--worker", Side, optimizer, rows.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"The worker for {optimizer} of {rows} rows ended with {process.ExitCode}.");
    }
}
