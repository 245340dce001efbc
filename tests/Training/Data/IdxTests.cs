using System.IO.Compression;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public class IdxTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Plain_and_packed_files_are_read(bool packed)
    {
        using var folder = new TemporaryFolder();
        var images = Tensor(3, 2, 5);
        var file = Write(folder, IdxBytes.Of(0x803, [3, 2, 5], images), packed);
        var read = Idx.ReadImages(file);
        CollectionAssert.AreEqual(new nint[] { 3, 2, 5 }, read.Lengths.ToArray());
        Assert.AreEqual(images[(1 * 10) + (1 * 5) + 4] * (1f / 255), read[1, 1, 4]);
        Assert.AreEqual(images[7], Idx.ReadImages(file, scale: 1)[0, 1, 2]);

        var labels = Idx.ReadLabels(Write(folder, IdxBytes.Of(0x801, [4], [0, 9, 255, 3]), packed));
        CollectionAssert.AreEqual(new nint[] { 4 }, labels.Lengths.ToArray());
        Assert.AreEqual(255L, labels[2]);
    }

    [TestMethod]
    public void More_than_one_chunk_is_read()
    {
        using var folder = new TemporaryFolder();
        var images = Tensor(70, 31, 33);
        var read = Idx.ReadImages(Write(folder, IdxBytes.Of(0x803, [70, 31, 33], images), packed: true), scale: 1);
        for (var i = 0; i < images.Length; i += 97) Assert.AreEqual(images[i], read[i / (31 * 33), i / 33 % 31, i % 33]);
    }

    [TestMethod]
    public void Other_kinds_are_named()
    {
        using var folder = new TemporaryFolder();
        Refused(
            () => Idx.ReadImages(Write(folder, IdxBytes.Of(0x801, [1], [1]), false)),
            "0x00000801, expected 0x00000803: it holds labels. Pass the file of images.");
        Refused(() => Idx.ReadLabels(Write(folder, IdxBytes.Of(0x803, [1, 1, 1], [1]), true)), "it holds images. Pass the file of labels.");
        Refused(() => Idx.ReadLabels(Write(folder, IdxBytes.Of(0x0D01, [1], [1, 2, 3, 4]), false)), "not an idx file of bytes");
        Refused(() => Idx.ReadImages(folder.File("absent")), "does not exist");
        Refused(() => Idx.ReadImages(folder.Path), "is a folder");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_file_cut_off_or_too_long_is_a_sentence(bool packed)
    {
        using var folder = new TemporaryFolder();
        var whole = IdxBytes.Of(0x803, [3, 2, 5], Tensor(3, 2, 5));
        for (var length = 0; length < whole.Length; length++)
        {
            var file = Write(folder, whole[..length], packed);
            Assert.ThrowsExactly<DataException>(() => Idx.ReadImages(file));
        }

        var longer = Write(folder, [.. whole, 1], packed);
        Refused(() => Idx.ReadImages(longer), packed ? "continues after the declared data" : "declares 46 bytes but holds 47");
    }

    [TestMethod]
    public void A_packed_file_cut_off_anywhere_is_a_sentence()
    {
        using var folder = new TemporaryFolder();
        var packed = File.ReadAllBytes(Write(folder, IdxBytes.Of(0x803, [30, 20, 5], Tensor(30, 20, 5)), packed: true));
        for (var length = 0; length < packed.Length - 8; length += 7)
        {
            File.WriteAllBytes(folder.File("cut"), packed[..length]);
            Assert.ThrowsExactly<DataException>(() => Idx.ReadImages(folder.File("cut")));
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_file_that_declares_more_than_it_can_hold_takes_no_memory(bool packed)
    {
        using var folder = new TemporaryFolder();
        foreach (var lengths in new uint[][] { [60000, 28, 28], [uint.MaxValue, uint.MaxValue, uint.MaxValue], [1 << 20, 1 << 10, 1] })
        {
            var file = Write(folder, IdxBytes.Of(0x803, lengths, [1, 2, 3]), packed);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Refused(() => Idx.ReadImages(file), "it was cut off");
            Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static byte[] Tensor(params int[] lengths) => [.. Enumerable.Range(0, lengths.Aggregate((a, b) => a * b)).Select(i => (byte)((i * 37) + (i >> 8)))];

    private static string Write(TemporaryFolder folder, byte[] content, bool packed)
    {
        var path = folder.File(Guid.NewGuid().ToString("N"));
        using Stream stream = packed ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        stream.Write(content);
        return path;
    }

    private static void Refused(Action action, string part) => StringAssert.Contains(Assert.ThrowsExactly<DataException>(action).Message, part);
}
