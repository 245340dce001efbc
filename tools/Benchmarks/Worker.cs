using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using OnnxFunctional.Benchmarks.Cases;
using OnnxFunctional.Benchmarks.Data;
using OnnxFunctional.Benchmarks.Peer;
using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Simd;
using TorchSharp;

namespace OnnxFunctional.Benchmarks;

/// <summary>A process that runs one side of one case on request, so that memory is measured separately and rounds can alternate.</summary>
/// <remarks>
/// A side is one of those in <see cref="Start"/>, or several joined by +: the first is timed, each other runs once before each timing.
/// Protocol, one line per message: it reports <c>ready OPERATIONS ARENA VALUES</c>; on <c>run N</c> it makes N steps and reports the milliseconds; on
/// <c>memory</c> it reports its peak working set and the bytes allocated per step.
/// </remarks>
internal static class Worker
{
    public static int Run(string[] args)
    {
        var (side, name, mode, threads) = (args[1], args[2], args[3], int.Parse(args[4], CultureInfo.InvariantCulture));
        var batch = args.Length > 5 ? int.Parse(args[5], CultureInfo.InvariantCulture) : 0;
        try
        {
            if (side == "profile")
            {
                Profile(name, mode, threads, batch);
                return 0;
            }

            var sides = side.Split('+').Select(each => Start(each, name, mode, threads, batch)).ToList();
            var step = sides[0].Step;
            foreach (var (each, _) in sides) each();
            step();
            Console.Out.WriteLine("ready " + sides[0].Note);
            var allocated = 0L;
            var steps = 0;
            while (Console.In.ReadLine() is { } line)
            {
                if (line == "memory")
                {
                    using var process = Process.GetCurrentProcess();
                    Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{process.PeakWorkingSet64} {(steps == 0 ? 0 : allocated / steps)}"));
                    continue;
                }

                foreach (var (other, _) in sides.Skip(1)) other();
                var count = int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
                var before = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                for (var i = 0; i < count; i++) step();
                var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                steps += count;
                Console.Out.WriteLine(elapsed.ToString("R", CultureInfo.InvariantCulture));
            }

            return 0;
        }
        catch (Exception error) when (
            error is TypeInitializationException or DllNotFoundException or NotSupportedException or ExternalException or ExportException)
        {
            Console.Out.WriteLine("failed " + (error.InnerException ?? error).Message.ReplaceLineEndings(" "));
            return 1;
        }
    }

    private static (Action Step, string Note) Start(string side, string name, string mode, int threads, int batch) => side switch
    {
        "ours" => Ours(name, mode, threads),
        _ when side.StartsWith(DataCase.OurSide, StringComparison.Ordinal) => (DataCase.Step(side, name, folder: mode), "0 0 0"),
        "onnx" => Exported(name, threads),
        "engine" => (PredictionWork.Engine(BenchmarkCase.Named(name), batch, threads), "0 0 0"),
        "ort" => (PredictionWork.OnnxRuntime(BenchmarkCase.Named(name), batch, threads, spins: false), "0 0 0"),
        "ort-spinning" => (PredictionWork.OnnxRuntime(BenchmarkCase.Named(name), batch, threads, spins: true), "0 0 0"),
        _ => Theirs(name, mode, threads),
    };

    /// <summary>Where the time of a training step goes, or that of a prediction at any batch size.</summary>
    private static void Profile(string name, string mode, int threads, int batch)
    {
        var benchmark = BenchmarkCase.Named(name);
        var random = new Random(1);
        var (model, inputs, targets) = (benchmark.Build(), benchmark.Inputs(random), benchmark.Targets(random));
        var trainer = Compiled(benchmark, model, threads);
        var report = mode == "train"
            ? trainer.Profile(NDArrays.Create(inputs), NDArrays.Create(targets), benchmark.Batch, steps: 200)
            : model.Profile(NDArrays.Create(inputs), batch == 0 ? benchmark.Batch : batch, steps: 200);
        Console.Out.WriteLine(report);
    }

    /// <summary>The training that is timed.</summary>
    public static Trainer Compiled(BenchmarkCase benchmark, Model model, int threads, Distribution? distribution = null)
    {
        var losses = model.OutputNames.Zip(benchmark.Losses).ToDictionary(pair => pair.First, pair => pair.Second);
        return model.Compile(new Adam(), losses, threads: threads, distribution: distribution);
    }

    /// <summary>The batch that every step takes.</summary>
    public static ArrayBatches Batches(NDArray[] data, int batch)
    {
        var batches = new ArrayBatches(data, batch, shuffle: false, 0);
        batches.Start(0);
        batches.MoveNext();
        return batches;
    }

