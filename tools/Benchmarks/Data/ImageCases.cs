using OnnxFunctional.Training.Data;
using SkiaSharp;

namespace OnnxFunctional.Benchmarks.Data;

/// <summary>Folders of images, decoded on all cores, beside SkiaSharp's decoder.</summary>
internal static class ImageCases
{
    private const int Size = 224;
    private const int Images = 1024;
    private const int BatchSize = 32;
    private const int Rounds = 9;
    private const int Shapes = 30;
    private const int Quality = 90;

    public static IEnumerable<DataCase> All => [Case("jpeg", SKEncodedImageFormat.Jpeg), Case("png", SKEncodedImageFormat.Png)];

    private static DataCase Case(string extension, SKEncodedImageFormat format) => new(
        $"images-{extension}",
        Goal: "1.0",
        ResultBytes: 0,
        Images,
        Rounds,
        folder => Make(folder, extension, format),
        Read,
        Decode);

    private static void Read(string folder)
    {
        var count = 0;
        foreach (var batch in ImageFolder.Open(folder, Size, Size, batchSize: BatchSize).Training) count += batch.X[0].Count;
        if (count != Images) throw new InvalidOperationException($"There were {count} images.");
    }

    private static void Decode(string folder)
    {
        foreach (var files in Directory.GetFiles(Path.Combine(folder, "images")).Chunk(BatchSize))
        {
            var batch = new float[files.Length * Size * Size * 3];
            Parallel.For(0, files.Length, i =>
            {
                using var image = SKBitmap.Decode(files[i], new SKImageInfo(Size, Size, SKColorType.Rgba8888, SKAlphaType.Opaque));
                var pixels = image.GetPixelSpan();
                var target = batch.AsSpan(i * Size * Size * 3, Size * Size * 3);
                for (var (from, to) = (0, 0); to < target.Length; (from, to) = (from + 4, to + 3))
                    (target[to], target[to + 1], target[to + 2]) = (pixels[from], pixels[from + 1], pixels[from + 2]);
            });
        }
    }

    /// <summary>Images with edges, gradients and grain, as photographs have them.</summary>
    private static void Make(string folder, string extension, SKEncodedImageFormat format)
    {
        var path = Directory.CreateDirectory(Path.Combine(folder, "images")).FullName;
        Parallel.For(0, Images, i =>
        {
            using var image = Draw(new Random(i));
            using var file = File.Create(Path.Combine(path, $"{i:0000}.{extension}"));
            image.Encode(file, format, Quality);
        });
    }

    private static SKBitmap Draw(Random random)
    {
        var image = new SKBitmap(new SKImageInfo(Size, Size, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(image);
        for (var i = 0; i < Shapes; i++)
        {
            var (x, y, size) = (random.Next(Size), random.Next(Size), i == 0 ? 2 * Size : 10 + random.Next(Size / 2));
            using var shader = SKShader.CreateLinearGradient(new(x - size, y - size), new(x + size, y + size), [Color(), Color()], SKShaderTileMode.Clamp);
            using var ink = new SKPaint { Shader = shader, IsAntialias = true };
            if (i % 2 == 0) canvas.DrawRect(x - size, y - size, 2 * size, 2 * size, ink);
            else canvas.DrawCircle(x, y, size, ink);
        }

        canvas.Flush();
        var pixels = image.GetPixelSpan();
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (byte)Math.Clamp(pixels[i] + random.Next(-4, 5), 0, 255);
        return image;

        SKColor Color() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
    }
}
