using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Samples;

/// <summary>An image, or a folder of images with a subfolder per class, or with folders train and test of such.</summary>
internal sealed class ImageSource : DataSource
{
    private const int DefaultSize = 64;
    private const int ReadAtOnce = 64;

    private static readonly string[] s_extensions = [".png", ".jpg", ".jpeg"];
    private static readonly string[] s_heldOut = ["test", "val", "valid", "validation"];

    private readonly string? _heldOut;

    public ImageSource(string path, DataOptions options)
        : this(path, options, Parts(path))
    {
    }

    private ImageSource(string path, DataOptions options, (string Train, string? HeldOut) parts)
        : base(parts.Train, options) => _heldOut = parts.HeldOut;

    /// <inheritdoc/>
    public override DataSource? HeldOut => _heldOut is null ? null : new ImageSource(_heldOut, Options, (_heldOut, null));

    /// <inheritdoc/>
    public override IReadOnlyList<Feature> Features()
    {
        var (height, width) = Options.ImageSize ?? (DefaultSize, DefaultSize);
        return [new(new("image", false, [height, width, Options.IsGrayscale ? 1 : 3]), FeatureKind.Pixels, [])];
    }

    /// <inheritdoc/>
    public override LoadedData Load(DataRequest request)
    {
        if (request.Inputs is not [{ IsText: false, Sample: [var height, var width, var channels] } input]) throw NoImages(request);
        var isChannelsFirst = height is 1 or 3 or 4 && channels is not (1 or 3 or 4);
        if (isChannelsFirst) (height, width, channels) = (width, channels, height);
        if (channels is not (null or 1 or 3 or 4)) throw NoImages(request);
        var colors = (ColorMode)(channels ?? (Options.IsGrayscale ? 1 : 3));
        var size = (Height: height ?? Options.ImageSize?.Height ?? DefaultSize, Width: width ?? Options.ImageSize?.Width ?? DefaultSize);
        Pixels Room(int count) => new(count, size, (int)colors, isChannelsFirst, Options.Scale);
        return request.WithTargets ? Labelled(input.Name, size, colors, request, Room) : Unlabelled(input.Name, size, colors, Room);
    }

    private DataException NoImages(DataRequest request) => Misfit(
        "holds images, (height, width, channels) or (channels, height, width), but the model takes "
        + $"{string.Join("; ", request.Inputs)}. Use data with these inputs.");

    private LoadedData Labelled(
        string input, (int Height, int Width) size, ColorMode colors, DataRequest request, Func<int, Pixels> room)
    {
        if (!Directory.Exists(Path)) throw Misfit("is a single image; expected a folder with a subfolder of images per class.");
        var classes = request.Description?.Classes;
        var images = ImageFolder.Open(Path, size.Height, size.Width, LabelMode.Int, colors, ReadAtOnce, shuffle: false, classNames: classes);
        if (images.ClassNames.Count < 2)
            throw Misfit($"has one class only, the subfolder '{images.ClassNames[0]}'; expected at least two. Add a subfolder for each class.");
        var (pixels, labels) = (room(images.TrainingCount), new List<long>());
        foreach (var batch in images.Training)
        {
            pixels.Add(batch.X[0]);
            labels.AddRange(((float[])batch.Y![0]).Select(label => (long)label));
        }

        var values = NDArray.Create(labels.ToArray(), [labels.Count]);
        return new(new() { [input] = pixels.Images }, [new("class", values, TaskKind.Classification, images.ClassNames)], null);
    }

    private LoadedData Unlabelled(string input, (int Height, int Width) size, ColorMode colors, Func<int, Pixels> room)
    {
        string[] files = Directory.Exists(Path)
            ? [.. Directory.GetFiles(Path, "*", SearchOption.AllDirectories)
                .Where(file => s_extensions.Contains(System.IO.Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)]
            : [Path];
        if (files.Length == 0) throw Misfit($"holds no images; expected {string.Join(", ", s_extensions)} files.");
        var pixels = room(files.Length);
        foreach (var part in files.Chunk(ReadAtOnce)) pixels.Add(ImageFolder.ReadImages(part, size.Height, size.Width, colors));
        string[] names = files[0] == Path ? files : [.. files.Select(file => System.IO.Path.GetRelativePath(Path, file))];
        return new(new() { [input] = pixels.Images }, [], names);
    }

    private static (string Train, string? HeldOut) Parts(string path)
    {
        if (!Directory.Exists(path)) return (path, null);
        string[] folders = [.. Directory.GetDirectories(path).Select(folder => System.IO.Path.GetFileName(folder)!).Where(name => !name.StartsWith('.'))];
        return folders.Length == 2 && folders.Contains("train") && folders.FirstOrDefault(s_heldOut.Contains) is { } heldOut
            ? (System.IO.Path.Combine(path, "train"), System.IO.Path.Combine(path, heldOut))
            : (path, null);
    }

    /// <summary>Images in memory: a byte per value, a quarter of what the readers return.</summary>
    private sealed class Pixels
    {
        private readonly byte[]? _bytes;
        private readonly float[]? _floats;
        private readonly int[] _shape;
        private readonly double _scale;
        private readonly int _channels;
        private readonly bool _isChannelsFirst;
        private int _position;

        public Pixels(int count, (int Height, int Width) size, int channels, bool isChannelsFirst, double scale)
        {
            (_channels, _isChannelsFirst, _scale) = (channels, isChannelsFirst, scale);
            _shape = isChannelsFirst ? [count, channels, size.Height, size.Width] : [count, size.Height, size.Width, channels];
            var elements = (long)count * size.Height * size.Width * channels;
            if (elements > Array.MaxLength)
                throw new DataException($"{count} images of {size.Height} x {size.Width} pixels do not fit into an array. Pass a smaller --image-size.");
            if (scale == 1) _bytes = new byte[elements];
            else _floats = new float[elements];
        }

        public NDArray Images => _bytes is not null ? NDArray.Create(_bytes, Shape()) : NDArray.Create(_floats!, Shape());

        public void Add(NDArray images)
        {
            var values = images.ToArray();
            var places = values.Length / (images.Count * _channels);
            for (var i = 0; i < values.Length; i++)
            {
                // Images are read pixel by pixel; some models take them channel by channel.
                var value = values[_isChannelsFirst ? From(i, places) : i];
                if (_bytes is not null) _bytes[_position++] = (byte)Math.Clamp(MathF.Round(value), 0, 255);
                else _floats![_position++] = (float)(value * _scale);
            }
        }

        private int From(int i, int places)
        {
            var (image, within) = Math.DivRem(i, places * _channels);
            return (((image * places) + (within % places)) * _channels) + (within / places);
        }

        private Shape Shape() => OnnxFunctional.Shape.Create([.. _shape.Select(dim => (int?)dim)]);
    }
}
