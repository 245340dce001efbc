using System.IO.Compression;
using System.Numerics.Tensors;
using System.Text;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Arrays that stay in their file.</summary>
[TestClass]
public sealed class OpenedArrayTests
{
    /// <summary>3 billion bytes, of which a sparse file holds few: every place beyond 2^31 is 64-bit arithmetic.</summary>
    [TestMethod]
    public void Elements_beyond_two_billion_are_read_where_they_lie()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("large.npy");
        using (var file = File.Create(path))
        {
            file.Write(Header("'|u1', 'fortran_order': False, 'shape': (3000, 1000, 1000)"));
            var start = file.Length;
            file.SetLength(start + 3_000_000_000);
            foreach (var (place, value) in new[] { (0L, 1), (2_147_483_647, 2), (2_147_483_648, 3), (2_999_999_999, 4) })
            {
                file.Position = start + place;
                file.WriteByte((byte)value);
            }
        }

        var x = Npy.Open(path);
        Assert.AreEqual(Shape.Of(3000, 1000, 1000), x.Shape);
        Assert.AreEqual(1, x[0, 0, 0]);
        Assert.AreEqual(2, x[2147, 483, 647]);
        Assert.AreEqual(3, x[2147, 483, 648]);
        Assert.AreEqual(4, x[2999, 999, 999]);
        Assert.Contains("0 0 4]]]", x.ToString());
        Assert.AreEqual(4, x[^1..][0, 999, 999]);
        Assert.AreEqual(3, x[1000..][1147, 483, 648]);
        CollectionAssert.AreEqual(new float[] { 4, 1 }, Ends(x.Take([2999, 0])));
        CollectionAssert.AreEqual(new float[] { 4, 0 }, Ends(x.To(DType.Float32, "x").Take([2999, 2998])));
        Assert.IsTrue(x.IsFinite);
        Assert.AreEqual(0, x.HeldBytes);
        Assert.Contains("3,000,000,000 elements, but an array holds", Assert.ThrowsExactly<ModelException>(() => x.ToArray()).Message);
        Assert.Contains("Take fewer samples", Assert.ThrowsExactly<ModelException>(() => x.Take([.. Enumerable.Range(0, 3000)])).Message);

