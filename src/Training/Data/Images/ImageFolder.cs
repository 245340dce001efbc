using OnnxFunctional.Layers;

namespace OnnxFunctional.Training.Data;

/// <summary>How classes become targets.</summary>
public enum LabelMode
{
    /// <summary>The class index, int64 (samples): for SparseCategoricalCrossentropy.</summary>
    Int,

    /// <summary>One-hot, (samples, classes): for CategoricalCrossentropy.</summary>
    Categorical,

    /// <summary>0 or 1 for two classes, (samples, 1): for BinaryCrossentropy.</summary>
    Binary,
}

/// <summary>The channels of the images.</summary>
public enum ColorMode
{
    /// <summary>One: brightness.</summary>
    Grayscale = 1,

    /// <summary>Three: red, green, blue.</summary>
    Rgb = 3,

    /// <summary>Four: red, green, blue, opacity.</summary>
    Rgba = 4,
}

/// <summary>Images in a folder with one subfolder per class, read on the fly: Keras' <c>image_dataset_from_directory</c>.</summary>
/// <remarks>
/// Files: .png, .jpg, .jpeg, in folders of any depth below a class; hidden ones, whose names begin with a dot, are left out. Damaged files are refused
/// with a sentence that names them. Images are decoded on all cores ahead of training; the order and the numbers do not depend on how many there are. Pixels
/// are 0 to 255; use a <c>Rescaling</c> layer to bring them to a range that suits the model.
/// Keras: https://keras.io/api/data_loading/image/
/// </remarks>
/// <example><code>
/// var flowers = ImageFolder.Open("flowers", height: 64, width: 64, validationSplit: 0.2);
/// trainer.Fit(flowers.Training, epochs: 10, validationData: flowers.Validation);
/// </code></example>
public sealed class ImageFolder
{
    // Random streams of the split and of epochs, different from those of Fit and Dataset.Shuffle.
    private const uint SplitStream = 0x494D_5350;
    private const uint EpochStream = 0x494D_4550;

    // Batches that are ready or being read: a step that is faster than usual finds one, and memory holds few.
    private const int BatchesAhead = 3;

    private readonly ImageReader _reader;
    private readonly LabelMode _labels;

    private ImageFolder(string folder, IReadOnlyList<string> classes, ImageReader reader, LabelMode labels)
    {
        (Folder, ClassNames, _reader, _labels) = (folder, classes, reader, labels);
        Training = Validation = Dataset.From(Array.Empty<Batch>());
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The names of the classes by index: those of the folders.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The number of training images.</summary>
    public int TrainingCount { get; private set; }

    /// <summary>The number of held-out images.</summary>
    public int ValidationCount { get; private set; }

    /// <summary>Training batches, shuffled differently in each epoch; other threads read in advance.</summary>
    public Dataset<Batch> Training { get; private set; }

    /// <summary>Held-out batches, always in the same order; empty if nothing is held out.</summary>
    public Dataset<Batch> Validation { get; private set; }

    /// <summary>Lists the images of a folder without reading them.</summary>
    /// <param name="folder">The folder; each subfolder is a class.</param>
    /// <param name="height">The height to which all images are resized.</param>
    /// <param name="width">The width to which all images are resized.</param>
    /// <param name="labelMode">How classes become targets.</param>
    /// <param name="colorMode">The channels of the images.</param>
    /// <param name="batchSize">The number of images per batch.</param>
    /// <param name="shuffle">Whether images are shuffled, before the split and before every epoch; otherwise they come in the order of their paths.</param>
    /// <param name="seed">The seed of shuffling.</param>
    /// <param name="validationSplit">The share of the images to hold out.</param>
    /// <param name="classNames">The classes in the order of their indices; default: all subfolders by name.</param>
    /// <param name="interpolation">How images are resampled.</param>
    /// <param name="cropToAspectRatio">Whether images are first cropped to the new aspect ratio, around their center, so that they are not distorted.</param>
    /// <param name="maxPixels">Larger images are refused before memory is allocated for them.</param>
    /// <param name="applyOrientation">Whether images are turned as their EXIF data says, as viewers show them; Keras leaves them as they are stored.</param>
    /// <param name="cache">Keeps decoded images for later epochs; by default they are decoded every time.</param>
    /// <exception cref="DataException">The folder or a class is missing, or there is no image.</exception>
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
        double validationSplit = 0,
        IReadOnlyList<string>? classNames = null,
        Interpolation interpolation = Interpolation.Bilinear,
        bool cropToAspectRatio = false,
        int maxPixels = 1 << 26,
        bool applyOrientation = true,
        ImageCache? cache = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (batchSize < 1) throw new ModelException($"ImageFolder has batchSize {batchSize}; expected at least 1.");
        var options = new ImageOptions("ImageFolder", height, width, colorMode, interpolation, cropToAspectRatio, applyOrientation, maxPixels);
        if (validationSplit is not (>= 0 and < 1)) throw new ModelException($"validationSplit is {validationSplit}; expected 0 or a share below 1.");
        var classes = ImageFiles.Classes(folder, classNames);
        if (labelMode == LabelMode.Binary && classes.Count != 2)
        {
            throw new DataException(
                $"LabelMode.Binary needs two classes, but '{folder}' has {classes.Count}: {string.Join(", ", classes)}. Use LabelMode.Int or Categorical.");
        }

        var files = new List<(string Path, int Class)>();
        for (var i = 0; i < classes.Count; i++) files.AddRange(ImageFiles.Below(Path.Combine(folder, classes[i])).Select(path => (path, i)));
        if (files.Count == 0)
        {
            throw new DataException(
                $"The folders {string.Join(", ", classes)} in '{folder}' hold no images. Put {string.Join(", ", ImageFiles.Extensions)} files there.");
        }

        var result = new ImageFolder(folder, classes, new ImageReader(options, cache), labelMode);
        if (shuffle) files = Shuffled(files, seed, SplitStream, 0);
        var held = (int)(files.Count * validationSplit);
        if (validationSplit > 0 && (held == 0 || held == files.Count))
        {
            throw new ModelException(
                $"validationSplit = {validationSplit} of {files.Count} images leaves no image for one of the two sets. Use more images or another share.");
        }

        var (train, validation) = (files[..^held], files[^held..]);
        (result.TrainingCount, result.ValidationCount) = (train.Count, validation.Count);
        result.Training = result.Batches(epoch => shuffle ? Shuffled(train, seed, EpochStream, (uint)epoch) : train, batchSize);
        result.Validation = result.Batches(_ => validation, batchSize);
        return result;
    }

