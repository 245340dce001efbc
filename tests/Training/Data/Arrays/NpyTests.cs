using System.IO.Compression;
using System.Numerics;
using System.Numerics.Tensors;
using System.Text;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public class NpyTests
{
    [TestMethod]
    public void Numbers_beyond_the_range_of_float_are_refused()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("a.npy"), Tensor.Create([1.0, -1e300, double.NaN], [3]));
        var error = Assert.ThrowsExactly<DataException>(() => Npy.Read<float>(folder.File("a.npy")));
        Assert.Contains("-1E+300 at flat index 1, beyond the range of Single", error.Message);
        Npy.Write(folder.File("a.npy"), Tensor.Create([1.0, double.NegativeInfinity, double.NaN], [3]));
        Assert.AreEqual(float.NegativeInfinity, Npy.Read<float>(folder.File("a.npy"))[1]);
    }

    /// <summary>Entries that are stored uncompressed: every changed byte of the content shows.</summary>
    [TestMethod]
    public void A_flipped_bit_in_an_archive_is_noticed()
    {
        using var folder = new TemporaryFolder();
        using (var archive = ZipFile.Open(folder.File("a.npz"), ZipArchiveMode.Create))
        {
            Npy.Write(folder.File("x.npy"), Tensor.Create([1f, 2, 3], [3]));
            archive.CreateEntryFromFile(folder.File("x.npy"), "x.npy", CompressionLevel.NoCompression);
        }

        Assert.AreEqual(3f, Npz.Read<float>(folder.File("a.npz"), "x")[2]);
        var bytes = File.ReadAllBytes(folder.File("a.npz"));
        var at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]);
        for (var bit = 0; bit < 12 * 8; bit++)
        {
            var changed = (byte[])bytes.Clone();
            changed[at + (bit / 8)] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(folder.File("b.npz"), changed);
            Assert.Contains("checksum", Assert.ThrowsExactly<DataException>(() => Npz.ReadAll<float>(folder.File("b.npz"))).Message);
        }
    }

    [TestMethod]
    public void Files_are_what_NumPy_writes()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("a.npy"), Tensor.Create([1f, 2, 3, 4, 5, 6], [2, 3]));
        var bytes = File.ReadAllBytes(folder.File("a.npy"));
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".PadRight(117) + "\n";
        CollectionAssert.AreEqual((byte[])[0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(header)], bytes[..128]);
        Assert.HasCount(128 + 24, bytes);
        Assert.AreEqual(6f, BitConverter.ToSingle(bytes, 148));
    }

    [TestMethod]
    public void Every_type_and_shape_is_written_and_read()
    {
        using var folder = new TemporaryFolder();
        RoundTrip<float>(1.5f, -2, 3);
        RoundTrip<double>(1.5, -2, 3);
        RoundTrip<Half>((Half)1.5, (Half)(-2), (Half)3);
        RoundTrip<sbyte>(1, -128, 3);
        RoundTrip<byte>(1, 255, 3);
        RoundTrip<short>(1, short.MinValue, 3);
        RoundTrip<ushort>(1, ushort.MaxValue, 3);
        RoundTrip<int>(1, int.MinValue, 3);
        RoundTrip<uint>(1, uint.MaxValue, 3);
        RoundTrip<long>(1, long.MinValue, 3);
        RoundTrip<ulong>(1, ulong.MaxValue, 3);
        foreach (var lengths in new nint[][] { [6], [1, 6], [3, 1, 2], [0, 4], [2, 3, 1, 1] })
        {
            var count = lengths.Aggregate((a, b) => a * b);
            Npy.Write(folder.File("s.npy"), Tensor.Create(new float[count], lengths));
            CollectionAssert.AreEqual(lengths, Npy.Read<float>(folder.File("s.npy")).Lengths.ToArray());
        }

        void RoundTrip<T>(params T[] values)
            where T : unmanaged, INumberBase<T>
        {
            Npy.Write(folder.File("t.npy"), Tensor.Create(values, [3]));
            CollectionAssert.AreEqual(values, Flat(Npy.Read<T>(folder.File("t.npy"))));
        }
    }

    [TestMethod]
    public void Large_arrays_and_views_are_written()
    {
        using var folder = new TemporaryFolder();
        var large = Tensor.Create([.. Enumerable.Range(0, 50_000).Select(i => (float)i)], [500, 100]);
        Npy.Write(folder.File("l.npy"), large);
        CollectionAssert.AreEqual(Flat(large), Flat(Npy.Read<float>(folder.File("l.npy"))));
        Npy.Write(folder.File("v.npy"), large.Slice(3..7, 10..13));
        CollectionAssert.AreEqual(Flat(large.Slice(3..7, 10..13)), Flat(Npy.Read<float>(folder.File("v.npy"))));
    }

    [TestMethod]
    public void Booleans_big_endian_and_column_major_arrays_are_read()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("b.npy"), Tensor.Create([true, false, true], [3]));
        CollectionAssert.AreEqual(new[] { 1f, 0, 1 }, Flat(Npy.Read<float>(folder.File("b.npy"))));
        CollectionAssert.AreEqual(new[] { 258L, -1 }, Flat(Npy.Read<long>(Raw(folder, "'>i2', 'fortran_order': False, 'shape': (2,)", 1, 2, 255, 255))));
        var columns = Npy.Read<float>(Raw(folder, "'|u1', 'fortran_order': True, 'shape': (2, 3)", 1, 4, 2, 5, 3, 6));
        CollectionAssert.AreEqual(new[] { 1f, 2, 3, 4, 5, 6 }, Flat(columns));
        var cube = Npy.Read<long>(Raw(folder, "'|u1', 'fortran_order': True, 'shape': (2, 2, 2)", 0, 4, 2, 6, 1, 5, 3, 7));
        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 3, 4, 5, 6, 7 }, Flat(cube));
        CollectionAssert.AreEqual(new nint[] { 1 }, Npy.Read<long>(Raw(folder, "'|u1', 'fortran_order': False, 'shape': ()", 7)).Lengths.ToArray());
    }

    [TestMethod]
    public void Types_are_converted_only_without_loss()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("i.npy"), Tensor.Create([1L, 300], [2]));
        CollectionAssert.AreEqual(new[] { 1f, 300 }, Flat(Npy.Read<float>(folder.File("i.npy"))));
        Refused(() => Npy.Read<byte>(folder.File("i.npy")), "holds 300 at flat index 1, which Byte cannot hold");
        Npy.Write(folder.File("f.npy"), Tensor.Create([1.5f], [1]));
        Refused(() => Npy.Read<long>(folder.File("f.npy")), "holds floats (f4)");
    }

    [TestMethod]
    public void Damaged_headers_are_sentences()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("t.npy"), "no array at all");
        Refused(() => Npy.Read<float>(folder.File("t.npy")), "is not a NumPy array");
        Refused(() => Npy.Read<float>(Raw(folder, "'|O', 'fortran_order': False, 'shape': (1,)", 0)), "elements of type '|O'");
        Refused(() => Npy.Read<float>(Raw(folder, "'<U4', 'fortran_order': False, 'shape': (1,)", 0)), "elements of type '<U4'");
        Refused(() => Npy.Read<float>(Raw(folder, "[('a', '<f4')], 'fortran_order': False, 'shape': (1,)", 0)), "records of several fields");
        Refused(() => Npy.Read<float>(Raw(folder, "'<f4', 'fortran_order': False, 'shape': (-1,)", 0)), "damaged header");
        Refused(() => Npy.Read<float>(Raw(folder, "'<f4', 'fortran_order': Maybe, 'shape': (1,)", 0)), "damaged header");
        Refused(() => Npy.Read<float>(Raw(folder, "'<f4', 'shape': (1,)", 0)), "damaged header");
        Refused(() => Npy.Read<float>(Raw(folder, "'<f4', 'fortran_order': False, 'shape': (1000000000000,)", 0)), "it was cut off");
        Refused(() => Npy.Read<float>(Raw(folder, "'<f4', 'fortran_order': False, 'shape': (9000000000000000000, 9000000000000000000)", 0)), "more than 2^63");
        Refused(() => Npy.Read<float>(Raw(folder, "'<f4', 'fortran_order': False, 'shape': (1,)", 0, 0, 0)), "it was cut off");
        Refused(() => Npy.Read<float>(Raw(folder, "'<f4', 'fortran_order': False, 'shape': (1,)", 0, 0, 0, 0, 0)), "declares");
    }

    [TestMethod]
    public void Any_damage_is_a_DataException()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("a.npy"), Tensor.Create([1f, 2, 3, 4, 5, 6], [2, 3]));
        var whole = File.ReadAllBytes(folder.File("a.npy"));
        var random = new Random(3);
        for (var round = 0; round < 400; round++)
        {
            var damaged = whole[..random.Next(whole.Length + 1)];
            for (var flips = random.Next(3); flips > 0 && damaged.Length > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(folder.File("d.npy"), damaged);
            try
            {
                Npy.Read<float>(folder.File("d.npy"));
            }
            catch (DataException refused)
            {
                StringAssert.Contains(refused.Message, "d.npy");
            }
        }
    }

    [TestMethod]
    public void Archives_are_written_and_read_with_equal_bytes_for_equal_arrays()
    {
        using var folder = new TemporaryFolder();
        var arrays = new OrderedDictionary<string, Tensor<float>>
        {
            ["x"] = Tensor.Create([1f, 2, 3, 4], [2, 2]),
            ["layer/kernel"] = Tensor.Create([5f], [1]),
        };
        Npz.Write(folder.File("a.npz"), arrays);
        Npz.Write(folder.File("b.npz"), arrays);
        CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("a.npz")), File.ReadAllBytes(folder.File("b.npz")));
        CollectionAssert.AreEqual(new[] { "x", "layer/kernel" }, Npz.ReadNames(folder.File("a.npz")).ToArray());
        CollectionAssert.AreEqual(new[] { 1f, 2, 3, 4 }, Flat(Npz.Read<float>(folder.File("a.npz"), "x")));
        Assert.AreEqual(5.0, Npz.ReadAll<double>(folder.File("a.npz"))["layer/kernel"][0]);
        Refused(() => Npz.Read<float>(folder.File("a.npz"), "y"), "has no array 'y'. It has x, layer/kernel.");
        Assert.ThrowsExactly<ArgumentException>(() => Npz.Write(folder.File("c.npz"), new Dictionary<string, Tensor<float>> { ["../x"] = arrays["x"] }));
        Assert.IsFalse(File.Exists(folder.File("c.npz")));
    }

    [TestMethod]
    public void Hostile_archives_are_refused()
    {
        using var folder = new TemporaryFolder();
        Refused(() => Npz.ReadNames(Zip(("../x.npy", []))), "a path outside");
        Refused(() => Npz.ReadNames(Zip(("x.npy", []), ("x.npy", []))), "twice");
        Refused(() => Npz.Read<float>(Zip(("x.npy", [1, 2, 3])), "x"), "ends too early");
        File.WriteAllText(folder.File("t.npz"), "no zip at all");
        Refused(() => Npz.ReadNames(folder.File("t.npz")), "is damaged");

        // A megabyte of zeros packs to a kilobyte and is fine; announcing more than is packed is not.
        var array = Raw(folder, "'<f4', 'fortran_order': False, 'shape': (250000,)", new byte[1_000_000]);
        Assert.AreEqual(250_000, Npz.Read<float>(Zip(("x.npy", File.ReadAllBytes(array))), "x").FlattenedLength);
        Refused(() => Npz.Read<float>(Zip(("x.npy", File.ReadAllBytes(array)[..^4])), "x"), "declares");
        Refused(() => Npz.Read<float>(Zip(("x.npy", [.. File.ReadAllBytes(array), 0])), "x"), "declares");

        string Zip(params (string Name, byte[] Content)[] entries)
        {
            var path = folder.File("h.npz");
            using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
            foreach (var (name, content) in entries)
            {
                using var stream = archive.CreateEntry(name).Open();
                stream.Write(content);
            }

            return path;
        }
    }

    [TestMethod]
    public void A_place_that_cannot_be_written_to_is_a_sentence()
    {
        using var folder = new TemporaryFolder();
        Refused(() => Npy.Write(folder.File("absent/a.npy"), Tensor.Create([1f], [1])), "does not exist. Create it first");
        Refused(() => Npy.Write(folder.Path, Tensor.Create([1f], [1])), "is a folder");
        Assert.ThrowsExactly<ArgumentException>(() => Npy.Write(folder.File("a.npy"), Tensor.Create([1m], [1])));
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static string Raw(TemporaryFolder folder, string entries, params byte[] data)
    {
        var header = Encoding.ASCII.GetBytes("{'descr': " + entries + "}\n");
        var path = folder.File("raw.npy");
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 2, 0, (byte)header.Length, 0, 0, 0, .. header, .. data]);
        return path;
    }

    private static T[] Flat<T>(Tensor<T> tensor)
    {
        var result = new T[tensor.FlattenedLength];
        tensor.FlattenTo(result);
        return result;
    }

    private static void Refused(Action action, string part) => StringAssert.Contains(Assert.ThrowsExactly<DataException>(action).Message, part);
}
