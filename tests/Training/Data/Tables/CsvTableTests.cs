using System.Globalization;
using System.IO.Compression;
using System.IO.Pipes;
using System.Numerics.Tensors;
using System.Text;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data.Tables;

[TestClass]
public class CsvTableTests
{
    private const string Flowers = "length,width,kind\n5.1,3.5,setosa\r\n7,-3.2e0,versicolor\r6.3,3.3,\"setosa\"\n";

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_pipe_is_refused()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.Write("a\n1\n"u8);
        var path = $"/proc/self/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}";
        Assert.Contains("is a pipe, which can be read only once", Assert.Throws<DataException>(() => CsvTable.Read(path)).Message);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Columns_are_read_by_name(bool packed)
    {
        using var folder = new TemporaryFolder();
        var table = CsvTable.Read(Write(folder, Flowers, packed));
        CollectionAssert.AreEqual(new[] { "length", "width", "kind" }, table.Columns.ToArray());
        Assert.AreEqual(3, table.Rows);
        CollectionAssert.AreEqual(new[] { 5.1f, 3.5f, 7, -3.2f, 6.3f, 3.3f }, Flat(table.GetFloatsExcept("kind")));
        CollectionAssert.AreEqual(new[] { 3.5f, 5.1f, -3.2f, 7, 3.3f, 6.3f }, Flat(table.GetFloats("width", "length")));
        CollectionAssert.AreEqual(new nint[] { 3, 2 }, table.GetFloatsExcept("kind").Lengths.ToArray());
        CollectionAssert.AreEqual(new[] { 0L, 1, 0 }, Flat(table.GetClasses("kind", out var classes)));
        CollectionAssert.AreEqual(new[] { "setosa", "versicolor" }, classes.ToArray());
        CollectionAssert.AreEqual(new[] { "setosa", "versicolor", "setosa" }, table.GetTexts("kind").ToArray());
    }

    [TestMethod]
    public void Columns_are_numbered_without_a_header()
    {
        using var folder = new TemporaryFolder();
        var table = CsvTable.Read(Write(folder, "# made by hand\n\n1,2,0\n3,4,1"), hasHeader: false, skipLines: 1);
        CollectionAssert.AreEqual(new[] { 1f, 2, 3, 4 }, Flat(table.GetFloatsExcept("2")));
        CollectionAssert.AreEqual(new[] { 0L, 1 }, Flat(table.GetLabels("2")));
        CollectionAssert.AreEqual(new[] { 1f, 2, 0, 3, 4, 1 }, Flat(table.GetFloats()));
    }

    [TestMethod]
    public void Quotes_are_read_as_in_RFC_4180_or_as_text()
    {
        using var folder = new TemporaryFolder();
        var table = CsvTable.Read(Write(folder, "a;b\n\"x;\"\"y\"\"\r\nz\";\"\"\n1;2\n"), separator: ';');
        Assert.AreEqual("x;\"y\"\r\nz", table.GetTexts("a")[0]);
        Assert.AreEqual("", table.GetTexts("b")[0]);
        Assert.AreEqual(2, table.Rows);

        var plain = CsvTable.Read(Write(folder, "spam\t\"quoted\" text\nham\t\"\n"), hasHeader: false, separator: '\t', quote: null);
        CollectionAssert.AreEqual(new[] { "\"quoted\" text", "\"" }, plain.GetTexts("1").ToArray());
    }

