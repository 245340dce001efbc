using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class JpegDecoderTests
{
    private static string Samples { get; } = Repository.PathOf("tests", "Reference", "images");

    // Each image has a file beside it with the pixels that djpeg of libjpeg-turbo 2.1.5 and ImageMagick 6.9 read.
    [TestMethod]
    [DataRow("baseline.jpg")]
    [DataRow("progressive.jpg")]
    [DataRow("sampling-1x1.jpg")]
    [DataRow("sampling-2x1.jpg")]
    [DataRow("sampling-1x2.jpg")]
    [DataRow("sampling-2x2.jpg")]
    [DataRow("sampling-4x1.jpg")]
    [DataRow("restarts.jpg")]
    [DataRow("progressive-restarts.jpg")]
    [DataRow("progressive-2x2.jpg")]
    [DataRow("colors.jpg")]
    [DataRow("gray.jpg")]
    public void Pixels_are_those_of_libjpeg_bit_for_bit(string name)
    {
        var (height, width, expected) = Reference(name);
        using var image = Decode(Read(name));
        Assert.AreEqual((height, width), (image.Height, image.Width));
        CollectionAssert.AreEqual(expected, Pixels(image));
    }

    [TestMethod]
    public void Other_channels_are_brightness_and_full_opacity()
    {
        var colors = Pixels(Decode(Read("sampling-2x2.jpg"))).Chunk(3).ToArray();
        CollectionAssert.AreEqual(colors.SelectMany(pixel => pixel.Append((byte)255)).ToArray(), Pixels(Decode(Read("sampling-2x2.jpg"), 4)));

        // The brightness of the file itself, which the colors were made of: within what rounding and clipping change.
        var gray = Pixels(Decode(Read("sampling-2x2.jpg"), 1));
        for (var i = 0; i < gray.Length; i++)
            Assert.AreEqual((0.299 * colors[i][0]) + (0.587 * colors[i][1]) + (0.114 * colors[i][2]), gray[i], 3, $"pixel {i}");
        Assert.HasCount(29 * 21, Pixels(Decode(Read("colors.jpg"), 1)));
    }

    [TestMethod]
    public void Inks_are_what_they_leave_of_white()
    {
        var gray = Pixels(Decode(Read("gray.jpg"), 1));
        foreach (var (adobe, expected) in new (int?, Func<byte, int[]>)[]
        {
            (0, value => [Part(value, value), Part(value, value), Part(value, value)]),
            (null, value => [Part(255 - value, 255 - value), Part(255 - value, 255 - value), Part(255 - value, 255 - value)]),

            // Brightness, and as much blue and red as it is bright: inks are what is missing of the color.
            (2, value => [.. Color(value).Select(light => Part(255 - light, value))]),
        })
        {
            var pixels = Pixels(Decode(FourGrays(Read("gray.jpg"), adobe)));
            for (var i = 0; i < gray.Length; i++)
            {
                var wanted = expected(gray[i]);
                for (var c = 0; c < 3; c++) Assert.AreEqual(wanted[c], pixels[(i * 3) + c], 1, $"Adobe {adobe}, pixel {i}, channel {c}");
            }
        }

        static int Part(int ink, int rest) => (int)Math.Round(ink * rest / 255.0);

        static int[] Color(byte value)
        {
            var difference = value - 128;
            return
            [
                Math.Clamp((int)Math.Round(value + (1.402 * difference)), 0, 255),
                Math.Clamp((int)Math.Round(value - (0.344136 * difference) - (0.714136 * difference)), 0, 255),
                Math.Clamp((int)Math.Round(value + (1.772 * difference)), 0, 255),
            ];
        }
    }

    [TestMethod]
    public void A_file_that_is_cut_anywhere_is_refused()
    {
        foreach (var name in new[] { "baseline.jpg", "progressive.jpg", "restarts.jpg", "gray.jpg" })
        {
            var whole = Read(name);
            for (var length = 3; length < whole.Length; length++)
                Assert.Throws<InvalidDataException>(() => Decode(whole[..length]), $"{name} cut to {length} bytes");
        }
    }

    [TestMethod]
    public void Missing_and_changed_pixels_are_found_as_often_as_codes_allow()
    {
        // Codes have no checksum and fall into step again, so a changed bit may change one block only; what cannot be is found.
        foreach (var (name, least) in new[] { ("baseline.jpg", 0.3), ("progressive-2x2.jpg", 0.3), ("restarts.jpg", 0.4) })
        {
            var whole = Read(name);
            var first = whole.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]) + 14;
            var (found, tries) = (0, 0);
            for (var at = first; at < whole.Length - 2; at++)
            {
                var changed = (byte[])whole.Clone();
                changed[at] ^= 0x5A;
                tries++;
                try
                {
                    Decode(changed).Dispose();
                }
                catch (InvalidDataException)
                {
                    found++;
                }
            }

            Assert.IsGreaterThanOrEqualTo(least * tries, found, name);
        }
    }

    [TestMethod]
    public void Restarts_out_of_order_and_data_that_is_left_are_found()
    {
        var restarts = Read("restarts.jpg");
        var second = restarts.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD1]);
        restarts[second + 1] = 0xD2;
        Refused("missing", restarts);

        var baseline = Read("baseline.jpg");
        Refused("more than its size", [.. baseline[..^2], 0x12, 0x34, 0xFF, 0xD9]);
        Refused("too early", baseline[..^2]);
        Refused("all of its pixels", [0xFF, 0xD8, 0xFF, 0xD9]);
    }

    [TestMethod]
    public void Declared_sizes_are_compared_with_the_bytes_before_memory_is_taken()
    {
        var file = Read("baseline.jpg");
        var header = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (file[header + 5], file[header + 6], file[header + 7], file[header + 8]) = (0x1F, 0x40, 0x1F, 0x40);
        Refused("than its", file);
        Assert.Contains("8000 x 8000", Assert.Throws<DataException>(() => new JpegDecoder().Decode(file, new("a.jpg", 3, 1000))).Message);
        file[header + 1] = 0xC9;
        Refused("rare process", file);
    }

    private static void Refused(string expected, byte[] file) => Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Decode(file)).Message);

    private static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Samples, name));

    private static DecodedImage Decode(byte[] file, int channels = 3) => new JpegDecoder().Decode(file, new("a.jpg", channels, 1 << 26));

    private static byte[] Pixels(DecodedImage image) => image.Pixels[..(image.Height * image.Width * image.Channels)];

    private static (int Height, int Width, byte[] Pixels) Reference(string name)
    {
        var file = Read(name + ".ppm");
        var words = System.Text.Encoding.ASCII.GetString(file, 0, 20).Split();
        var (width, height) = (int.Parse(words[1], null), int.Parse(words[2], null));
        return (height, width, file[^(height * width * 3)..]);
    }

    /// <summary>A file of four components, each of them the scan of a gray one.</summary>
    private static byte[] FourGrays(byte[] gray, int? adobe)
    {
        var (frame, scan) = (gray.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]), gray.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]));
        byte[] mark = adobe is { } transform ? [0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, (byte)transform] : [];
        byte[] components = [.. Enumerable.Range(1, 4).SelectMany(id => new byte[] { (byte)id, 0x11, 0 })];
        var data = gray[(scan + 10)..^2];
        return
        [
            0xFF, 0xD8, .. mark, .. gray[20..frame], 0xFF, 0xC0, 0, 20, .. gray[(frame + 4)..(frame + 9)], 4, .. components, .. gray[(frame + 13)..scan],
            .. Enumerable.Range(1, 4).SelectMany(id => (byte[])[0xFF, 0xDA, 0, 8, 1, (byte)id, 0, 0, 63, 0, .. data]), 0xFF, 0xD9,
        ];
    }
}