    private static (Action Step, string Note) Ours(string name, string mode, int threads)
    {
        if (name == "gemm") return OurProduct(threads);
        var benchmark = BenchmarkCase.Named(name);
        var random = new Random(1);
        var model = benchmark.Build();
        var (inputs, targets) = (benchmark.Inputs(random), benchmark.Targets(random));
        var trainer = Compiled(benchmark, model, threads);
        var batches = Batches(mode == "train" ? [.. inputs, .. targets] : inputs, benchmark.Batch);
        if (mode == "train")
        {
            var runner = trainer.TrainingSteps;
            runner.Run(batches, 0);
            var step = StepGraph.For(trainer.Compiled, [.. Enumerable.Range(0, batches.Arrays).Select(batches.SpecOf)], training: true);
            var graph = Graph.Between(step.Inputs, [.. step.Outputs, .. step.Updates.Select(update => update.Value)]);
            var note = Note(graph, batches, runner.Plan);
            var steps = 1UL;
            return (() => runner.Run(batches, steps++), note);
        }

        var values = model.Inputs.Select(tensor => tensor.Value).ToArray();
        var map = Specialization.Of(values, [.. model.Outputs.Select(output => output.Value)], training: false);
        var outputs = model.Outputs.Select(output => map[output.Value]).ToArray();
        var plan = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), values, outputs, []),
            [.. inputs.Select(input => new TensorSpec(input.Shape, input.DType))]);
        var pool = trainer.Engine.Pool;
        return (() =>
        {
            for (var i = 0; i < inputs.Length; i++) inputs[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
            plan.Run(pool);
        }, Note(Graph.Between(values, outputs), batches, plan));
    }

    /// <summary>The exported training step, without verification: the tests verify it.</summary>
    private static (Action Step, string Note) Exported(string name, int threads)
    {
        var benchmark = BenchmarkCase.Named(name);
        var random = new Random(1);
        var model = benchmark.Build();
        NDArray[] data = [.. benchmark.Inputs(random), .. benchmark.Targets(random)];
        var targets = NDArrays.Create(data.AsSpan(model.Inputs.Count));
        var files = TrainingFiles.Of(Compiled(benchmark, model, threads), new TrainingExportOptions { Targets = targets });
        var trainer = OnnxTrainer.Open(TrainingFolder.Of(files), ExecutionProvider.Cpu, new OnnxModelOptions { IntraOpThreads = threads });
        return (() => trainer.StepOn(data), "0 0 0");
    }

    private static string Note(Graph graph, ArrayBatches batches, ExecutionPlan plan)
    {
        var operations = OperationCount.Of(graph, [.. Enumerable.Range(0, graph.Inputs.Count).Select(batches.SpecOf)]);
        return string.Create(CultureInfo.InvariantCulture, $"{operations:R} {plan.ArenaBytes} {plan.SumOfValuesBytes}");
    }

    private static (Action Step, string Note) OurProduct(int threads)
    {
        var product = new MatrixProduct(new GemmShape(2016, 2048, 2048));
        var pool = new WorkerPool(threads);
        var (a, b, c) = (Filled(2016 * 2048), Filled(2048 * 2048), AlignedMemory.Allocate(2016 * 2048));
        var workspace = AlignedMemory.Allocate(product.WorkspaceFloats);
        return (() => product.Run(pool, a, b, c, workspace), (2.0 * 2016 * 2048 * 2048).ToString("R", CultureInfo.InvariantCulture) + " 0 0");

        static Memory<float> Filled(int count)
        {
            var memory = AlignedMemory.Allocate(count);
            memory.Span.Fill(0.5f);
            return memory;
        }
    }

    private static (Action Step, string Note) Theirs(string name, string mode, int threads)
    {
        torch.set_num_threads(threads);
        if (name == "gemm")
        {
            var (a, b) = (torch.full(2016, 2048, 0.5f), torch.full(2048, 2048, 0.5f));
            return (() =>
            {
                using var product = torch.mm(a, b);
            }, (2.0 * 2016 * 2048 * 2048).ToString("R", CultureInfo.InvariantCulture) + " 0 0");
        }

        var benchmark = BenchmarkCase.Named(name);
        var random = new Random(1);
        var inputs = benchmark.Inputs(random).Select(PeerNetwork.ToTensor).ToArray();
        var targets = benchmark.Targets(random).Select(PeerNetwork.ToTensor).ToArray();
        var network = benchmark.Peer();
        if (mode == "train")
        {
            network.Module.train();
            return (() => network.TrainStep(inputs, targets), "0 0 0");
        }

        network.Module.eval();
        return (() => network.Predict(inputs), "0 0 0");
    }
}
