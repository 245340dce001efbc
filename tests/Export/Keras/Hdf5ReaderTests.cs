using System.Globalization;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Layers;
using PureHDF;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Weight files whose numbers are stored in another way than they look, or that ask for much memory.</summary>
[TestClass]
public sealed class Hdf5ReaderTests
{
    // Class and version, flags with the position of the sign, size, bit offset, precision, exponent (position, bits), mantissa (position, bits), bias.
    private static readonly byte[] s_float32 = [0x31, 0x20, 0x1F, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
    private static readonly byte[] s_int32 = [0x30, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0];

    [TestMethod]
    [DataRow(1, 0x00, "not those of IEEE 754")]
    [DataRow(1, 0x60, "not those of IEEE 754")]
    [DataRow(2, 30, "not those of IEEE 754")]
    [DataRow(8, 1, "at bit 1")]
    [DataRow(10, 31, "of 31 bits")]
    [DataRow(12, 22, "not those of IEEE 754")]
    [DataRow(13, 7, "not those of IEEE 754")]
    [DataRow(14, 1, "not those of IEEE 754")]
    [DataRow(15, 22, "not those of IEEE 754")]
    [DataRow(16, 100, "not those of IEEE 754")]
    public void Floats_of_another_form_are_refused(int at, int value, string expected) =>
        Refused(Write(new float[] { 1, 2 }), s_float32, at, (byte)value, expected);

    [TestMethod]
    [DataRow(8, 8, "at bit 8")]
    [DataRow(10, 16, "of 16 bits")]
    public void Integers_of_another_form_are_refused(int at, int value, string expected) =>
        Refused(Write(new[] { 1, 2 }), s_int32, at, (byte)value, expected);

    [TestMethod]
    public void Numbers_of_all_supported_types_are_read()
    {
        CollectionAssert.AreEqual(new float[] { 1, -2 }, Floats(Write(new float[] { 1, -2 })));
        CollectionAssert.AreEqual(new float[] { 1, -2 }, Floats(Write(new double[] { 1, -2 })));
        CollectionAssert.AreEqual(new float[] { 1, -2 }, Floats(Write(new[] { (Half)1, (Half)(-2) })));
        CollectionAssert.AreEqual(new float[] { 1, -2 }, Floats(Write(new[] { 1, -2 })));
        CollectionAssert.AreEqual(new float[] { 1, 2 }, Floats(Write(new byte[] { 1, 2 })));
        CollectionAssert.AreEqual(new float[] { 1, -2 }, Floats(Write(new long[] { 1, -2 })));
    }

    [TestMethod]
    public void Doubles_beyond_the_range_of_float_are_refused_and_change_nothing()
    {
        var model = new Sequential([2], new Dense(1));
        var before = model.Weights[0].Storage.ToArray();
        var variables = new H5Group { ["0"] = new H5Dataset(new[] { 5.0, 1e300 }, fileDims: [2, 1]), ["1"] = new H5Dataset(new[] { 1.0 }, fileDims: [1]) };
        var file = new H5File { ["layers"] = new H5Group { ["dense"] = new H5Group { ["vars"] = variables } } };
        var error = Assert.ThrowsExactly<ModelException>(() => KerasWeights.Read(model, Hdf5Reader.Read(Bytes(file))));
        Assert.Contains("layers/dense/vars/0 holds 1E+300 at flat index 1, beyond the range of float32", error.Message);
        CollectionAssert.AreEqual(before, model.Weights[0].Storage);
    }

    /// <summary>Each array keeps its path: this file of some hundred kilobytes asked for 3.5 GB.</summary>
    [TestMethod]
    public void Long_names_of_many_groups_do_not_add_up()
    {
        var innermost = new H5Group();
        for (var i = 0; i < 1500; i++) innermost[i.ToString(CultureInfo.InvariantCulture)] = new H5Dataset(new float[] { 1 });
        var group = innermost;
        for (var i = 0; i < 50; i++) group = new H5Group { [new string('n', 1000)] = group };
        var bytes = Bytes(new H5File { ["a"] = group });
        Assert.IsLessThan(1_000_000, bytes.Length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("characters in all", Assert.ThrowsExactly<ModelException>(() => Hdf5Reader.Read(bytes)).Message);
        Assert.IsLessThan(200_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static float[] Floats(byte[] file)
    {
        var array = Hdf5Reader.Read(file)["a"];
        var values = new float[array.Count];
        array.CopyTo(values);
        return values;
    }

    private static void Refused(byte[] file, byte[] pattern, int at, byte value, string expected)
    {
        var start = file.AsSpan().IndexOf(pattern);
        Assert.IsGreaterThan(0, start);
        file[start + at] = value;
        Assert.Contains(expected, Assert.ThrowsExactly<ModelException>(() => Hdf5Reader.Read(file)).Message);
    }

    private static byte[] Write<T>(T[] values) where T : unmanaged => Bytes(new H5File { ["a"] = new H5Dataset(values) });

    private static byte[] Bytes(H5File file)
    {
        using var stream = new MemoryStream();
        file.Write(stream, new H5WriteOptions { PreferCompactDatasetLayout = false });
        return stream.ToArray();
    }
}
