using System.Numerics.Tensors;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Formats with checksums: a file with one changed bit, or one that was cut, is refused or still gives the same values.</summary>
[TestClass]
public sealed class ChecksumTests
{
    private static readonly byte[] s_table = [.. "a,b\n"u8, .. Enumerable.Range(0, 40).SelectMany(i => "1,20\n33,4\n"u8.ToArray())];

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void No_bit_of_an_npz_file_changes_an_array(bool compressed)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.npz");
        Npz.Write(path, new Dictionary<string, Tensor<float>> { ["x"] = Tensor.Create([1f, 2, 3], [3]), ["layer/y"] = Tensor.Create([0.1f, -7], [2, 1]) });
        if (!compressed) Store(path);
        var archive = File.ReadAllBytes(path);
        Assert.IsGreaterThan(20, Damage.EachBit(archive, content => Read(content, path)));
        Damage.EachCut(archive, content => Read(content, path));
    }

    [TestMethod]
    public void No_bit_of_a_packed_table_changes_a_cell()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("t.csv.gz");
        var packed = Mutations.DataReaders.Pack(s_table);
        Damage.EachBit(packed, ReadRows);
        Damage.EachCut(packed, ReadRows);

        string ReadRows(byte[] content)
        {
            File.WriteAllBytes(path, content);
            var table = CsvTable.Read(path);
            return string.Join('\n', table.Columns.Select(column => column + ": " + string.Join(' ', table.GetTexts(column))));
        }
    }

    [TestMethod]
    public void No_bit_of_packed_labels_changes_a_label()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("l.gz");
        var packed = Mutations.DataReaders.Pack(IdxBytes.Of([300], [.. Enumerable.Range(0, 300).Select(i => (byte)(i % 10))]));
        Damage.EachBit(packed, ReadLabels);
        Damage.EachCut(packed, ReadLabels);

        string ReadLabels(byte[] content)
        {
            File.WriteAllBytes(path, content);
            var labels = Idx.ReadLabels(path);
            var values = new long[labels.FlattenedLength];
            labels.FlattenTo(values);
            return string.Join(' ', values);
        }
    }

    /// <summary>Arrays have no checksum, but say how long they are.</summary>
    [TestMethod]
    public void An_array_that_was_cut_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.npy");
        Npy.Write(path, Tensor.Create([1f, 2, 3], [3]));
        Damage.EachCut(File.ReadAllBytes(path), content =>
        {
            File.WriteAllBytes(path, content);
            return string.Join(' ', Npy.Read<float>(path).ToArray());
        });
    }

    private static string Read(byte[] content, string path)
    {
        File.WriteAllBytes(path, content);
        return string.Join('\n', Npz.ReadAll<float>(path).OrderBy(array => array.Key, StringComparer.Ordinal).Select(array =>
        {
            var values = new float[array.Value.FlattenedLength];
            array.Value.FlattenTo(values);
            return $"{array.Key} ({string.Join(", ", array.Value.Lengths.ToArray())}): {string.Join(' ', values.Select(BitConverter.SingleToInt32Bits))}";
        }));
    }

    /// <summary>Stores the entries of an archive uncompressed, so that every changed bit is one of an array.</summary>
    private static void Store(string path)
    {
        var entries = Mutations.ZipEdits.Read(File.ReadAllBytes(path))!;
        File.WriteAllBytes(path, Mutations.ZipEdits.Write(entries));
    }
}
