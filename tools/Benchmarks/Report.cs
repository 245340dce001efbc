using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OnnxFunctional.Benchmarks.Cases;
using OnnxFunctional.Benchmarks.Data;
using OnnxFunctional.Benchmarks.Distributed;
using OnnxFunctional.Benchmarks.Scale;

namespace OnnxFunctional.Benchmarks;

/// <summary>Runs both sides of every case in turn and prints the table.</summary>
internal static class Report
{
    public const int Rounds = 15;

    private const double MillisecondsARound = 120;
    private const int MostSteps = 4096;

    public static async Task<int> Run(string[] args)
    {
        var cases = new Option<string?>("--cases") { Description = "Names, separated by commas; default: all." };
        var threads = new Option<int>("--threads") { Description = "Threads of both sides.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var noPeer = new Option<bool>("--no-peer") { Description = "Measure our side only." };
        var modes = new Option<string?>("--mode") { Description = "train or predict; default: both." };
        var json = new Option<string?>("--json") { Description = "Also write the table to this file." };
        var export = new Option<bool>("--training-export")
        {
            Description = "Compare the engine's training step with the exported one in ONNX Runtime instead.",
        };
        var inference = new Option<bool>("--inference")
        {
            Description = "Compare predictions of the engine and of ONNX Runtime on the exported file instead: in two processes and in one.",
        };
        var sharing = new Option<bool>("--sharing")
        {
            Description = "Measure numbers of threads where cores are shared with others instead: fewer cores, a second process, a busy neighbor, a quota.",
        };
        var distribution = new Option<bool>("--distribution")
        {
            Description = "Compare one process with several instead, which mpirun starts, and predict steps of many machines.",
        };
        var scale = new Option<string[]?>("--scale")
        {
            Description = "Measure what grows with the number of outputs, layers or rows instead: these tables, or all.",
            Arity = ArgumentArity.ZeroOrMore,
            AllowMultipleArgumentsPerToken = true,
        };
        var imported = new Option<string[]>("--imported")
        {
            Description = "Measure networks of these ONNX files instead: predictions of the engine and of ONNX Runtime, and a training step.",
            AllowMultipleArgumentsPerToken = true,
        };
        var bind = new Option<string[]>("--bind")
        {
            Description = "Inputs of those files that are fixed, sr=16000, or given a shape, input=?,576.",
            AllowMultipleArgumentsPerToken = true,
        };
        var data = new Option<bool>("--data")
        {
            Description = "Measure how data is read instead, beside a reference; --cases names rows of that table.",
        };
        var root = new RootCommand("Training and prediction, side by side with TorchSharp: alternating rounds in two processes, medians and ratios.")
        {
            cases,
            threads,
            noPeer,
            modes,
            json,
            export,
            inference,
            sharing,
            distribution,
            scale,
            imported,
            bind,
            data,
        };
        root.SetAction((parsed, _) => Task.FromResult(parsed.GetValue(data) ? DataReport.Measure(parsed.GetValue(cases)?.Split(',')) : Others(parsed)));
        return await root.Parse(args).InvokeAsync().ConfigureAwait(false);

        int Others(ParseResult parsed) => Measure(parsed.GetValue(cases)?.Split(','), names =>
        {
            var (count, mode, file) = (parsed.GetValue(threads), parsed.GetValue(modes), parsed.GetValue(json));
            if (parsed.GetResult(scale) is not null) return ScaleTables.Measure(parsed.GetValue(scale) ?? []);
            if (parsed.GetValue(imported) is { Length: > 0 } files) return ImportedFiles.Measure(files, parsed.GetValue(bind) ?? [], count);
            if (parsed.GetValue(distribution)) return Processes.Measure(parsed.GetValue(cases)?.Split(','));
            if (parsed.GetValue(export)) return ExportedSteps.Measure(names, count, file);
            if (parsed.GetValue(inference)) return Inference.Measure(names, count, file);
            return parsed.GetValue(sharing) ? SharedCores.Measure(names, mode, file) : Measure(names, count, !parsed.GetValue(noPeer), mode, file);
        });
    }

    /// <summary>Milliseconds per step for both sides: medians of alternating rounds.</summary>
    public static (double Left, double Right) Alternate(Side left, Side right)
    {
        var (leftSteps, rightSteps) = (Steps(left), Steps(right));
        var (leftTimes, rightTimes) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            leftTimes.Add(left.Time(leftSteps) / leftSteps);
            rightTimes.Add(right.Time(rightSteps) / rightSteps);
        }

        return (Median(leftTimes), Median(rightTimes));
    }

