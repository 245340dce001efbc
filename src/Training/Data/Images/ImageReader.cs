using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// Reads image files at one size. Files are treated as hostile: declared sizes are checked before memory is allocated. Several threads may read at once.
/// </summary>
/// <param name="options">The size and what decides about pixels.</param>
/// <param name="cache">Keeps what was read; null if nothing does.</param>
internal sealed class ImageReader(ImageOptions options, ImageCache? cache = null)
{
    // A photograph with the allowed number of pixels takes a fraction of this.
    private const int LargestFile = 1 << 29;

    private readonly ConcurrentBag<JpegDecoder> _jpegs = [];
    private readonly Recycled _memory = new();
    private readonly ImageResizer _resizer = new(options);
    private readonly string _options = options.ToString();

    /// <summary>The elements of an image.</summary>
    public int Size { get; } = Sizes.Count(options.ShapeOf(1), "An image", "Choose a smaller size.");

    /// <summary>Reads images, each on one of several threads: (files, height, width, channels), 0 to 255.</summary>
    /// <exception cref="DataException">A file is missing, too large, damaged or not an image; the message names the first such file.</exception>
    public NDArray ReadAll(IReadOnlyList<string> paths)
    {
        var pixels = Allocate(paths.Count);
        var failures = new ExceptionDispatchInfo?[paths.Count];
        Parallel.For(0, paths.Count, (i, state) =>
        {
            try
            {
                Read(paths[i], pixels.AsSpan(i * Size, Size));
            }
            catch (Exception failure) when (failure is DataException or ModelException)
            {
                // Those before it are read to their ends, so that the first one is found whatever the threads do.
                failures[i] = ExceptionDispatchInfo.Capture(failure);
                state.Break();
            }
        });
        Array.Find(failures, failure => failure is not null)?.Throw();
        return Images(pixels);
    }

    /// <summary>Memory for so many images.</summary>
    public float[] Allocate(int images) => _memory.Rent(Sizes.Count(options.ShapeOf(images), "The images", "Read fewer or smaller images at a time."));

    /// <summary>Takes memory of images that nobody uses any more.</summary>
    public void Release(float[] pixels) => _memory.Return(pixels);

    /// <summary>The images of such memory: (images, height, width, channels).</summary>
    public NDArray Images(float[] pixels) => NDArray.Create(pixels, options.ShapeOf(pixels.Length / Size));

    /// <summary>Reads an image: (height, width, channels), 0 to 255.</summary>
    /// <exception cref="DataException">The file is missing, too large, damaged or not an image; the message names it.</exception>
    public void Read(string path, Span<float> target)
    {
        var key = cache is null ? default : ImageCache.KeyOf(path, _options);
        if (cache?.TryRead(key, target) == true) return;
        using (var image = DataFile.ReadRaw(path, file => Decode(path, file))) _resizer.Run(image, target);
        cache?.Add(key, target);
    }

    private DecodedImage Decode(string path, FileStream file)
    {
        if (file.Length > LargestFile)
        {
            throw new DataException(
                $"'{path}' has {file.Length} bytes, more than an image of {options.MaxPixels} pixels needs. Make it smaller, or remove it from the folder.");
        }

        var length = (int)file.Length;
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            file.ReadExactly(bytes, 0, length);
            var image = Decode(bytes, length, new(path, options.Channels, options.MaxPixels));
            return options.AppliesOrientation ? Orientation.Upright(image) : image;
        }
        catch (InvalidDataException damaged)
        {
            throw new DataException($"'{path}' is a damaged image ({damaged.Message.TrimEnd('.')}). Copy it again, or remove it from the folder.", damaged);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private DecodedImage Decode(byte[] bytes, int length, in ImageRequest request)
    {
        var file = bytes.AsSpan(0, length);
        if (PngDecoder.Begins(file)) return PngDecoder.Decode(bytes, length, request);
        if (!JpegDecoder.Begins(file))
            throw new DataException($"'{request.Path}' is not a PNG or JPEG image, whatever its name says. Convert it, or remove it from the folder.");
        var decoder = _jpegs.TryTake(out var kept) ? kept : new JpegDecoder();
        try
        {
            return decoder.Decode(file, request);
        }
        finally
        {
            _jpegs.Add(decoder);
        }
    }
}
