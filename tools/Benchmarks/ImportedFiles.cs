using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Benchmarks;

/// <summary>Networks of others, opened from their files: predictions of the engine and of ONNX Runtime, and a training step of the engine.</summary>
/// <remarks>ONNX Runtime runs the file as it is; one that takes a sample at a time runs once for each.</remarks>
internal static class ImportedFiles
{
    private static readonly int[] s_batches = [1, 8];

    // What a length that the file leaves open becomes.
    private const int OpenLength = 64;

    /// <summary>Prints a table.</summary>
    /// <param name="files">The files.</param>
    /// <param name="bound">Inputs that are fixed, <c>name=number</c>, or given a shape, <c>name=?,576</c>, where a file has them.</param>
    /// <param name="threads">The threads of both sides.</param>
    public static int Measure(string[] files, string[] bound, int threads)
    {
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} thread(s); milliseconds; medians of {Report.Rounds} alternating rounds in one process; ratio: ONNX Runtime's time over the engine's"));
        Console.Out.WriteLine($"{"file",-40} {"weights",12} {"batch",5} {"engine",9} {"ONNX",9} {"ratio",6} {"step",9}");
        foreach (var file in files) Measure(file, bound, threads);
        return 0;
    }

    private static void Measure(string file, string[] bound, int threads)
    {
        using var onnx = OnnxModel.Load(file, options: new OnnxModelOptions { IntraOpThreads = threads });
        var options = onnx.Inputs.Aggregate(new ImportOptions(), (options, input) => Bound(options, input, bound));
        var model = OnnxFile.LoadModel(file, options);
        ModelEngine.Of(model).UseThreads(threads);
        var floats = new Model(model.Inputs, [.. model.Outputs.Where(output => output.DType == DType.Float32)]);
        var trainer = floats.Compile(new Sgd(1e-9), Loss.MeanSquaredError, threads: threads);
        var random = new Random(1);
        foreach (var batch in s_batches)
        {
            var data = model.Inputs.Select(input => Values(input, batch, random)).ToArray();
            NDArray[] targets = [.. floats.PredictAll(data, batch).Select(output => NDArray.Create(new float[output.Shape.ElementCount], output.Shape))];
            var one = TakesOne(onnx, model) ? batch : 1;
            var given = Enumerable.Range(0, one).Select(row => Given(onnx, model, options, data, one == 1 ? null : row)).ToArray();
            Action[] sides =
            [
                () => model.PredictAll(data, batch),
                () =>
                {
                    foreach (var run in given) onnx.Run(run);
                },
                () => trainer.TrainOnBatch(data, targets),
            ];
            var times = Alternate(sides);
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileName(file),-40} {model.CountParams(),12:N0} {batch,5} {times[0],9:F3} {times[1],9:F3} ")
                + string.Create(CultureInfo.InvariantCulture, $"{times[1] / times[0],6:F2} {times[2],9:F3}"));
        }
    }

    private static double[] Alternate(Action[] sides)
    {
        const double Milliseconds = 60;
        var steps = new int[sides.Length];
        for (var i = 0; i < sides.Length; i++)
        {
            sides[i]();
            steps[i] = (int)Math.Clamp(Milliseconds / Time(sides[i], 2), 1, 4096);
        }

        var times = sides.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < Report.Rounds; round++)
        {
            for (var i = 0; i < sides.Length; i++) times[i].Add(Time(sides[i], steps[i]));
        }

        return [.. times.Select(Report.Median)];
    }

    private static double Time(Action run, int steps)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++) run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / steps;
    }

    private static ImportOptions Bound(ImportOptions options, OnnxTensorInfo input, string[] bound)
    {
        var text = bound.FirstOrDefault(each => each.StartsWith(input.Name + "=", StringComparison.Ordinal))?[(input.Name.Length + 1)..];
        if (text is null) return options;
        if (input.ElementType == typeof(long) && input.Dimensions.Count == 0)
            return options.Bind(input.Name, NDArray.Create([long.Parse(text, CultureInfo.InvariantCulture)], []));
        return options.BindShape(
            input.Name,
            Shape.Create([.. text.Split(',').Select(size => size == "?" ? (int?)null : int.Parse(size, CultureInfo.InvariantCulture))]));
    }

    private static bool TakesOne(OnnxModel onnx, Model model) =>
        onnx.Inputs.Where(input => model.InputNames.Contains(input.Name)).Any(input => input.Dimensions is [{ Value: 1 }, ..]);

    private static Dictionary<string, OnnxValue> Given(OnnxModel onnx, Model model, ImportOptions options, NDArray[] data, int? row)
    {
        var given = model.InputNames.Zip(data).ToDictionary(
            named => named.First,
            named => (OnnxValue)(row is { } sample ? named.Second.Take([sample]) : named.Second),
            StringComparer.Ordinal);
        foreach (var (name, value) in options.Bindings) given[name] = value;
        return given;
    }

    private static NDArray Values(SymbolicTensor input, int batch, Random random)
    {
        var shape = Shape.Of([.. input.Shape.Symbols.ToArray().Select(dim => dim >= 0 ? dim : dim == Shape.Batch ? batch : OpenLength)]);
        var count = (int)shape.ElementCount;
        return input.DType == DType.Int64
            ? NDArray.Create([.. Enumerable.Range(0, count).Select(_ => random.NextInt64(2))], shape)
            : NDArray.Create([.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)], shape);
    }
}
