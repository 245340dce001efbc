using System.Numerics.Tensors;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Samples;

/// <summary>NumPy arrays: a single one in an .npy file, whose targets are in another, or several in an .npz file.</summary>
/// <remarks>
/// Arrays of an .npz file are told by the names of inputs and outputs, or are called <c>x_train</c>, <c>y_train</c>, <c>x_test</c>, <c>y_test</c> as in Keras'
/// data sets, <c>x</c>, <c>y</c>, or <c>arr_0</c>, <c>arr_1</c> as numpy.savez calls them.
/// </remarks>
internal sealed class ArraySource : DataSource
{
    // Below, whole numbers are rather flags or counts than pixels.
    private const int SmallestBrightest = 16;

    private readonly bool _isArchive;
    private readonly IReadOnlyList<string> _names;
    private readonly string? _part;

    public ArraySource(string path, DataOptions options)
        : this(path, options, null)
    {
        if (_names.Contains("x_train")) _part = "train";
    }

    private ArraySource(string path, DataOptions options, string? part)
        : base(path, options)
    {
        _isArchive = DataKinds.Of(path) == DataKind.Arrays;
        _names = _isArchive ? Npz.ReadNames(path) : ["x"];
        _part = part;
    }

    /// <inheritdoc/>
    public override DataSource? HeldOut =>
        _part == "train" && _names.Contains("x_test") && _names.Contains("y_test") ? new ArraySource(Path, Options, "test") : null;

    /// <inheritdoc/>
    public override IReadOnlyList<Feature> Features()
    {
        var x = Read(XName(withTargets: true));
        int?[] sample = x.Shape.Count == 1 ? [1] : [.. x.Shape.Skip(1)];
        var arePixels = sample.Length > 1 && x.DType != DType.Float32 && x.ToArray() is var values && values.Max() is >= SmallestBrightest and <= 255
            && values.Min() >= 0;
        return [new(new("x", false, sample), arePixels ? FeatureKind.Pixels : FeatureKind.Numbers, [])];
    }

    /// <inheritdoc/>
    public override LoadedData Load(DataRequest request)
    {
        if (request.Inputs.FirstOrDefault(input => input.IsText) is { } text)
            throw Misfit($"holds numbers, but input '{text.Name}' takes text. Use a CSV table with its words.");
        var x = new NDArrays();
        foreach (var input in request.Inputs) x[input.Name] = Read(NameOf(input, request));
        var targets = request.WithTargets ? Targets(request) : [];
        foreach (var (what, count) in x.Select((array, i) => ($"input '{request.Inputs[i].Name}'", array.Count))
            .Concat(targets.Select(target => ($"target '{target.Name}'", target.Values.Count))))
        {
            if (count == 0) throw Misfit($"has no samples for {what}; expected at least one.");
            if (count != x[0].Count)
                throw Misfit($"has {x[0].Count} samples for input '{request.Inputs[0].Name}' but {count} for {what}. Save as many of each.");
        }

        return new(x, targets, null);
    }

    private IReadOnlyList<Target> Targets(DataRequest request)
    {
        var classes = request.Description?.Classes;
        if (request.Outputs is not { Count: > 1 } several)
        {
            var (name, values) = Single();
            return [Target.Of(name, values, Options.Task, classes, request.Outputs?[0].Size)];
        }

        return
        [
            .. several.Select(output => _names.Contains(output.Name)
                ? Target.Of(output.Name, Read(output.Name), Options.Task, null, output.Size)
                : throw Misfit($"has no array '{output.Name}' for that output. It has {string.Join(", ", _names)}. Save arrays under the names of outputs.")),
        ];
    }

    private (string Name, NDArray Values) Single()
    {
        if (_isArchive) return (YName(), Read(YName()));
        if (Options.Target is not { } file) throw Misfit("holds one array. Name the .npy file of the targets with --target.");
        return DataKinds.Of(file) switch
        {
            DataKind.Array => ("y", Converted(() => Npy.Read<byte>(file), () => Npy.Read<long>(file), () => Npy.Read<float>(file))),
            DataKind.Idx => ("y", NDArray.From(Idx.ReadLabels(file))),
            _ => throw new DataException($"'{file}', which --target names, is no .npy file. Save the targets with numpy.save."),
        };
    }

    private string NameOf(TensorInfo input, DataRequest request)
    {
        if (_isArchive && request.Inputs.All(each => _names.Contains(each.Name))) return input.Name;
        if (request.Inputs.Count == 1) return XName(request.WithTargets);
        var missing = request.Inputs.First(each => !_names.Contains(each.Name));
        throw Misfit(
            $"has no array '{missing.Name}', but the model has {request.Inputs.Count} inputs: {string.Join(", ", request.Inputs.Select(each => each.Name))}. "
            + $"It has {string.Join(", ", _names)}. Save arrays under the names of the inputs.");
    }

    private string XName(bool withTargets)
    {
        if (!_isArchive) return "x";
        if (_part is not null) return "x_" + _part;
        if (_names.FirstOrDefault(name => name is "x" or "X" or "arr_0") is { } usual && usual != Options.Target) return usual;
        var target = withTargets || _names.Count > 1 ? TryYName() : null;
        string[] others = [.. _names.Where(name => name != target)];
        return others.Length == 1
            ? others[0]
            : throw Misfit($"has the arrays {string.Join(", ", _names)}. Call the samples x and the targets y, or name the targets with --target.");
    }

    private string YName() => TryYName()
        ?? throw Misfit($"has the arrays {string.Join(", ", _names)}. Call the targets y, or name them with --target.");

    private string? TryYName()
    {
        if (Options.Target is { } given)
        {
            return _names.Contains(given)
                ? given
                : throw Misfit($"has no array '{given}', which --target names.{Nearest.Question(given, _names)} It has {string.Join(", ", _names)}.");
        }

        return _part is not null ? "y_" + _part : _names.FirstOrDefault(name => name is "y" or "Y" or "labels" or "arr_1");
    }

    private NDArray Read(string name) => _isArchive
        ? Converted(() => Npz.Read<byte>(Path, name), () => Npz.Read<long>(Path, name), () => Npz.Read<float>(Path, name))
        : Converted(() => Npy.Read<byte>(Path), () => Npy.Read<long>(Path), () => Npy.Read<float>(Path));

    /// <summary>An array in the smallest type that holds it: one of floats is no array of integers, and its reader says so before it reads.</summary>
    private static NDArray Converted(Func<Tensor<byte>> bytes, Func<Tensor<long>> integers, Func<Tensor<float>> floats)
    {
        try
        {
            return NDArray.From(bytes());
        }
        catch (DataException)
        {
            try
            {
                return NDArray.From(integers());
            }
            catch (DataException)
            {
                return NDArray.From(floats());
            }
        }
    }
}
