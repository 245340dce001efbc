using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Samples;

/// <summary>Images and labels in idx files.</summary>
internal sealed class IdxSource : DataSource
{
    private readonly string? _labels;
    private readonly IdxFolder? _folder;

    public IdxSource(string images, DataOptions options)
        : this(images, options.Target, null, options)
    {
    }

    private IdxSource(string images, string? labels, IdxFolder? folder, DataOptions options)
        : base(images, options) => (_labels, _folder) = (labels, folder);

    /// <summary>The training part of a folder.</summary>
    /// <exception cref="DataException">A file is missing.</exception>
    public static IdxSource OfFolder(string path, DataOptions options)
    {
        var folder = new IdxFolder(path);
        var (images, labels) = folder.Part(heldOut: false);
        return new(images, labels, folder, options);
    }

    /// <inheritdoc/>
    public override DataSource? HeldOut
    {
        get
        {
            if (_folder is not { HasHeldOut: true }) return null;
            var (images, labels) = _folder.Part(heldOut: true);
            return new IdxSource(images, labels, null, Options);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Feature> Features()
    {
        var lengths = Idx.ReadImages(Path).Lengths;
        return [new(new("image", false, [(int)lengths[1], (int)lengths[2], 1]), FeatureKind.Pixels, [])];
    }

    /// <inheritdoc/>
    public override LoadedData Load(DataRequest request)
    {
        if (request.Inputs is not [{ IsText: false } input])
            throw Misfit($"holds images, but the model takes {string.Join("; ", request.Inputs)}. Use data with these inputs.");
        var pixels = Idx.ReadImages(Path, (float)Options.Scale);
        var (count, height, width) = ((int)pixels.Lengths[0], (int)pixels.Lengths[1], (int)pixels.Lengths[2]);
        int[] sample = input.Sample.Count switch { 1 => [height * width], 2 => [height, width], _ => [height, width, 1] };
        if (sample.Length != input.Sample.Count || sample.Zip(input.Sample).Any(pair => pair.Second is { } size && size != pair.First))
            throw Misfit($"has images of {height} x {width} pixels, but input {input} takes others. Use images of that size.");
        if (count == 0) throw Misfit("has no images; expected at least one.");
        var values = new float[pixels.FlattenedLength];
        pixels.FlattenTo(values);
        var x = new NDArrays { [input.Name] = NDArray.Create(values, Shape.Create([count, .. sample.Select(dim => (int?)dim)])) };
        return new(x, request.WithTargets ? [Labels(count, request)] : [], null);
    }

    private Target Labels(int count, DataRequest request)
    {
        if (_labels is null) throw Misfit("holds images without labels. Name the idx file of the labels with --target, or give the folder with both.");
        var labels = Idx.ReadLabels(_labels);
        return labels.Lengths[0] == count
            ? Target.Of("label", NDArray.From(labels), Options.Task, request.Description?.Classes, request.Outputs?[0].Size)
            : throw Misfit($"has {count} images but {labels.Lengths[0]} labels are in '{_labels}'. Download both files again.");
    }
}
