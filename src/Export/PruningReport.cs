using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export;

/// <summary>The cost of running a model.</summary>
/// <param name="Parameters">The number of elements of its weights.</param>
/// <param name="MultiplyAdds">Multiply-adds of products, convolutions and recurrent layers for one batch; convolutions in their direct form.</param>
/// <param name="FileBytes">The size of its ONNX file.</param>
/// <param name="Milliseconds">The median time of a run in ONNX Runtime.</param>
public sealed record ModelCost(long Parameters, long MultiplyAdds, long FileBytes, double Milliseconds);

/// <summary>Compares the cost of two models in ONNX Runtime, such as one before and after <see cref="Model.Prune"/>; prints as a table.</summary>
/// <example><code>
/// var pruned = model.Prune(0.5).Model;
/// Console.WriteLine(PruningReport.Measure(model, pruned));
/// </code></example>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class PruningReport : IHtml
{
    private const int WarmUpRuns = 10;
    private static readonly ImmutableArray<string> s_header = ["", "before", "after", "ratio"];

    private PruningReport(ModelCost before, ModelCost after) => (Before, After) = (before, after);

    /// <summary>The cost of the first model.</summary>
    public ModelCost Before { get; }

    /// <summary>The cost of the second model.</summary>
    public ModelCost After { get; }

    /// <summary>How many times faster the second model is.</summary>
    public double Speedup => Before.Milliseconds / After.Milliseconds;

    /// <summary>Exports both models to memory and runs them alternately in ONNX Runtime, on one thread, with random inputs of the same batch size.</summary>
    /// <param name="before">The first model.</param>
    /// <param name="after">The second model.</param>
    /// <param name="batchSize">Samples per run, if the model leaves the number open.</param>
    /// <param name="runs">Runs of each model; the median time is reported.</param>
    /// <exception cref="ExportException">A model cannot be exported, or ONNX Runtime is missing.</exception>
    /// <exception cref="ModelException"><paramref name="batchSize"/> or <paramref name="runs"/> is not positive.</exception>
    public static PruningReport Measure(Model before, Model after, int batchSize = 1, int runs = 200)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (batchSize < 1) throw new ModelException($"PruningReport: batchSize is {batchSize}; expected at least 1.");
        if (runs < 1) throw new ModelException($"PruningReport: runs is {runs}; expected at least 1.");
        using var first = new Candidate(before, batchSize);
        using var second = new Candidate(after, batchSize);
        for (var i = 0; i < WarmUpRuns; i++)
        {
            first.Run();
            second.Run();
        }

        // Alternately, so that changes of the clock and other programs affect both.
        var (firstTimes, secondTimes) = (new double[runs], new double[runs]);
        for (var i = 0; i < runs; i++)
        {
            firstTimes[i] = first.Run();
            secondTimes[i] = second.Run();
        }

        return new(first.Cost(Median(firstTimes)), second.Cost(Median(secondTimes)));
    }

    /// <summary>Parameters, multiply-adds, bytes and time of both models, with their ratios.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var row in Rows().Prepend([.. s_header])) text.AppendLine(CultureInfo.InvariantCulture, $"{row[0],-22}{row[1],14}{row[2],14}{row[3],8}");
        return text.ToString().TrimEnd();
    }

    void IHtml.WriteHtml(HtmlWriter html) => html.Table(s_header, Rows(), numbers: [1, 2, 3]);

    private string[][] Rows()
    {
        return
        [
            Row("parameters", Before.Parameters, After.Parameters, "N0"),
            Row("multiply-adds", Before.MultiplyAdds, After.MultiplyAdds, "N0"),
            Row("ONNX file, bytes", Before.FileBytes, After.FileBytes, "N0"),
            Row("ONNX Runtime, ms", Before.Milliseconds, After.Milliseconds, "F4"),
        ];

        static string[] Row(string name, double first, double second, string format) =>
            [name, Number(first, format), Number(second, format), Number(second > 0 ? first / second : 1, "F2")];

        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static double Median(double[] times)
    {
        Array.Sort(times);
        return (times[times.Length / 2] + times[(times.Length - 1) / 2]) / 2;
    }

    /// <summary>One of the models, loaded, with an input.</summary>
    private sealed class Candidate : IDisposable
    {
        private readonly Model _model;
        private readonly OnnxModel _session;
        private readonly OnnxValue[] _inputs;
        private readonly long _bytes;
        private readonly double _operations;

        public Candidate(Model model, int batchSize)
        {
            _model = model;
            var emitted = OnnxExporter.Emit(model, new ExportOptions()).Emitted;
            var file = emitted.Proto.ToByteArray();
            var batch = emitted.Inputs.Select(input => input.Value.Spec.Shape).FirstOrDefault(shape => shape.Rank > 0 && shape.Dims[0] != Shape.Unknown);
            var data = new RandomInputs(emitted).Make(batch.Rank > 0 ? batch.Dims[0] : batchSize);
            _bytes = file.Length;
            _inputs = [.. data.Select(ArrayConversion.ToOnnx)];
            _operations = OperationCount.Of(
                Graph.Between([.. emitted.Inputs.Select(input => input.Value)], [.. emitted.Outputs.Select(output => output.Value)]),
                [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
            _session = OnnxModel.FromBytes(file, options: new OnnxModelOptions { IntraOpThreads = 1 });
        }

        /// <summary>Runs once and returns the milliseconds.</summary>
        public double Run()
        {
            var start = Stopwatch.GetTimestamp();
            _session.Run(_inputs);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        public ModelCost Cost(double milliseconds) =>
            new(_model.WeightPaths().Sum(named => (long)named.Weight.Length), (long)(_operations / 2), _bytes, milliseconds);

        public void Dispose() => _session.Dispose();
    }
}
