using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class ImageOrientationTests
{
    private const int Height = 16;
    private const int Width = 24;

    /// <summary>Where the pixel that is shown at a row and a column is stored, for the orientations from 1; EXIF 2.32, the table of tag 274.</summary>
    private static readonly Func<int, int, (int Row, int Column)>[] s_places =
    [
        (y, x) => (y, x),
        (y, x) => (y, Width - 1 - x),
        (y, x) => (Height - 1 - y, Width - 1 - x),
        (y, x) => (Height - 1 - y, x),
        (y, x) => (x, y),
        (y, x) => (Height - 1 - x, y),
        (y, x) => (Height - 1 - x, Width - 1 - y),
        (y, x) => (x, Width - 1 - y),
    ];

    [TestMethod]
    public void Images_are_turned_as_viewers_show_them_unless_asked_otherwise()
    {
        using var folder = new TemporaryFolder();
        byte[] pixels = [.. Enumerable.Range(0, Height * Width * 3).Select(i => (byte)((i * 37) + (i / 5)))];
        var png = PngBytes.Of(Height, Width, pixels);
        foreach (var colorMode in new[] { ColorMode.Grayscale, ColorMode.Rgb, ColorMode.Rgba })
        {
            File.WriteAllBytes(folder.File("plain.png"), png);
            var stored = ImageFolder.ReadImages([folder.File("plain.png")], Height, Width, colorMode);
            for (var orientation = 1; orientation <= 8; orientation++)
            {
                var path = folder.File($"{orientation}.png");
                File.WriteAllBytes(path, [.. png[..33], .. PngBytes.Chunk("eXIf"u8, Tiff(orientation, isBig: orientation % 2 == 0)), .. png[33..]]);
                var (height, width) = orientation >= 5 ? (Width, Height) : (Height, Width);
                var shown = ImageFolder.ReadImages([path], height, width, colorMode);
                for (var y = 0; y < height; y++)
                {
                    for (var x = 0; x < width; x++)
                    {
                        var (row, column) = s_places[orientation - 1](y, x);
                        for (var c = 0; c < (int)colorMode; c++) Assert.AreEqual(stored[0, row, column, c], shown[0, y, x, c], $"{orientation}: {y}, {x}, {c}");
                    }
                }

                var left = ImageFolder.ReadImages([path], Height, Width, colorMode, applyOrientation: false);
                CollectionAssert.AreEqual(stored.ToTensor().ToArray(), left.ToTensor().ToArray());
            }
        }
    }

    [TestMethod]
    public void Orientation_is_read_from_photographs_too()
    {
        using var folder = new TemporaryFolder();
        var jpeg = File.ReadAllBytes(Repository.PathOf("tests", "Reference", "images", "sampling-2x2.jpg"));
        byte[] exif = [.. "Exif\0\0"u8, .. Tiff(6, isBig: true)];
        Directory.CreateDirectory(folder.File("a"));
        File.WriteAllBytes(folder.File("a/turned.jpg"), [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]]);
        File.WriteAllBytes(folder.File("plain.jpg"), jpeg);
        var stored = ImageFolder.ReadImages([folder.File("plain.jpg")], 21, 29);
        var shown = ImageFolder.Open(folder.Path, 29, 21).Training.Single().X[0];
        for (var y = 0; y < 29; y++) Assert.AreEqual(stored[0, 20 - 4, y, 1], shown[0, y, 4, 1]);
        var left = ImageFolder.Open(folder.Path, 21, 29, applyOrientation: false).Training.Single().X[0];
        CollectionAssert.AreEqual(stored.ToTensor().ToArray(), left.ToTensor().ToArray());
    }

    [TestMethod]
    public void Data_of_cameras_that_makes_no_sense_leaves_an_image_upright()
    {
        Assert.AreEqual(6, Exif.Orientation(Tiff(6, isBig: true)));
        Assert.AreEqual(1, Exif.Orientation(Tiff(9, isBig: true)));
        Assert.AreEqual(1, Exif.Orientation(Tiff(0, isBig: false)));
        Assert.AreEqual(1, Exif.Orientation("XX"u8));
        Assert.AreEqual(1, Exif.Orientation([]));
        var whole = Tiff(8, isBig: false);
        for (var length = 0; length < whole.Length; length++) Assert.IsTrue(Exif.Orientation(whole.AsSpan(0, length)) is 1 or 8);
        for (var at = 0; at < whole.Length; at++)
        {
            var changed = (byte[])whole.Clone();
            changed[at] = 0xFF;
            Assert.IsTrue(Exif.Orientation(changed) is >= 1 and <= 8);
        }
    }

    /// <summary>A TIFF header with a directory of two tags, the second of which is the orientation.</summary>
    private static byte[] Tiff(int orientation, bool isBig)
    {
        return
        [
            .. isBig ? "MM"u8 : "II"u8, .. Two(42), .. Four(8), .. Two(2),
            .. Two(0x010F), .. Two(2), .. Four(4), .. Four(0), .. Two(0x0112), .. Two(3), .. Four(1), .. Two(orientation), 0, 0, 0, 0, 0, 0,
        ];

        byte[] Two(int value) => isBig ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)];

        byte[] Four(int value) => isBig ? [0, 0, .. Two(value)] : [.. Two(value), 0, 0];
    }
}
