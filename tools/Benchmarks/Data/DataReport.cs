using System.Globalization;

namespace OnnxFunctional.Benchmarks.Data;

/// <summary>Runs both sides of each case of data in turn, and prints the table of <c>--data</c>.</summary>
internal static class DataReport
{
    /// <summary>Measures cases, on files in a folder of their own.</summary>
    /// <param name="names">The cases; null for all.</param>
    public static int Measure(IReadOnlyCollection<string>? names)
    {
        if (names?.FirstOrDefault(name => DataCase.All.All(row => row.Name != name)) is { } unknown)
        {
            Console.Error.WriteLine($"There is no case '{unknown}'. Cases: {string.Join(", ", DataCase.All.Select(row => row.Name))}.");
            return 1;
        }

        Console.Out.WriteLine("Medians of alternating rounds, files in the cache of the system; memory of a process that reads once, above an idle one's.");
        Console.Out.WriteLine(
            $"{"case",-16} {"ours ms",9} {"ref ms",9} {"ratio",6} {"goal",8} {"result MB",10} {"ours MB",8} {"ref MB",8} {"of result",10} {"ours ns each",13}");
        foreach (var row in DataCase.All.Where(row => names is null || names.Contains(row.Name)))
        {
            var folder = Directory.CreateTempSubdirectory("onnxfunctional-data-").FullName;
            try
            {
                row.Prepare(folder);
                Console.Out.WriteLine(Measure(row, folder));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static string Measure(DataCase row, string folder)
    {
        using var ours = Start(DataCase.OurSide, row, folder);
        using var reference = Start(DataCase.ReferenceSide, row, folder);
        var (ourTimes, referenceTimes) = (new List<double>(), new List<double>());
        for (var round = 0; round < row.Rounds; round++)
        {
            ourTimes.Add(ours.Time(1));
            referenceTimes.Add(reference.Time(1));
        }

        var (ourTime, referenceTime) = (Report.Median(ourTimes), Report.Median(referenceTimes));
        var idle = Peak(DataCase.IdleSide, row, folder);
        var ourPeak = Peak(DataCase.OurSide + DataCase.Once, row, folder) - idle;
        var referencePeak = Peak(DataCase.ReferenceSide + DataCase.Once, row, folder) - idle;
        var result = row.ResultBytes / 1e6;
        var share = row.ResultBytes == 0 ? "" : (ourPeak / result).ToString("F2", CultureInfo.InvariantCulture);
        var each = row.Items == 0 ? "" : (ourTime * 1e6 / row.Items).ToString("F0", CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Name,-16} {ourTime,9:F0} {referenceTime,9:F0} {ourTime / referenceTime,6:F2} {row.Goal,8} {result,10:F0} ")
            + string.Create(CultureInfo.InvariantCulture, $"{ourPeak,8:F0} {referencePeak,8:F0} {share,10} {each,13}");
    }

    /// <summary>The peak of the memory of a process that runs a side once, in MB.</summary>
    private static double Peak(string side, DataCase row, string folder)
    {
        using var worker = Start(side, row, folder);
        return worker.Memory().Bytes / 1e6;
    }

    private static Side Start(string side, DataCase row, string folder)
    {
        var worker = Side.Start(side, row.Name, folder, threads: Environment.ProcessorCount);
        return worker.Failure is { } failure ? throw new InvalidOperationException($"{row.Name}: {failure}") : worker;
    }
}
