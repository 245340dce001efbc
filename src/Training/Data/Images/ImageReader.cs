using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Kernels;
using StbImageSharp;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// Reads image files into one array and resizes all of them to one size. Files are treated as hostile: declared sizes are checked before memory is allocated.
/// </summary>
internal sealed class ImageReader(int height, int width, int channels, Interpolation interpolation, bool cropToAspectRatio, int maxPixels)
{
    // A photograph with the allowed number of pixels takes a fraction of this.
    private const int LargestFile = 1 << 29;

    private readonly ResizeMode _mode = Layers.Images.ModeOf(interpolation) ?? throw Check.Option(
        "ImageFolder", nameof(interpolation), interpolation.ToString(), "Nearest, Bilinear or Bicubic", "A Resizing layer has the others.");

    /// <summary>The images of files: (files, height, width, channels), 0 to 255.</summary>
    /// <exception cref="DataException">A file is missing, too large, damaged or not an image; the message names it.</exception>
    public NDArray Read(IReadOnlyList<string> paths)
    {
        var pixels = new float[Sizes.Count(Shape.Of(paths.Count, height, width, channels), "The images", "Read fewer or smaller images at a time.")];
        var size = height * width * channels;
        for (var i = 0; i < paths.Count; i++) Read(paths[i], pixels.AsSpan(i * size, size));
        return NDArray.Create(pixels, [paths.Count, height, width, channels]);
    }

    private void Read(string path, Span<float> target)
    {
        var image = DataFile.ReadRaw(path, file =>
        {
            if (file.Length > LargestFile)
            {
                throw new DataException(
                    $"'{path}' has {file.Length} bytes, more than an image of {maxPixels} pixels needs. Make it smaller, or remove it from the folder.");
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return Decode(path, bytes);
        });
        var (top, left, rows, columns) = Part(image.Height, image.Width);
        Resize(image, top, left, rows, columns, target);
    }

    private ImageResult Decode(string path, byte[] bytes)
    {
        if (!IsPng(bytes) && !IsJpeg(bytes))
            throw new DataException($"'{path}' is not a PNG or JPEG image, whatever its name says. Convert it, or remove it from the folder.");
        try
        {
            using var header = new WholeStream(bytes);
            if (ImageInfo.FromStream(header) is not { Width: > 0, Height: > 0 } info)
                throw new DataException($"'{path}' is a damaged image: its header cannot be read. Copy it again, or remove it from the folder.");
            if ((long)info.Width * info.Height > maxPixels)
            {
                throw new DataException(
                    $"'{path}' has {info.Width} x {info.Height} pixels, more than the {maxPixels} allowed. Make it smaller, or pass a larger maxPixels.");
            }

            if (IsPng(bytes)) PngSize.Check(bytes);
            using var content = new WholeStream(bytes);
            return ImageResult.FromStream(content, (ColorComponents)channels);
        }
        catch (Exception damaged) when (damaged is InvalidOperationException or InvalidDataException or IOException
            or IndexOutOfRangeException or ArgumentException or OverflowException or NullReferenceException)
        {
            // What the decoder throws for damaged images: its own messages as the first of these types, the others where it does not check.
            throw new DataException($"'{path}' is a damaged image ({damaged.Message.TrimEnd('.')}). Copy it again, or remove it from the folder.", damaged);
        }
    }

    /// <summary>The part of an image that is used.</summary>
    private (int Top, int Left, int Rows, int Columns) Part(int rows, int columns)
    {
        if (!cropToAspectRatio) return (0, 0, rows, columns);
        var usedRows = Math.Clamp((int)((long)columns * height / width), 1, rows);
        var usedColumns = Math.Clamp((int)((long)rows * width / height), 1, columns);
        return ((rows - usedRows) / 2, (columns - usedColumns) / 2, usedRows, usedColumns);
    }

    /// <summary>Resizes along the width, then along the height; each new pixel is a weighted sum of old ones.</summary>
    private void Resize(ImageResult image, int top, int left, int rows, int columns, Span<float> target)
    {
        var (along, down) = (ResizeWeights.Rows(columns, width, _mode), ResizeWeights.Rows(rows, height, _mode));
        var line = new float[width * channels];
        target.Clear();

        // Each old row is resized along the width once, and then added to the new rows that use it.
        var users = ResizeWeights.Transposed(down, rows);
        for (var row = 0; row < rows; row++)
        {
            if (users[row].Positions.Length == 0) continue;
            Array.Clear(line);
            var source = image.Data.AsSpan((((top + row) * image.Width) + left) * channels, columns * channels);
            for (var x = 0; x < width; x++)
            {
                for (var k = 0; k < along[x].Positions.Length; k++)
                {
                    for (var c = 0; c < channels; c++)
                        line[(x * channels) + c] += along[x].Weights[k] * source[(along[x].Positions[k] * channels) + c];
                }
            }

            for (var k = 0; k < users[row].Positions.Length; k++)
            {
                var destination = target.Slice(users[row].Positions[k] * line.Length, line.Length);
                TensorPrimitives.MultiplyAdd(line, users[row].Weights[k], destination, destination);
            }
        }
    }

    private static bool IsPng(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

    private static bool IsJpeg(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    /// <summary>A stream that throws at its end: the decoder reads missing bytes as zeros and would search them for a marker forever.</summary>
    private sealed class WholeStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int ReadByte() => base.ReadByte() is var value and >= 0 ? value : throw EndsTooEarly();

        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, count) is var read && (read > 0 || count == 0) ? read : throw EndsTooEarly();

        private static EndOfStreamException EndsTooEarly() => new("It ends too early.");
    }
}