    [TestMethod]
    public void Numbers_do_not_depend_on_the_language()
    {
        using var folder = new TemporaryFolder();
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("")
            {
                NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = "." },
            };
            var table = CsvTable.Read(Write(folder, "a\n 1.5 \nNaN\n-Infinity\n"));
            var values = Flat(table.GetFloats());
            Assert.AreEqual(1.5f, values[0]);
            Assert.IsTrue(float.IsNaN(values[1]));
            Assert.AreEqual(float.NegativeInfinity, values[2]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestMethod]
    public void Bad_cells_name_line_and_column()
    {
        using var folder = new TemporaryFolder();
        var table = CsvTable.Read(Write(folder, "a,b\n1,2\n\n\"3\",x\n,4\n1e99,5\n"));
        Refused(() => table.GetFloats("b"), "line 4, column 'b': 'x' is not a number");
        Refused(() => table.GetLabels("b"), "line 4, column 'b': 'x' is not an integer. Use GetClasses");
        Refused(() => table.GetFloats("a"), "line 5, column 'a': '' is empty");
        var large = CsvTable.Read(Write(folder, "a\n1e99\n"));
        Refused(() => large.GetFloats(), "line 2, column 'a': '1e99' is beyond the range of float");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => table.GetFloats("c")).Message, "has no column 'c'. It has a, b.");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => table.GetFloatsExcept("a", "b")).Message, "No column");
    }

    [TestMethod]
    public void Bad_files_are_sentences()
    {
        using var folder = new TemporaryFolder();
        Refused(() => CsvTable.Read(Write(folder, "a,b\n1,2\n1,2,3\n")), "line 3: 3 cells, expected 2 as in line 1");
        Refused(() => CsvTable.Read(Write(folder, "a,b\n1,2\n\"1,2\n")), "line 3: a quote is opened and never closed");
        Refused(() => CsvTable.Read(Write(folder, "a,b\n\"1\"x,2\n")), "line 2: text follows a closing quote");
        Refused(() => CsvTable.Read(Write(folder, "a,a\n1,2\n")), "two columns called 'a'");
        Refused(() => CsvTable.Read(Write(folder, "a,b\n")), "a header and no rows");
        Refused(() => CsvTable.Read(Write(folder, "")), "is empty");
        Refused(() => CsvTable.Read(Write(folder, "\n\n")), "is empty");
        Refused(() => CsvTable.Read(Write(folder, "a\n1\n"), skipLines: 9), "is empty");
        Refused(() => CsvTable.Read(folder.File("absent.csv")), "does not exist");
        var followed = "a,b\n1,2\n\"x\"y,2\n" + string.Concat(Enumerable.Repeat("1,2\n", 30_000));
        Refused(() => CsvTable.Read(Write(folder, followed)), "line 3: text follows a closing quote");
        File.WriteAllBytes(folder.File("latin1.csv"), [.. "a\n"u8, 0xE9, (byte)'\n']);
        Refused(() => CsvTable.Read(folder.File("latin1.csv")), "is not UTF-8 text");
        Assert.ThrowsExactly<ArgumentException>(() => CsvTable.Read("x", separator: '"'));
    }

    [TestMethod]
    public void A_byte_order_mark_is_no_part_of_the_first_name()
    {
        using var folder = new TemporaryFolder();
        Assert.AreEqual("a", CsvTable.Read(Write(folder, "\uFEFFa\n1\n")).Columns[0]);
    }

    [TestMethod]
    public void A_file_that_changes_after_it_was_opened_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "a,b\n1,2\n3,4\n");
        var table = CsvTable.Read(path);
        File.WriteAllText(path, "a,b\n1,2\n3,4\n5,6\n");
        Refused(() => table.GetFloats(), "has changed since it was opened. Read it again.");
        Refused(() => table.GetTexts("a"), "has changed");
        File.Delete(path);
        Refused(() => table.GetFloats(), "does not exist");
    }

    [TestMethod]
    public void Rows_and_names_tell_a_change_that_length_and_time_do_not()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "a,b\n1,2\n3,4\n");
        var table = CsvTable.Read(path);
        var written = File.GetLastWriteTimeUtc(path);
        foreach (var other in new[] { "a,b\n1,22\n,3\n"[..12], "a,b\n1,2\n\n\n\n\n", "a,c\n1,2\n3,4\n", "a,b\n1,2\n3,4\n"[..12].Replace("3,4\n", ",\n,\n") })
        {
            File.WriteAllText(path, other);
            File.SetLastWriteTimeUtc(path, written);
            Assert.AreEqual(12, new FileInfo(path).Length);
            Assert.ThrowsExactly<DataException>(() => table.GetFloats(), other);
        }

        File.WriteAllText(path, "a,b\n1,2\n7,4\n");
        File.SetLastWriteTimeUtc(path, written);
        Assert.AreEqual(7f, table.GetFloats()[1, 0]);
    }

    [TestMethod]
    public void A_table_opened_in_one_folder_is_read_in_another()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, "a\n1\n");
        var table = CsvTable.Read(Path.GetRelativePath(Environment.CurrentDirectory, path));
        Assert.AreEqual(1f, table.GetFloats()[0, 0]);
    }

    [TestMethod]
    public void Many_columns_are_chosen_by_name()
    {
        using var folder = new TemporaryFolder();
        const int Count = 100_000;
        var names = Enumerable.Range(0, Count).Select(i => "c" + i).ToArray();
        var path = Write(folder, string.Join(',', names) + "\n" + string.Join(',', Enumerable.Range(0, Count)) + "\n");
        var table = CsvTable.Read(path);
        var reversed = Flat(table.GetFloats([.. names.Reverse()]));
        Assert.AreEqual(Count - 1f, reversed[0]);
        Assert.AreEqual(0f, reversed[^1]);
        CollectionAssert.AreEqual(new[] { 5f }, Flat(table.GetFloatsExcept([.. names.Where(name => name != "c5")])));
    }

    [TestMethod]
    public void A_table_of_numbers_takes_no_memory_but_that_of_its_result()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("n.csv");
        using (var writer = new StreamWriter(path))
        {
            for (var i = 0; i < 250_000; i++) writer.Write("0.25,-17.5,3e-3,12345\n");
        }

        Assert.AreEqual(1_000_000, CsvTable.Read(path, hasHeader: false).GetFloats().FlattenedLength);
        var before = GC.GetAllocatedBytesForCurrentThread();
        CsvTable.Read(path, hasHeader: false).GetFloats();
        Assert.IsLessThan(4_000_000 * 1.2, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Write(TemporaryFolder folder, string content, bool packed = false)
    {
        var path = folder.File(Guid.NewGuid().ToString("N"));
        using Stream stream = packed ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        stream.Write(Encoding.UTF8.GetBytes(content));
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
