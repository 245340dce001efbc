using System.IO.Compression;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;
using PureHDF;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Reading and writing Keras' files: the layout of the arrays, their values, and what is refused.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class KerasFileTests
{
    public static IEnumerable<object[]> Models => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    /// <summary>Bytes that are not UTF-8 in the metadata, half a surrogate pair in a layer's name beside a vocabulary.</summary>
    [TestMethod]
    public void Strings_that_are_no_text_are_refused_or_left_to_the_reader_of_the_configuration()
    {
        byte[] metadata = [.. "{\"keras_version\": \"3"u8, 0xB8, .. "\"}"u8];
        Assert.Contains("its metadata.json cannot be read", Assert.ThrowsExactly<ModelException>(() => KerasMetadata.Parse(metadata, "m.keras")).Message);
        const string Config = """{"config": {"layers": [{"class_name": "\ud800", "config": {}}]}}""";
        Assert.AreEqual(Config, KerasVocabularies.Insert(Config, new Dictionary<string, string> { ["layers/text_vectorization"] = "a" }));
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Weights_are_those_another_reader_finds(string file)
    {
        var bytes = KerasArchive.Read(new MemoryStream(File.ReadAllBytes(ParityFolder.PathOf(file))), file).Weights;
        var arrays = Hdf5Reader.Read(bytes);
        Assert.IsNotEmpty(arrays);
        using var peer = H5File.Open(new MemoryStream(bytes));
        foreach (var (path, array) in arrays)
        {
            var values = new float[array.Count];
            array.CopyTo(values);
            var dataset = peer.Dataset(path);
            CollectionAssert.AreEqual(dataset.Space.Dimensions.Select(dim => (int)dim).ToArray(), array.Dims, path);
            CollectionAssert.AreEqual(dataset.Read<float[]>(), values, path);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_saved_model_has_the_groups_names_and_arrays_of_Keras_file(string file)
    {
        var model = Model.Load(ParityFolder.PathOf(file));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "copy.keras");
            model.Save(path);
            CollectionAssert.AreEqual(Contents(File.ReadAllBytes(ParityFolder.PathOf(file))), Contents(File.ReadAllBytes(path)));
            using (var zip = ZipFile.OpenRead(path))
            {
                CollectionAssert.AreEqual(new[] { "metadata.json", "config.json", "model.weights.h5" }, zip.Entries.Select(entry => entry.FullName).ToArray());
                Assert.IsTrue(zip.Entries.All(entry => entry.CompressedLength == entry.Length));
            }

            var again = Path.Combine(folder.FullName, "again.keras");
            Model.Load(path).Save(again);
            CollectionAssert.AreEqual(File.ReadAllBytes(path), File.ReadAllBytes(again));
        }
        finally
        {
            folder.Delete(true);
        }
    }

    /// <summary>Where Keras 3.16 looks for the variables of layers that hold other layers; found by loading such files there.</summary>
    public static IEnumerable<object[]> Nested =>
    [
        [
            new Bidirectional(new Gru(2), backwardLayer: new Lstm(2, goBackwards: true, name: "mine")),
            "layers/bidirectional/backward_layer/cell/vars/2 layers/bidirectional/forward_layer/cell/vars/2",
        ],
        [
            new MultiHeadAttention(2, 3, useGate: true),
            "layers/multi_head_attention/_gate_dense/vars/1 layers/multi_head_attention/output_dense/vars/1 layers/multi_head_attention/query_dense/vars/0",
        ],
        [new GroupQueryAttention(3, 4, 2), "layers/grouped_query_attention/_key_dense/vars/1 layers/grouped_query_attention/_output_dense/vars/0"],
        [new SpectralNormalization(new Dense(2)), "layers/spectral_normalization/layer/vars/1 layers/spectral_normalization/vars/1"],
        [new TimeDistributed(new Dense(2)), "layers/time_distributed/layer/vars/0"],
    ];

    [TestMethod]
    [DynamicData(nameof(Nested))]
    public void Layers_within_layers_lie_where_Keras_looks_for_them(Layer layer, string paths)
    {
        var x = Model.Input([4, 3]);
        var model = new Model(x, layer.CallAll(x, CallOptions.None)[0]);
        var arrays = Hdf5Reader.Read(KerasWeights.Write(model));
        foreach (var path in paths.Split(' ')) Assert.IsTrue(arrays.ContainsKey(path), $"{path} is not among {string.Join(" ", arrays.Keys)}");
        KerasWeights.Read(model, arrays);
    }

    [TestMethod]
    public void Weights_go_through_a_file_of_their_own()
    {
        var (one, other) = (Small(1), Small(2));
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".weights.h5");
        try
        {
            one.SaveWeights(path);
            other.LoadWeights(path);
            foreach (var (left, right) in one.Weights.Zip(other.Weights)) CollectionAssert.AreEqual(left.Storage, right.Storage);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void All_arrays_that_do_not_fit_are_named_and_nothing_is_changed()
    {
        var x = Model.Input([4]);
        var wider = new Model(x, x.Apply(new Dense(5), new Dropout(0.5), new Dense(2), new Dense(2, useBias: false)));
        var model = Small(3);
        var before = model.Weights.Select(weight => weight.Storage.ToArray()).ToArray();
        var error = Assert.ThrowsExactly<ModelException>(() => KerasWeights.Read(model, Hdf5Reader.Read(KerasWeights.Write(wider))));
        string[] parts =
        [
            "layers/dense/vars/0 has shape (4, 5), expected (4, 3)",
            "layers/dense/vars/1 has shape (5), expected (3,)",
            "layers/dense_1/vars/0 has shape (5, 2), expected (3, 2)",
            "layers/dense_2/vars/0 (2, 2) belongs to no weight",
        ];
        foreach (var part in parts)
            StringAssert.Contains(error.Message, part);
        foreach (var (values, weight) in before.Zip(model.Weights)) CollectionAssert.AreEqual(values, weight.Storage);

        error = Assert.ThrowsExactly<ModelException>(() => KerasWeights.Read(wider, Hdf5Reader.Read(KerasWeights.Write(model))));
        StringAssert.Contains(error.Message, "layers/dense_2/vars/0 is missing, expected kernel (2, 2) of 'dense_2'");
    }

    [TestMethod]
    [DataRow("../config.json", 10, "leads out of the archive")]
    [DataRow("/etc/x", 10, "leads out of the archive")]
    [DataRow("a\\b", 10, "leads out of the archive")]
    [DataRow("c:x", 10, "leads out of the archive")]
    [DataRow("metadata.json", 10, "has two entries")]
    [DataRow("bomb", 50_000_000, "times its size")]
    public void Entries_made_to_harm_are_refused(string name, int size, string expected)
    {
        using var stream = new MemoryStream();
        KerasArchive.Write(stream, Small(1).ToJson(), KerasWeights.Write(Small(1)));
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            using var entry = zip.CreateEntry(name, CompressionLevel.Fastest).Open();
            entry.Write(new byte[size]);
        }

        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => KerasFile.Load(stream)).Message, expected);
    }

    [TestMethod]
    public void What_is_no_archive_is_refused()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => KerasFile.Load(new MemoryStream([1, 2, 3]))).Message, "is not a .keras file");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => Model.Load("nowhere.keras")).Message, "cannot be opened");
        using var empty = new MemoryStream();
        using (var zip = new ZipArchive(empty, ZipArchiveMode.Create, leaveOpen: true)) zip.CreateEntry("other");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => KerasFile.Load(empty)).Message, "no config.json");
    }

    [TestMethod]
    public void Every_cut_and_many_changes_of_a_weight_file_give_a_sentence_or_arrays()
    {
        var good = KerasWeights.Write(Small(1));
        for (var length = 0; length < good.Length; length += 7) Try(good.AsMemory(0, length));
        var random = new Random(5);
        for (var round = 0; round < 4000; round++)
        {
            var bytes = good.ToArray();
            for (var change = 0; change <= round % 4; change++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Try(bytes);
        }

        static void Try(ReadOnlyMemory<byte> bytes)
        {
            try
            {
                foreach (var array in Hdf5Reader.Read(bytes).Values) array.CopyTo(new float[array.Count]);
            }
            catch (ModelException error)
            {
                StringAssert.Contains(error.Message, "cannot be read");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Changes_of_Keras_own_files_give_a_sentence_or_arrays(string file)
    {
        var good = KerasArchive.Read(new MemoryStream(File.ReadAllBytes(ParityFolder.PathOf(file))), file).Weights;
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var bytes = good.ToArray();
            for (var change = 0; change <= round % 4; change++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Assert.IsNotNull(Hdf5Reader.Read(bytes));
            }
            catch (ModelException error)
            {
                StringAssert.Contains(error.Message, "cannot be read");
            }
        }
    }

    private static Model Small(ulong seed)
    {
        var x = Model.Input([4]);
        return new Model(x, x.Apply(new Dense(3), new Dropout(0.5), new Dense(2)), seed: seed);
    }

    /// <summary>Every group with its name attribute, every array with its shape and values.</summary>
    private static string[] Contents(byte[] keras)
    {
        var bytes = KerasArchive.Read(new MemoryStream(keras), "file").Weights;
        var lines = new List<string>();
        using var file = H5File.Open(new MemoryStream(bytes));
        Walk(file, "");
        return [.. lines.Order(StringComparer.Ordinal)];

        void Walk(IH5Group group, string path)
        {
            foreach (var child in group.Children())
            {
                var at = path + "/" + child.Name;
                if (child is IH5Group inner)
                {
                    lines.Add(at + (inner.AttributeExists("name") ? " " + inner.Attribute("name").Read<string>() : ""));
                    Walk(inner, at);
                }
                else if (child is IH5Dataset array)
                {
                    lines.Add($"{at} ({string.Join(", ", array.Space.Dimensions)}) {string.Join(" ", array.Read<float[]>())}");
                }
            }
        }
    }
}