    private static int Measure(string[]? names, Func<string[], int> measure)
    {
        var known = BenchmarkCase.All.Select(candidate => candidate.Name).ToArray();
        if (names?.FirstOrDefault(name => !known.Contains(name)) is not { } unknown) return measure(names ?? known);
        Console.Error.WriteLine($"There is no case '{unknown}'. Cases: {string.Join(", ", known)}.");
        return 1;
    }

    private static int Measure(string[] names, int threads, bool peer, string? mode, string? json)
    {
        if (peer && Side.Start("peer", "gemm", "train", threads) is { Failure: { } failure })
        {
            Console.Out.WriteLine($"TorchSharp cannot be loaded here, so only our side is measured: {failure}");
            Console.Out.WriteLine("It needs libstdc++ of GCC 13 or later (GLIBCXX_3.4.32).");
            peer = false;
        }

        var peak = GemmPeak(threads, peer);
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} thread(s); large matrix product: {peak:F0} GFLOP/s (the better of both); medians of {Rounds} alternating rounds"));
        var rows = new List<Row>();
        Console.Out.WriteLine(Row.Header);
        foreach (var name in names)
        {
            foreach (var which in mode is null ? ["train", "predict"] : new[] { mode })
            {
                var row = Compare(name, which, threads, peer, peak);
                rows.Add(row);
                Console.Out.WriteLine(row.Text());
            }
        }

        foreach (var group in rows.Where(row => row.Ratio is not null).GroupBy(row => row.Mode))
        {
            var mean = Math.Exp(group.Average(row => Math.Log(row.Ratio!.Value)));
            Console.Out.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{group.Key}: geometric mean ratio {mean:F2}, smallest {group.Min(row => row.Ratio):F2}"));
        }

        if (json is not null) WriteJson(json, threads, peak, rows);
        return 0;
    }

    private static double GemmPeak(int threads, bool peer)
    {
        var best = 0.0;
        foreach (var side in peer ? ["ours", "peer"] : new[] { "ours" })
        {
            using var worker = Side.Start(side, "gemm", "train", threads);
            for (var i = 0; i < 8; i++) best = Math.Max(best, worker.Operations / worker.Time(1) / 1e6);
        }

        return best;
    }

    private static Row Compare(string name, string mode, int threads, bool peer, double peak)
    {
        using var ours = Side.Start("ours", name, mode, threads);
        using var theirs = peer ? Side.Start("peer", name, mode, threads) : null;
        var (ourMs, theirMs) = theirs is null ? (Alone(ours), (double?)null) : Alternate(ours, theirs);
        var (ourBytes, allocated) = ours.Memory();
        var gflops = ours.Operations / ourMs / 1e6;
        return new Row(
            name,
            mode,
            ourMs,
            theirMs,
            theirMs / ourMs,
            gflops,
            gflops / peak,
            ourBytes / 1e6,
            theirs?.Memory().Bytes / 1e6,
            allocated,
            ours.ArenaBytes / 1e6,
            ours.ValuesBytes / 1e6);
    }

    private static double Alone(Side side)
    {
        var steps = Steps(side);
        return Median([.. Enumerable.Range(0, Rounds).Select(_ => side.Time(steps) / steps)]);
    }

    /// <summary>Warms up a side and determines the number of steps per round.</summary>
    public static int Steps(Side side) => Steps(side.Time);

    /// <inheritdoc cref="Steps(Side)"/>
    public static int Steps(Func<int, double> side)
    {
        // Rounds grow until one is long enough; the steps on the way bring the code to its final JIT tier.
        for (var steps = 1; ; steps *= 4)
        {
            var time = side(steps);
            if (time < MillisecondsARound / 4 && steps < MostSteps) continue;
            side(steps);
            return Math.Clamp((int)(steps * MillisecondsARound / Math.Max(time, 1e-3)), 1, MostSteps);
        }
    }

    public static double Median(List<double> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }

    private static void WriteJson(string path, int threads, double peak, List<Row> rows)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("threads", threads);
        writer.WriteNumber("gemm_peak_gflops", peak);
        writer.WriteStartArray("cases");
        foreach (var row in rows) row.Write(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
