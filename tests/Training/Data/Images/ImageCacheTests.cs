using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class ImageCacheTests
{
    [TestMethod]
    public void Cached_images_are_the_same_bits_and_are_not_decoded_again()
    {
        using var folder = Images();
        foreach (var (height, interpolation) in new[] { (6, Interpolation.Bilinear), (11, Interpolation.Bicubic), (3, Interpolation.Nearest) })
        {
            var expected = Pixels(folder, height, interpolation, null);
            foreach (var cache in new[] { ImageCache.InMemory(), ImageCache.InFile(folder.File($"cache-{height}")) })
            {
                CollectionAssert.AreEqual(expected, Pixels(folder, height, interpolation, cache));

                // Damaged without another length or time, so that only a decoder would notice.
                Damage(folder.File("a/1.png"), out var whole);
                CollectionAssert.AreEqual(expected, Pixels(folder, height, interpolation, cache));
                Assert.Throws<DataException>(() => Pixels(folder, height, interpolation, null));
                Restore(folder.File("a/1.png"), whole);
            }
        }
    }

    [TestMethod]
    public void A_file_is_found_by_later_programs_and_shared_by_several_options()
    {
        using var folder = Images();
        var path = folder.File("images.cache");
        var small = Pixels(folder, 3, Interpolation.Bilinear, ImageCache.InFile(path));
        var large = Pixels(folder, 9, Interpolation.Bilinear, ImageCache.InFile(path));
        var length = new FileInfo(path).Length;
        Damage(folder.File("a/0.png"), out _);
        CollectionAssert.AreEqual(small, Pixels(folder, 3, Interpolation.Bilinear, ImageCache.InFile(path)));
        CollectionAssert.AreEqual(large, Pixels(folder, 9, Interpolation.Bilinear, ImageCache.InFile(path)));
        Assert.AreEqual(length, new FileInfo(path).Length);

        // 4 images of 3 x 4 and 9 x 12, as float32; of the second kind bytes would do for none.
        Assert.AreEqual(24 + (4 * (24 + (3 * 4 * 3 * 4))) + (4 * (24 + (9 * 12 * 3 * 4))), length);
        Assert.AreEqual(24 + (4 * (24 + (6 * 8 * 3))), Length(Interpolation.Bilinear, 6));
        Assert.AreEqual(24 + (4 * (24 + (3 * 4 * 3))), Length(Interpolation.Nearest, 3));

        long Length(Interpolation interpolation, int height)
        {
            using var whole = Images();
            Pixels(whole, height, interpolation, ImageCache.InFile(whole.File("c")));
            return new FileInfo(whole.File("c")).Length;
        }
    }

    [TestMethod]
    public void Changed_images_are_decoded_again()
    {
        using var folder = Images();
        foreach (var cache in new[] { ImageCache.InMemory(), ImageCache.InFile(folder.File("c")) })
        {
            Pixels(folder, 6, Interpolation.Bilinear, cache);
            var file = folder.File("a/0.png");
            File.WriteAllBytes(file, PngBytes.Of(6, 8, [.. Enumerable.Repeat((byte)7, 6 * 8 * 3)]));
            File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddSeconds(1));
            CollectionAssert.AreEqual(Pixels(folder, 6, Interpolation.Bilinear, null), Pixels(folder, 6, Interpolation.Bilinear, cache));
        }
    }

    [TestMethod]
    public void Damaged_caches_are_mended_and_other_files_are_left_alone()
    {
        using var folder = Images();
        var path = folder.File("c");
        var expected = Pixels(folder, 6, Interpolation.Bilinear, ImageCache.InFile(path));
        var whole = File.ReadAllBytes(path);
        for (var at = 0; at < whole.Length; at += 23)
        {
            var changed = (byte[])whole.Clone();
            changed[at] ^= 0x11;
            foreach (var content in new[] { changed, whole[..at] })
            {
                File.WriteAllBytes(path, content);
                if (content.Length > 0 && !content.AsSpan().StartsWith(whole.AsSpan(0, 24)))
                {
                    Assert.Contains("is not a cache", Assert.Throws<DataException>(() => ImageCache.InFile(path)).Message);
                    CollectionAssert.AreEqual(content, File.ReadAllBytes(path));
                    continue;
                }

                for (var time = 0; time < 2; time++)
                    CollectionAssert.AreEqual(expected, Pixels(folder, 6, Interpolation.Bilinear, ImageCache.InFile(path)), $"byte {at} of {content.Length}");
            }
        }

        Assert.Contains("cannot be opened", Assert.Throws<DataException>(() => ImageCache.InFile(folder.File("none/c"))).Message);
    }

    private static TemporaryFolder Images()
    {
        var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("a"));
        for (var i = 0; i < 4; i++)
            File.WriteAllBytes(folder.File($"a/{i}.png"), PngBytes.Of(6, 8, [.. Enumerable.Range(0, 6 * 8 * 3).Select(k => (byte)((k * 29) + (i * 50)))]));
        return folder;
    }

    private static float[] Pixels(TemporaryFolder folder, int height, Interpolation interpolation, ImageCache? cache) =>
        ImageFolder.Open(folder.Path, height, height * 4 / 3, interpolation: interpolation, shuffle: false, cache: cache)
            .Training.Single().X[0].ToTensor().ToArray();

    private static void Damage(string path, out byte[] whole)
    {
        whole = File.ReadAllBytes(path);
        var changed = (byte[])whole.Clone();
        changed[^20] ^= 1;
        Restore(path, changed);
    }

    private static void Restore(string path, byte[] content)
    {
        var time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, time);
    }
}