    /// <summary>Reads images, resized to one size, as a model takes them: (images, height, width, channels), 0 to 255.</summary>
    /// <param name="files">The files: PNG or JPEG.</param>
    /// <param name="height">The height to which all images are resized.</param>
    /// <param name="width">The width to which all images are resized.</param>
    /// <param name="colorMode">The channels of the images.</param>
    /// <param name="interpolation">How images are resampled.</param>
    /// <param name="cropToAspectRatio">Whether images are first cropped to the new aspect ratio, around their center, so that they are not distorted.</param>
    /// <param name="maxPixels">Larger images are refused before memory is allocated for them.</param>
    /// <param name="applyOrientation">Whether images are turned as their EXIF data says, as viewers show them; Keras leaves them as they are stored.</param>
    /// <exception cref="DataException">A file is missing, too large, damaged or not an image; the message names it.</exception>
    /// <exception cref="ModelException">There is no file, or an option is out of range.</exception>
    /// <example><code>
    /// NDArray photo = ImageFolder.ReadImages(["rose.jpg"], height: 64, width: 64);
    /// Console.WriteLine(model.Predict(photo));
    /// </code></example>
    public static NDArray ReadImages(
        IReadOnlyList<string> files,
        int height = 256,
        int width = 256,
        ColorMode colorMode = ColorMode.Rgb,
        Interpolation interpolation = Interpolation.Bilinear,
        bool cropToAspectRatio = false,
        int maxPixels = 1 << 26,
        bool applyOrientation = true)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0) throw new ModelException("ReadImages was given no files; expected at least one.");
        return new ImageReader(new("ReadImages", height, width, colorMode, interpolation, cropToAspectRatio, applyOrientation, maxPixels)).ReadAll(files);
    }

    /// <summary>A Fisher-Yates shuffle with counter-based random numbers: the order depends only on seed and epoch.</summary>
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

    private Dataset<Batch> Batches(Func<int, List<(string Path, int Class)>> files, int size)
    {
        var times = new StageTimes("ImageFolder");
        return Dataset.Deferring(
            epoch => files(epoch).Chunk(size).Select(chunk => (Deferred<Batch>)new ImageBatch(_reader, chunk, Targets, times)),
            Ahead.On(Environment.ProcessorCount, BatchesAhead),
            StageCounts.None.With(times));
    }

    private NDArray Targets(int[] classes)
    {
        if (_labels == LabelMode.Int) return Array.ConvertAll(classes, index => (long)index);
        if (_labels == LabelMode.Binary) return NDArray.Create(Array.ConvertAll(classes, index => (float)index), [classes.Length, 1]);
        var oneHot = new float[classes.Length * ClassNames.Count];
        for (var i = 0; i < classes.Length; i++) oneHot[(i * ClassNames.Count) + classes[i]] = 1;
        return NDArray.Create(oneHot, [classes.Length, ClassNames.Count]);
    }
}
