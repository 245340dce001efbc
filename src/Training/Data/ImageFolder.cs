using OnnxFunctional.Layers;

namespace OnnxFunctional.Training.Data;

/// <summary>How the class of an image becomes a target.</summary>
public enum LabelMode
{
    /// <summary>Its number, int64 (samples): for SparseCategoricalCrossentropy.</summary>
    Int,

    /// <summary>A one among zeros, (samples, classes): for CategoricalCrossentropy.</summary>
    Categorical,

    /// <summary>0 or 1, (samples, 1), of two classes: for BinaryCrossentropy.</summary>
    Binary,
}

/// <summary>The channels images are read as.</summary>
public enum ColorMode
{
    /// <summary>One: brightness.</summary>
    Grayscale = 1,

    /// <summary>Three: red, green, blue.</summary>
    Rgb = 3,

    /// <summary>Four: red, green, blue, opacity.</summary>
    Rgba = 4,
}

/// <summary>Images of a folder with a folder for each class, read while they are used: Keras' <c>image_dataset_from_directory</c>.</summary>
/// <remarks>
/// Files: .png, .jpg, .jpeg, in folders of any depth below a class. Pixels are 0 to 255; a <c>Rescaling</c> layer brings them to the range a model likes.
/// Keras: https://keras.io/api/data_loading/image/
/// </remarks>
/// <example><code>
/// var flowers = ImageFolder.Open("flowers", height: 64, width: 64, validationSplit: 0.2f);
/// trainer.Fit(flowers.Training, epochs: 10, validationData: flowers.Validation);
/// </code></example>
public sealed class ImageFolder
{
    // Orders of their own for the split and for epochs, apart from those of Fit and of Dataset.Shuffle.
    private const uint SplitStream = 0x494D_5350;
    private const uint EpochStream = 0x494D_4550;

    private static readonly string[] _extensions = [".png", ".jpg", ".jpeg"];
    private static readonly string[] _otherImages = [".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic", ".avif", ".jp2"];

    private readonly ImageReader _reader;
    private readonly LabelMode _labels;

    private ImageFolder(string folder, List<string> classes, ImageReader reader, LabelMode labels)
    {
        (Folder, ClassNames, _reader, _labels) = (folder, classes, reader, labels);
        Training = Validation = Dataset.From(Array.Empty<Batch>());
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The names of the classes, by number: those of the folders, in order.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Images to learn from.</summary>
    public int TrainingCount { get; private set; }

    /// <summary>Images held out.</summary>
    public int ValidationCount { get; private set; }

    /// <summary>Batches to learn from, in another order each epoch; a thread reads ahead.</summary>
    public Dataset<Batch> Training { get; private set; }

    /// <summary>Batches held out, always in one order; empty where nothing is held out.</summary>
    public Dataset<Batch> Validation { get; private set; }

    /// <summary>Lists the images of a folder; none is read yet.</summary>
    /// <param name="folder">The folder; each folder in it is a class.</param>
    /// <param name="height">The height all images are brought to.</param>
    /// <param name="width">The width all images are brought to.</param>
    /// <param name="labelMode">How classes become targets.</param>
    /// <param name="colorMode">The channels images are read as.</param>
    /// <param name="batchSize">Images of a batch.</param>
    /// <param name="shuffle">Whether images are mixed, before any are held out and again for every epoch; otherwise they come in the order of their paths.</param>
    /// <param name="seed">What the order is drawn from.</param>
    /// <param name="validationSplit">The share of the images that is held out.</param>
    /// <param name="classNames">The classes in the order of their numbers; all folders by name if none are given.</param>
    /// <param name="interpolation">How positions between known ones are filled.</param>
    /// <param name="cropToAspectRatio">Whether the largest middle part of the new proportions is cut out first, so that nothing is distorted.</param>
    /// <param name="maxPixels">Images that announce more are refused before memory is taken for them.</param>
    /// <exception cref="DataException">The folder, a class or every image is missing.</exception>
    /// <exception cref="ModelException">An option is out of range.</exception>
    public static ImageFolder Open(
        string folder,
        int height = 256,
        int width = 256,
        LabelMode labelMode = LabelMode.Int,
        ColorMode colorMode = ColorMode.Rgb,
        int batchSize = 32,
        bool shuffle = true,
        ulong seed = 0,
        float validationSplit = 0,
        IReadOnlyList<string>? classNames = null,
        Interpolation interpolation = Interpolation.Bilinear,
        bool cropToAspectRatio = false,
        int maxPixels = 1 << 26)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (height < 1 || width < 1 || batchSize < 1 || maxPixels < 1) throw new ModelException($"ImageFolder has height {height}, width {width}, batchSize {batchSize} and maxPixels {maxPixels}; expected at least 1 of each.");
        if (validationSplit is not (>= 0 and < 1)) throw new ModelException($"validationSplit is {validationSplit}; expected 0 or a share below 1.");
        var classes = Classes(folder, classNames);
        if (labelMode == LabelMode.Binary && classes.Count != 2) throw new DataException($"LabelMode.Binary is for two classes, but '{folder}' has {classes.Count}: {string.Join(", ", classes)}. Use LabelMode.Int or Categorical.");
        var files = new List<(string Path, int Class)>();
        for (var i = 0; i < classes.Count; i++) files.AddRange(Images(Path.Combine(folder, classes[i])).Select(path => (path, i)));
        if (files.Count == 0) throw new DataException($"The folders {string.Join(", ", classes)} in '{folder}' hold no images. Put {string.Join(", ", _extensions)} files there.");

        var result = new ImageFolder(folder, classes, new ImageReader(height, width, (int)colorMode, interpolation, cropToAspectRatio, maxPixels), labelMode);
        if (shuffle) files = Shuffled(files, seed, SplitStream, 0);
        var held = (int)(files.Count * (double)validationSplit);
        if (validationSplit > 0 && (held == 0 || held == files.Count)) throw new ModelException($"validationSplit = {validationSplit} of {files.Count} images leaves nothing on one side; use more images or another share.");
        var (train, validation) = (files[..^held], files[^held..]);
        (result.TrainingCount, result.ValidationCount) = (train.Count, validation.Count);
        result.Training = Dataset.From(epoch => result.Batches(shuffle ? Shuffled(train, seed, EpochStream, (uint)epoch) : train, batchSize)).Prefetch();
        result.Validation = Dataset.From(_ => result.Batches(validation, batchSize)).Prefetch();
        return result;
    }

