using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Export.Verify;

/// <summary>Runs two files on the same inputs in ONNX Runtime, graph optimizations off and on, and compares what both name, then their outputs.</summary>
internal sealed class FilePair
{
    // A file may declare any size.
    private const double MostElements = 1 << 26;
    private const string Words = "a b of the word other 1 2";

    private readonly ComparisonOptions _options;
    private readonly (string Name, CheckedModel Checked, VerifiedFile File) _first, _second;
    private readonly string[] _common;
    private readonly Dictionary<string, TensorComparison> _rows = [];

    public FilePair(string first, string second, ComparisonOptions options)
    {
        _options = options;
        (_first, _second) = (Opened(first), Opened(second));
        var others = Named(_second.Checked.Model).ToHashSet(StringComparer.Ordinal);
        var outputs = _first.Checked.Model.Graph.Output.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        _common = [.. Named(_first.Checked.Model).Where(name => others.Contains(name) && !outputs.Contains(name))];
    }

    public OnnxComparison Compare()
    {
        string? failure = null;
        var providers = _options.Providers ?? OrtSetup.Providers();
        foreach (var provider in providers)
        {
            foreach (var (optimization, run) in ((GraphOptimization, string)[])[(GraphOptimization.None, "off"), (GraphOptimization.All, "on")])
            {
                failure ??= Compare(provider, optimization, $"optimizations {run}{(providers.Count > 1 ? $", {provider}" : "")}");
            }
        }

        return new OnnxComparison(_first.Name, _second.Name, [.. _rows.Select(row => row.Value.Result(row.Key))], failure);
    }

    /// <summary>Compares in one way of running; returns why one of the files failed.</summary>
    private string? Compare(ExecutionProvider provider, GraphOptimization optimization, string way)
    {
        using var left = _first.File.With(_common, optimization, provider);
        using var right = _second.File.With(_common, optimization, provider);
        Check(left, right);
        foreach (var (inputs, name, mayBeRefused) in Batches(left))
        {
            if (Run(left, right, inputs, $"{name}, {way}", mayBeRefused) is { } failure) return failure;
        }

        return null;
    }

    private static (string Name, CheckedModel Checked, VerifiedFile File) Opened(string path)
    {
        var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
        return (path, file, VerifiedFile.Of(file, path));
    }

    /// <summary>The results of nodes, in order; ONNX Runtime returns those that it can compare: tensors.</summary>
    private static IEnumerable<string> Named(ModelProto model) => model.Graph.Node.SelectMany(node => node.Output).Where(name => name.Length > 0).Distinct();

    /// <exception cref="ExportException">The files take other inputs or have other numbers of outputs.</exception>
    private void Check(OnnxSession left, OnnxSession right)
    {
        var same = left.Inputs.Count == right.Inputs.Count && left.Inputs.Zip(right.Inputs).All(pair =>
            pair.First.ElementType == pair.Second.ElementType && pair.First.Dimensions.Count == pair.Second.Dimensions.Count);
        if (!same)
        {
            throw new ExportException(
                $"'{_first.Name}' takes {Listed(left.Inputs)}, and '{_second.Name}' takes {Listed(right.Inputs)}; "
                + "expected inputs of the same types and ranks, in the same order.");
        }

        var (ours, theirs) = (_first.Checked.Model.Graph.Output.Count, _second.Checked.Model.Graph.Output.Count);
        if (ours != theirs) throw new ExportException($"'{_first.Name}' has {ours} outputs, and '{_second.Name}' has {theirs}; expected as many.");

        static string Listed(IEnumerable<OnnxTensorInfo> inputs) => string.Join("; ", inputs);
    }

