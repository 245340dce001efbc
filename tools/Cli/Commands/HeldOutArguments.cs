using System.CommandLine;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Which samples are held out from training.</summary>
internal sealed class HeldOutArguments
{
    private const double DefaultShare = 0.2;

    private readonly Option<double?> _share = Typed.Number(
        "--validation-split",
        "The share of the samples to hold out, at random; 0 for none. By default 0.2, unless the data has a part to test on.",
        "a share of at least 0 and below 1",
        value => value is >= 0 and < 1);

    private readonly Option<string?> _data = Typed.Text("--validation-data", "Samples to hold out instead, in the form of --data.", "PATH");

    public void AddTo(Command command)
    {
        command.Add(_share);
        command.Add(_data);
    }

    /// <summary>Reads the samples to learn from and those held out.</summary>
    /// <exception cref="DataException">There are too few samples for both.</exception>
    public (LoadedData Training, LoadedData? HeldOut) Split(ParseResult parsed, DataSource source, DataRequest request, ulong seed)
    {
        var (share, path) = (parsed.GetValue(_share), parsed.GetValue(_data));
        if (share > 0 && path is not null)
            throw new DataException("--validation-split and --validation-data both name samples to hold out. Leave one of them out.");
        var all = source.Load(request);
        var other = path is not null ? DataSource.Open(path, source.Options) : share is null ? source.HeldOut : null;
        if (other is not null) return (all, other.Load(SameAs(all, request)));
        return share == 0 ? (all, null) : AtRandom(all, share ?? DefaultShare, source.Path, seed);
    }

    /// <summary>The request for further data, whose classes and columns are those of the first.</summary>
    private static DataRequest SameAs(LoadedData all, DataRequest request) => all.Targets is [var target]
        ? request with { Description = new(target.Name, target.Classes, null, all.Columns) }
        : request;

    private static (LoadedData Training, LoadedData HeldOut) AtRandom(LoadedData all, double share, string path, ulong seed)
    {
        var held = Math.Max(1, (int)Math.Round(all.Count * share));
        if (held >= all.Count)
        {
            throw new DataException(
                $"'{path}' has {all.Count} sample{(all.Count == 1 ? "" : "s")}; holding out a share of {share} leaves none to learn from. "
                + "Use more data, or pass --validation-split 0.");
        }

        NDArray indices = Enumerable.Range(0, all.Count).ToArray();
        var (train, test, _, _) = ModelSelection.TrainTestSplit(indices, indices, testSize: held, seed: seed, stratify: Strata(all, held));
        return (all.Take((int[])train[0]), all.Take((int[])test[0]));
    }

    /// <summary>The classes, if both parts can have samples of each.</summary>
    private static NDArray? Strata(LoadedData all, int held)
    {
        if (all.Targets is not [{ Task: TaskKind.Classification } target]) return null;
        var sizes = target.Values.ToArray().CountBy(label => label).Select(entry => entry.Value).ToList();
        return sizes.Min() >= 2 && sizes.Count <= held && sizes.Count <= all.Count - held ? target.Values : null;
    }
}