        static float[] Ends(NDArray rows) => [rows[0, 0, 0] + rows[0, 999, 999], rows[1, 0, 0] + rows[1, 999, 999]];
    }

    [TestMethod]
    public void Every_type_is_what_an_array_of_it_in_memory_is()
    {
        using var folder = new TemporaryFolder();
        Same(new[] { 1.5f, -2, float.MaxValue });
        Same(new[] { 1.5, -2, 3e38 });
        Same(new[] { (Half)1.5, (Half)(-2), Half.MaxValue });
        Same(new sbyte[] { 1, -128, 127 });
        Same(new byte[] { 1, 0, 255 });
        Same(new short[] { 1, short.MinValue, 3 });
        Same(new ushort[] { 1, ushort.MaxValue, 3 });
        Same(new[] { 1, int.MinValue, 3 });
        Same(new uint[] { 1, uint.MaxValue, 3 });
        Same(new[] { 1, long.MinValue, 3 });
        Same(new[] { true, false, true });

        void Same<T>(T[] values)
            where T : unmanaged
        {
            var path = folder.File($"{typeof(T).Name}.npy");
            Npy.Write(path, Tensor.Create(values, [3, 1]));
            var (opened, held) = (Npy.Open(path), NDArray.Create(values, [3, 1]));
            Assert.AreEqual(held.DType, opened.DType);
            Assert.AreEqual(held.ToString(), opened.ToString());
            foreach (var type in new[] { DType.Float32, DType.Int64, DType.Bool })
            {
                if (type == DType.Int64 && held.DType == DType.Float32) continue;
                CollectionAssert.AreEqual(held.To(type, "x").Bytes, opened.To(type, "x").Bytes);
                CollectionAssert.AreEqual(held[1..].To(type, "x").Bytes, opened.To(type, "x")[1..].Bytes);
            }
        }
    }

    [TestMethod]
    public void A_training_gives_the_bits_of_the_same_arrays_in_memory()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        Npy.Write(folder.File("x.npy"), Tensor.Create([.. Enumerable.Range(0, 70 * 5).Select(_ => random.NextDouble())], [70, 5]));
        Npy.Write(folder.File("y.npy"), Tensor.Create([.. Enumerable.Range(0, 70).Select(_ => (long)random.Next(3))], [70]));
        NDArray x = Npy.Read<float>(folder.File("x.npy")), y = Npy.Read<long>(folder.File("y.npy"));
        var (openedX, openedY) = (Npy.Open(folder.File("x.npy")), Npy.Open(folder.File("y.npy")));
        CollectionAssert.AreEqual(Fitted(x, y), Fitted(openedX, openedY));
        CollectionAssert.AreEqual(Fitted(x, y, samples: true), Fitted(openedX, openedY, samples: true));

        static float[] Fitted(NDArray x, NDArray y, bool samples = false)
        {
            var model = new Sequential([new Dense(8, Activation.Relu), new Dense(3, Activation.Softmax)]);
            var trainer = model.Compile(new Adam(), new SparseCategoricalCrossentropy(), seed: 1);
            if (samples) trainer.Fit(Dataset.From(x, y).Shuffle(50, 2).Batch(16), epochs: 2, verbose: Verbosity.Silent);
            else trainer.Fit(x, y, batchSize: 16, epochs: 2, validationSplit: 0.2, verbose: Verbosity.Silent);
            return model.Predict(x[^30..]).ToArray();
        }
    }

    [TestMethod]
    public void Numbers_beyond_float_are_named_by_their_place_in_the_file()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("x.npy"), Tensor.Create([1, 2, 3, 4, 5, -1e300], [3, 2]));
        var opened = Npy.Open(folder.File("x.npy"));
        Assert.AreEqual(4f, opened[..2][1, 1]);
        Assert.Contains("-1E+300 at [2, 1], beyond float32", Assert.ThrowsExactly<ModelException>(() => opened[1..].ToArray()).Message);
        Assert.Contains("-1E+300 at [2, 1], beyond float32", Assert.ThrowsExactly<ModelException>(() => opened.Take([2])).Message);
        Npy.Write(folder.File("y.npy"), Tensor.Create([1f, 2.5f], [2]));
        var real = Npy.Open(folder.File("y.npy")).To(DType.Int64, "Input 'y'");
        Assert.Contains("Input 'y' takes integers, but element 1 is 2.5", Assert.ThrowsExactly<ModelException>(() => real.Bytes).Message);
    }

    [TestMethod]
    public void A_file_that_becomes_shorter_is_a_sentence()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x.npy");
        Npy.Write(path, Tensor.Create(new float[10_000], [100, 100]));
        var opened = Npy.Open(path);
        Truncate(path, 20_000);
        Assert.AreEqual(0f, opened[0, 0]);
        Assert.Contains("has become shorter since it was opened", Assert.ThrowsExactly<DataException>(() => opened[99, 0]).Message);
    }

    [TestMethod]
    public void What_cannot_be_read_in_place_is_a_sentence_that_says_what_can()
    {
        using var folder = new TemporaryFolder();
        Refused("'<f4', 'fortran_order': True, 'shape': (1, 1)", 4, "column by column (Fortran's order), so it cannot be used where it lies");
        Refused("'>f4', 'fortran_order': False, 'shape': (1,)", 4, "the byte order of other machines");
        Refused("'<u8', 'fortran_order': False, 'shape': (1,)", 8, "64-bit integers without sign");
        Refused("'<f4', 'fortran_order': False, 'shape': (1,)", 5, "declares");
        Refused("'<f4', 'fortran_order': False, 'shape': (1,)", 3, "cut off");
        Refused("'<f4', 'fortran_order': False, 'shape': (0, 9000000000)", 0, "a dimension of 9000000000");
        Refused("'<f4', 'fortran_order': False, 'shape': (9000000000000000000, 9000000000000000000)", 0, "more than 2^63");
        using (var packed = new GZipStream(File.Create(folder.File("a.npy")), CompressionMode.Compress)) packed.Write(Header("'<f4'"));
        Assert.Contains("is compressed with gzip", Assert.ThrowsExactly<DataException>(() => Npy.Open(folder.File("a.npy"))).Message);
        Assert.Contains("does not exist", Assert.ThrowsExactly<DataException>(() => Npy.Open(folder.File("absent.npy"))).Message);

        void Refused(string entries, int bytes, string part)
        {
            File.WriteAllBytes(folder.File("r.npy"), [.. Header(entries), .. new byte[bytes]]);
            Assert.Contains(part, Assert.ThrowsExactly<DataException>(() => Npy.Open(folder.File("r.npy"))).Message);
        }
    }

    [TestMethod]
    public void An_opened_file_can_be_deleted()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("x.npy"), Tensor.Create([1f, 2], [2]));
        var opened = Npy.Open(folder.File("x.npy"));
        File.Delete(folder.File("x.npy"));
        Assert.AreEqual(2f, opened[1]);
    }

    private static void Truncate(string path, long length)
    {
        // Another program need not respect the lock that .NET sets.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(length);
    }

    private static byte[] Header(string entries)
    {
        var header = Encoding.ASCII.GetBytes("{'descr': " + entries + "}\n");
        return [0x93, .. "NUMPY"u8, 2, 0, (byte)header.Length, 0, 0, 0, .. header];
    }
}