    private IEnumerable<(OnnxValue[] Inputs, string Name, bool MayBeRefused)> Batches(OnnxSession session)
    {
        var random = new Random(1);

        // Files of a fixed batch have one size only.
        var known = session.Inputs.Where(input => input.Dimensions.Count > 0).Select(input => input.Dimensions[0].Value).FirstOrDefault(value => value is > 0);
        foreach (var size in known is { } one ? [(int)one] : _options.BatchSizes) yield return (Made(size, _options.Lengths[0]), $"batch {size}", false);
        if (session.Inputs.Any(input => input.Dimensions.Skip(1).Any(dim => dim.Value is not > 0)))
        {
            foreach (var length in _options.Lengths.Skip(1)) yield return (Made((int)(known ?? 2), length), $"length {length}", true);
        }

        if (_options.Samples is { } samples) yield return ([.. samples], "samples", false);

        OnnxValue[] Made(int batch, int length) => [.. session.Inputs.Select(input => FilePair.Made(input, batch, length, random))];
    }

    private static OnnxValue Made(OnnxTensorInfo input, int batch, int length, Random random)
    {
        nint[] lengths = [.. input.Dimensions.Select((dim, i) => (nint)(dim.Value is > 0 and var known ? known : i == 0 ? batch : length))];
        var elements = lengths.Aggregate(1.0, (product, size) => product * size);
        if (elements > MostElements)
        {
            throw new ExportException(
                $"Input {input} has {elements:N0} elements for {batch} samples, which are not made at random. Give ComparisonOptions.Samples.");
        }

        var count = (int)elements;
        return Type.GetTypeCode(input.ElementType) switch
        {
            TypeCode.Single => OnnxValue.Of(Numbers(() => (2 * random.NextSingle()) - 1), lengths),
            TypeCode.Double => OnnxValue.Of(Numbers(() => (2 * random.NextDouble()) - 1), lengths),
            TypeCode.Int64 => OnnxValue.Of(Numbers(() => (long)random.Next(2)), lengths),
            TypeCode.Int32 => OnnxValue.Of(Numbers(() => random.Next(2)), lengths),
            TypeCode.Byte => OnnxValue.Of(Numbers(() => (byte)random.Next(256)), lengths),
            TypeCode.Boolean => OnnxValue.Of(Numbers(() => random.Next(2) == 0), lengths),
            TypeCode.String => OnnxValue.Of(Numbers(() => Words.Split(' ')[random.Next(8)]), lengths),
            _ => throw new ExportException($"Input {input} is of a type that is not made at random. Give ComparisonOptions.Samples."),
        };

        T[] Numbers<T>(Func<T> next)
        {
            var numbers = new T[count];
            for (var i = 0; i < count; i++) numbers[i] = next();
            return numbers;
        }
    }

    /// <summary>Runs both; returns why one of them failed.</summary>
    private string? Run(OnnxSession left, OnnxSession right, OnnxValue[] inputs, string run, bool mayBeRefused)
    {
        string[] ours = [.. _common, .. _first.Checked.Model.Graph.Output.Select(output => output.Name)];
        string[] theirs = [.. _common, .. _second.Checked.Model.Graph.Output.Select(output => output.Name)];
        OnnxValue[] expected, actual;
        try
        {
            expected = left.Run([.. left.Inputs.Select(input => input.Name)], inputs, ours, CancellationToken.None);
        }
        catch (Exception refused) when (refused is ExportException or ArgumentException)
        {
            if (mayBeRefused) return null;
            throw new ExportException($"'{_first.Name}' does not run on {run}: {refused.Message} Give ComparisonOptions.Samples that it takes.", refused);
        }

        try
        {
            actual = right.Run([.. right.Inputs.Select(input => input.Name)], inputs, theirs, CancellationToken.None);
        }
        catch (Exception refused) when (refused is ExportException or ArgumentException)
        {
            return $"'{_second.Name}' does not run on {run}, which '{_first.Name}' does: {refused.Message}";
        }

        for (var i = 0; i < ours.Length; i++)
        {
            var name = i < _common.Length ? ours[i] : "(output) " + ours[i];
            if (!_rows.TryGetValue(name, out var row)) _rows.Add(name, row = new TensorComparison(_options));
            row.Add(expected[i], actual[i], run);
        }

        return null;
    }
}