    private static List<string> Classes(string folder, IReadOnlyList<string>? given)
    {
        if (!Directory.Exists(folder)) throw new DataException($"The folder '{folder}' does not exist. Give one that holds a folder of images for each class; the current folder is '{Environment.CurrentDirectory}'.");
        var found = Listed(folder, () => Directory.GetDirectories(folder)).Select(path => Path.GetFileName(path)!).Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal).ToList();
        if (found.Count == 0) throw new DataException($"'{folder}' holds no folders; expected one for each class, with its images in it.");
        foreach (var name in given ?? [])
        {
            if (!found.Contains(name)) throw new DataException($"There is no folder for class '{name}' in '{folder}'. It has: {string.Join(", ", found)}.");
        }

        return given is null ? found : [.. given];
    }

    private static List<string> Images(string folder)
    {
        var files = Listed(folder, () => Directory.GetFiles(folder, "*", SearchOption.AllDirectories));

        // Left out without a word, a class would lack images nobody misses.
        if (files.FirstOrDefault(path => Has(path, _otherImages)) is { } other) throw new DataException($"'{other}' is an image of a kind that is not read. Convert it to PNG or JPEG, or take it out of the folder.");
        return [.. files.Where(path => Has(path, _extensions)).Order(StringComparer.Ordinal)];

        static bool Has(string path, string[] extensions) => extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);
    }

    private static string[] Listed(string folder, Func<string[]> list)
    {
        try
        {
            return list();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The folder '{folder}' cannot be read: {refused.Message} Check who may read it.", refused);
        }
    }

    /// <summary>Fisher and Yates, from numbers of a counter: the order is a function of seed and epoch alone.</summary>
    private static List<(string Path, int Class)> Shuffled(List<(string Path, int Class)> files, ulong seed, uint stream, uint epoch)
    {
        var order = files.ToList();
        for (var i = order.Count - 1; i > 0; i--)
        {
            var j = (int)(((ulong)Philox.Block((uint)i, epoch, stream, 0, seed).X * (ulong)(i + 1)) >> 32);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    private IEnumerable<Batch> Batches(List<(string Path, int Class)> files, int size) => files.Chunk(size).Select(chunk => new Batch(_reader.Read([.. chunk.Select(file => file.Path)]), Targets([.. chunk.Select(file => file.Class)])));

    private NDArray Targets(int[] classes)
    {
        if (_labels == LabelMode.Int) return Array.ConvertAll(classes, number => (long)number);
        if (_labels == LabelMode.Binary) return NDArray.Create(Array.ConvertAll(classes, number => (float)number), [classes.Length, 1]);
        var oneHot = new float[classes.Length * ClassNames.Count];
        for (var i = 0; i < classes.Length; i++) oneHot[(i * ClassNames.Count) + classes[i]] = 1;
        return NDArray.Create(oneHot, [classes.Length, ClassNames.Count]);
    }
}
