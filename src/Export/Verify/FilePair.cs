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
        foreach (var (optimization, run) in ((GraphOptimization, string)[])[(GraphOptimization.None, "off"), (GraphOptimization.All, "on")])
        {
            using var left = _first.File.With(_common, optimization);
            using var right = _second.File.With(_common, optimization);
            Check(left, right);
            foreach (var (inputs, name) in Batches(left))
            {
                failure = Run(left, right, inputs, $"{name}, optimizations {run}");
                if (failure is not null) break;
            }

            if (failure is not null) break;
        }

        return new OnnxComparison(_first.Name, _second.Name, [.. _rows.Select(row => row.Value.Result(row.Key))], failure);
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

    private IEnumerable<(OnnxValue[] Inputs, string Name)> Batches(OnnxSession session)
    {
        var random = new Random(1);
        foreach (var size in _options.BatchSizes)
        {
            // Files of a fixed batch have one size only.
            var firsts = session.Inputs.Where(input => input.Dimensions.Count > 0).Select(input => input.Dimensions[0].Value);
            var fixedSize = firsts.FirstOrDefault(value => value is > 0);
            var batch = (int)(fixedSize ?? size);
            yield return ([.. session.Inputs.Select(input => Made(input, batch, random))], $"batch {batch}");
            if (fixedSize is not null) break;
        }

        if (_options.Samples is { } samples) yield return ([.. samples], "samples");
    }

    private OnnxValue Made(OnnxTensorInfo input, int batch, Random random)
    {
        nint[] lengths = [.. input.Dimensions.Select((dim, i) => (nint)(dim.Value is > 0 and var known ? known : i == 0 ? batch : _options.OpenSize))];
        var elements = lengths.Aggregate(1.0, (product, length) => product * length);
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
    private string? Run(OnnxSession left, OnnxSession right, OnnxValue[] inputs, string run)
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
