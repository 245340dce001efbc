namespace OnnxFunctional.Benchmarks.Data;

/// <summary>Reading of data that is measured beside a reference: a row of the table of <c>--data</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Goal">The goal: how many times the reference's time ours may be, or a time.</param>
/// <param name="ResultBytes">The bytes that must be in memory at the end; 0 if what is read is not kept.</param>
/// <param name="Items">How many samples or images are read; 0 if they are not counted.</param>
/// <param name="Rounds">The number of alternating rounds.</param>
/// <param name="Prepare">Makes the files of the case in a folder, unless they are there.</param>
/// <param name="Ours">What is measured, on the files in the folder.</param>
/// <param name="Reference">What it is compared with.</param>
internal sealed record DataCase(
    string Name, string Goal, long ResultBytes, long Items, int Rounds, Action<string> Prepare, Action<string> Ours, Action<string> Reference)
{
    /// <summary>The side of a worker that runs <see cref="Ours"/>.</summary>
    public const string OurSide = "data";

    /// <summary>The side of a worker that runs <see cref="Reference"/>.</summary>
    public const string ReferenceSide = "data-reference";

    /// <summary>The side of a worker that does nothing: the memory of a process as such.</summary>
    public const string IdleSide = "data-idle";

    /// <summary>Behind a side: only its first step does anything, so that the memory of one step can be measured.</summary>
    public const string Once = "-once";

    /// <summary>All cases.</summary>
    public static IReadOnlyList<DataCase> All { get; } = [.. CsvCases.All, .. ArrayCases.All, .. DatasetCases.All, .. ImageCases.All];

    /// <summary>What a worker runs.</summary>
    /// <param name="side">One of the sides.</param>
    /// <param name="name">The name of the case.</param>
    /// <param name="folder">The folder with its files.</param>
    public static Action Step(string side, string name, string folder)
    {
        var row = All.Single(candidate => candidate.Name == name);
        var isDone = false;
        return side switch
        {
            OurSide => () => row.Ours(folder),
            ReferenceSide => () => row.Reference(folder),
            OurSide + Once => () => First(row.Ours),
            ReferenceSide + Once => () => First(row.Reference),
            _ => Nothing,
        };

        static void Nothing()
        {
        }

        void First(Action<string> step)
        {
            if (!isDone) step(folder);
            isDone = true;
        }
    }
}
