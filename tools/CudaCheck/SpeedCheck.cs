using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Benchmarks.Cases;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.CudaCheck;

/// <summary>Times a training step by ONNX Runtime on the device, in float32 and in TF32, and by the engine on this machine's processor.</summary>
internal sealed class SpeedCheck(ExecutionProvider device, Checks checks, int rounds)
{
    private const double MillisecondsPerRound = 50;
    private const int MostSteps = 100;

    // The processor has no TF32.
    private readonly bool _hasTensorFloat32 = device.DeviceId is not null;

    public void Run(string[] names, int[] batches)
    {
        if (rounds == 0) return;
        checks.Write("");
        checks.Write($"A training step in milliseconds, medians of {rounds} alternating rounds; the ratio is the engine's time over {device}'s in float32:");
        checks.Write("");
        checks.Write($"| case | batch | engine | {device} | ratio |{(_hasTensorFloat32 ? $" {device} in TF32 |" : "")}");
        checks.Write("|---|---|---|---|---|" + (_hasTensorFloat32 ? "---|" : ""));
        foreach (var name in names)
        {
            foreach (var batch in batches) Run(name, batch);
        }
    }

    private void Run(string name, int batch)
    {
        try
        {
            List<Backend> backends = [Backend.Engine, Backend.OnnxRuntime(device)];
            if (_hasTensorFloat32) backends.Add(Backend.OnnxRuntime(device, new OnnxModelOptions { TensorFloat32 = true }));
            var times = Medians([.. backends.Select(backend => Steps(name, batch, backend))]);
            checks.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {batch} | {times[0]:G3} | {times[1]:G3} | {times[0] / times[1]:G3} |{(_hasTensorFloat32 ? $" {times[2]:G3} |" : "")}"));
        }
        catch (Exception refused) when (refused is ExportException or ModelException or OutOfMemoryException)
        {
            checks.Write($"| {name} | {batch} | failed | | |");
            checks.Fail($"{name}, batch {batch}: {refused.Message}");
        }
    }

    /// <summary>A step on data that is always the same, warmed up.</summary>
    private static Action Steps(string name, int batch, Backend backend)
    {
        var benchmark = BenchmarkCase.Named(name);
        benchmark.Batch = batch;
        var (model, random) = (benchmark.Build(), new Random(1));
        var losses = model.OutputNames.Zip(benchmark.Losses).ToDictionary(pair => pair.First, pair => pair.Second);
        var runner = model.Compile(new Adam(), losses, backend: backend).TrainingSteps;
        var data = new ArrayBatches([.. benchmark.Inputs(random), .. benchmark.Targets(random)], batch, shuffle: false, 0);
        data.Start(0);
        data.MoveNext();
        var step = 0UL;
        Run();
        return Run;

        void Run() => runner.Run(data, step++);
    }

    private double[] Medians(Action[] sides)
    {
        var counts = Array.ConvertAll(sides, side => Math.Clamp((int)(MillisecondsPerRound / Math.Max(Time(side, 1), 1e-3)), 1, MostSteps));
        var times = Array.ConvertAll(sides, _ => new double[rounds]);
        for (var round = 0; round < rounds; round++)
        {
            for (var side = 0; side < sides.Length; side++) times[side][round] = Time(sides[side], counts[side]);
        }

        return Array.ConvertAll(times, all => all.Order().ElementAt(rounds / 2));
    }

    private static double Time(Action step, int count)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++) step();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / count;
    }
}
