using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Text;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class SafeTensorsTests
{
    [TestMethod]
    public void Files_are_what_the_format_asks_for()
    {
        using var folder = new TemporaryFolder();
        SafeTensors.Write(folder.File("a.safetensors"), Two(), new Dictionary<string, string> { ["format"] = "pt" });
        var bytes = File.ReadAllBytes(folder.File("a.safetensors"));
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.AreEqual(0, length % 8);
        Assert.AreEqual(
            """{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"layer/bias":"""
                + """{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}""",
            Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.HasCount(8 + length + 20, bytes);
        Assert.AreEqual(5f, BitConverter.ToSingle(bytes, 8 + length + 16));
    }

    [TestMethod]
    public void Arrays_are_written_and_read_with_equal_bytes_for_equal_arrays()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.safetensors");
        SafeTensors.Write(path, Two(), new Dictionary<string, string> { ["who"] = "we" });
        SafeTensors.Write(folder.File("b.safetensors"), Two(), new Dictionary<string, string> { ["who"] = "we" });
        CollectionAssert.AreEqual(File.ReadAllBytes(path), File.ReadAllBytes(folder.File("b.safetensors")));
        CollectionAssert.AreEqual(new[] { "x", "layer/bias" }, SafeTensors.ReadNames(path).ToArray());
        Assert.AreEqual("we", SafeTensors.ReadMetadata(path)["who"]);
        Assert.AreEqual(4f, SafeTensors.Read<float>(path, "x")[1, 1]);
        Assert.AreEqual(5.0, SafeTensors.ReadAll<double>(path)["layer/bias"][0]);
        Refused(() => SafeTensors.Read<float>(path, "y"), "has no array 'y'. It has x, layer/bias.");
        Refused(() => SafeTensors.Read<long>(path, "x"), "holds floats (F32) but was read as Int64");
        Assert.ThrowsExactly<ArgumentException>(() => SafeTensors.Write(path, new Dictionary<string, Tensor<float>> { ["__metadata__"] = Two()["x"] }));
        Assert.ThrowsExactly<ArgumentException>(() => SafeTensors.Write(path, new Dictionary<string, Tensor<decimal>> { ["x"] = Tensor.Create([1m], [1]) }));
        Assert.AreEqual(4f, SafeTensors.Read<float>(path, "x")[1, 1]);
    }

    [TestMethod]
    public void Every_type_and_shape_is_written_and_read()
    {
        using var folder = new TemporaryFolder();
        RoundTrip<float>(folder, 1.5f, -2, 3);
        RoundTrip<double>(folder, 1.5, -2, 1e300);
        RoundTrip<Half>(folder, (Half)1.5, (Half)(-2), (Half)3);
        RoundTrip<sbyte>(folder, 1, -128, 3);
        RoundTrip<byte>(folder, 1, 255, 3);
        RoundTrip<short>(folder, 1, short.MinValue, 3);
        RoundTrip<ushort>(folder, 1, ushort.MaxValue, 3);
        RoundTrip<int>(folder, 1, int.MinValue, 3);
        RoundTrip<uint>(folder, 1, uint.MaxValue, 3);
        RoundTrip<long>(folder, 1, long.MinValue, 3);
        RoundTrip<ulong>(folder, 1, ulong.MaxValue, 3);
        var truths = new Dictionary<string, Tensor<bool>> { ["t"] = Tensor.Create([true, false], [2]), ["none"] = Tensor.Create(Array.Empty<bool>(), [0, 3]) };
        SafeTensors.Write(folder.File("b.safetensors"), truths);
        Assert.AreEqual(1f, SafeTensors.ReadAll<float>(folder.File("b.safetensors"))["t"][0]);
        CollectionAssert.AreEqual(new nint[] { 0, 3 }, SafeTensors.Read<float>(folder.File("b.safetensors"), "none").Lengths.ToArray());
        var sixteen = Raw(folder, """{"b":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}""", 0xC0, 0x3F);
        Assert.AreEqual(1.5f, SafeTensors.Read<float>(sixteen, "b")[0]);
        Refused(() => SafeTensors.Read<int>(sixteen, "b"), "holds floats (BF16)");
        var large = Tensor.Create([.. Enumerable.Range(0, 600_001).Select(i => i)], [600_001]);
        SafeTensors.Write(folder.File("l.safetensors"), new Dictionary<string, Tensor<int>> { ["l"] = large });
        Assert.AreEqual(600_000, SafeTensors.Read<double>(folder.File("l.safetensors"), "l")[600_000]);
    }

    [TestMethod]
    public void Numbers_that_do_not_fit_are_refused()
    {
        using var folder = new TemporaryFolder();
        SafeTensors.Write(folder.File("a.safetensors"), new Dictionary<string, Tensor<double>> { ["x"] = Tensor.Create([1, 1e300], [2]) });
        Refused(() => SafeTensors.ReadAll<float>(folder.File("a.safetensors")), "Array 'x' of ", "holds 1E+300 at flat index 1, beyond the range of Single");
    }

    [TestMethod]
    public void Hostile_files_are_sentences()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("r.safetensors"), [255, 255, 255, 255, 255, 255, 255, 255, 1]);
        Refused(() => SafeTensors.ReadNames(folder.File("r.safetensors")), "declares a header of 18446744073709551615 bytes");
        File.WriteAllBytes(folder.File("r.safetensors"), [1, 2, 3]);
        Refused(() => SafeTensors.ReadNames(folder.File("r.safetensors")), "ends too early");
        Bad("[]", "damaged header");
        Bad("{", "damaged header");
        Bad(new string('[', 1000), "damaged header");
        Bad("{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", "damaged header");
        Bad("{\"a\":{}}", "damaged header");
        Bad(Entry("a", "F4", "[1]", "[0,4]"), "elements of type 'F4'. F64, F32,");
        Bad(Entry("a", "F8_E4M3", "[4]", "[0,4]"), "elements of type 'F8_E4M3'");
        Bad(Entry("a", "F32", "[1]", "[0,8]"), "takes bytes 0 to 8; expected 4 bytes");
        Bad(Entry("a", "F32", "[1]", "[4,0]"), "takes bytes 4 to 0");
        Bad(Entry("a", "F32", "[1]", "[0]"), "takes bytes 0;");
        Bad(Entry("a", "F32", "[-1]", "[0,4]"), "has -1 where a whole number is needed");
        Bad(Entry("a", "F32", "[1]", "[0,NaN]"), "damaged header");
        Bad(Entry("a", "F32", "[1]", "[0,4e0]"), "has 4e0 where");
        Bad(Entry("a", "F32", "[1.5]", "[0,4]"), "has 1.5 where");
        Bad(Entry("a", "F32", "[1]", "[1,5]"), "expected 0, the end of the one before");
        Bad(Entry("a", "F32", "[2]", "[0,8]"), "declares 8 bytes of arrays but holds 4");
        Bad(Entry("a", "F32", "[4611686018427387904,4]", "[0,4]"), "more than 2^63");
        Bad(Entry("a", "F64", "[9223372036854775807]", "[0,9223372036854775807]"), "expected 73786976294838206456 bytes");
        Bad(Entry("a", "U8", "[" + string.Join(',', Enumerable.Repeat(1, 33)) + "]", "[0,1]"), "more than 32 dimensions");
        Bad(Entry("a", "U8", "[2]", "[0,2]")[..^1] + "," + Entry("b", "U8", "[3]", "[1,4]")[1..], "places array 'b' at byte 1; expected 2");
        Bad(Entry("a", "U8", "[1]", "[0,1]")[..^1] + "," + Entry("b", "U8", "[2]", "[2,4]")[1..], "places array 'b' at byte 2; expected 1");
        Bad(Entry("a", "U8", "[2]", "[0,2]")[..^1] + "," + Entry("a", "U8", "[2]", "[2,4]")[1..], "damaged header");
        Bad("{\"__metadata__\":{\"a\":1}}", "damaged header");
        Bad("{\"__metadata__\":{\"a\":\"b\"}}", "declares 0 bytes of arrays but holds 4");

        void Bad(string header, string part) => Refused(() => SafeTensors.ReadAll<float>(Raw(folder, header, 0, 0, 0, 0)), part);

        static string Entry(string name, string type, string shape, string offsets) =>
            "{\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}";
    }

    private static void RoundTrip<T>(TemporaryFolder folder, params T[] values)
        where T : unmanaged, INumberBase<T>
    {
        var path = folder.File("t.safetensors");
        SafeTensors.Write(path, new Dictionary<string, Tensor<T>> { ["s"] = Tensor.Create([T.One], [1]), ["t"] = Tensor.Create(values, [1, 3]) });
        var read = new T[3];
        SafeTensors.Read<T>(path, "t").FlattenTo(read);
        CollectionAssert.AreEqual(values, read);
    }

    private static Dictionary<string, Tensor<float>> Two() => new()
    {
        ["x"] = Tensor.Create([1f, 2, 3, 4], [2, 2]),
        ["layer/bias"] = Tensor.Create([5f], [1]),
    };

    private static string Raw(TemporaryFolder folder, string header, params byte[] data)
    {
        var path = folder.File("raw.safetensors");
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. data]);
        return path;
    }

    private static void Refused(Action action, params string[] parts)
    {
        var message = Assert.ThrowsExactly<DataException>(action).Message;
        foreach (var part in parts) Assert.Contains(part, message);
    }
}
