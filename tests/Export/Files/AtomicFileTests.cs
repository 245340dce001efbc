using System.Text.RegularExpressions;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Export.Files;

[TestClass]
public class AtomicFileTests
{
    private static readonly byte[] Old = [1, 2, 3];
    private static readonly byte[] New = [4, 5, 6, 7];

    [TestMethod]
    public void Writing_creates_and_replaces_and_leaves_nothing_else()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        AtomicFile.Write(path, Old);
        CollectionAssert.AreEqual(Old, File.ReadAllBytes(path));
        AtomicFile.Write(path, New);
        CollectionAssert.AreEqual(New, File.ReadAllBytes(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    /// <summary>A power failure after a rename may take the new name, unless the folder is flushed too.</summary>
    [TestMethod]
    public void Folders_are_flushed_after_every_rename()
    {
        using var folder = new TemporaryFolder();
        Assert.AreEqual(!OperatingSystem.IsWindows(), DurableMove.Flush(folder.Path));
        Assert.AreEqual(!OperatingSystem.IsWindows(), DurableMove.Flush(Directory.CreateDirectory(folder.File("Ordner \u00e4")).FullName));
        Assert.IsFalse(DurableMove.Flush(folder.File("missing")));
        var renames = Repository.Files("*.cs", "src", "tools").Where(path => Regex.IsMatch(Repository.Read(path), @"\b(File|Directory)\.(Move|Replace)\("));
        CollectionAssert.AreEqual(new[] { "src/Training/Data/DurableMove.cs" }, renames.ToArray());
    }

    [TestMethod]
    public void The_finished_file_is_validated_before_its_name_appears()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        string? seen = null;
        AtomicFile.Write(path, New, temporary =>
        {
            seen = temporary;
            CollectionAssert.AreEqual(New, File.ReadAllBytes(temporary));
            Assert.IsFalse(File.Exists(path));
            Assert.AreEqual(folder.Path, Path.GetDirectoryName(temporary));
        });
        Assert.IsFalse(File.Exists(seen));
        CollectionAssert.AreEqual(New, File.ReadAllBytes(path));
    }

    [TestMethod]
    public void A_failing_validation_keeps_the_old_file_and_passes_the_exception_on()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        AtomicFile.Write(path, Old);
        var failure = Assert.ThrowsExactly<InvalidOperationException>(() => AtomicFile.Write(path, New, _ => throw new InvalidOperationException("differs")));
        Assert.AreEqual("differs", failure.Message);
        CollectionAssert.AreEqual(Old, File.ReadAllBytes(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_failing_writer_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        Assert.ThrowsExactly<ArithmeticException>(() => AtomicFile.Write(folder.File("model.onnx"), stream =>
        {
            stream.Write(New);
            throw new ArithmeticException();
        }));
        Assert.ThrowsExactly<ExportException>(() => AtomicFile.Write(folder.File("model.onnx"), _ => throw new IOException("No space left on device.")));
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_missing_folder_is_reported()
    {
        using var folder = new TemporaryFolder();
        var failure = Assert.ThrowsExactly<ExportException>(() => AtomicFile.Write(Path.Combine(folder.Path, "absent", "model.onnx"), New));
        StringAssert.Contains(failure.Message, "does not exist. Create it first");
    }

    [TestMethod]
    public void A_folder_in_place_of_the_file_is_reported()
    {
        using var folder = new TemporaryFolder();
        StringAssert.Contains(Assert.ThrowsExactly<ExportException>(() => AtomicFile.Write(folder.Path, New)).Message, "it is a folder");
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_file_in_place_of_the_folder_is_reported()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("model.onnx"), Old);
        StringAssert.Contains(
            Assert.ThrowsExactly<ExportException>(() => AtomicFile.Write(Path.Combine(folder.File("model.onnx"), "x.onnx"), New)).Message,
            "is a file, not a folder");
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_folder_that_takes_no_files_is_reported()
    {
        // Nobody can create files in /proc; the mode of an ordinary folder does not restrict the root user.
        var failure = Assert.ThrowsExactly<ExportException>(() => AtomicFile.Write("/proc/model.onnx", New));
        StringAssert.Contains(failure.Message, "Choose another folder");
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
    public void Writing_through_a_link_replaces_the_file_behind_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("elsewhere"));
        var behind = folder.File("elsewhere/real.onnx");
        File.WriteAllBytes(behind, Old);
        File.CreateSymbolicLink(folder.File("link.onnx"), behind);
        AtomicFile.Write(folder.File("link.onnx"), New);
        CollectionAssert.AreEqual(New, File.ReadAllBytes(behind));
        Assert.IsNotNull(new FileInfo(folder.File("link.onnx")).LinkTarget);
    }

    [TestMethod]
    public void The_longest_file_name_works()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.Write(folder.File(new string('m', 250) + ".onnx"), New);
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Writing_removes_what_a_killed_process_left_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        var (path, other) = (folder.File("model.onnx"), folder.File("other.onnx"));
        var (abandoned, ofOther) = (Abandoned(path), Abandoned(other));
        AtomicFile.Write(path, New);
        Assert.IsFalse(File.Exists(abandoned));
        CollectionAssert.AreEquivalent(new[] { path, ofOther }, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Two_writers_of_the_same_file_both_succeed()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        AtomicFile.Write(path, stream =>
        {
            // A file that is being written must survive the start and end of another writer.
            stream.Write(Old);
            stream.Flush();
            AtomicFile.Write(path, New);
            CollectionAssert.AreEqual(New, File.ReadAllBytes(path));
        });
        CollectionAssert.AreEqual(Old, File.ReadAllBytes(path));
        AtomicFile.Write(path, New, temporary =>
        {
            AtomicFile.Write(path, Old);
            Assert.IsTrue(File.Exists(temporary));
        });
        CollectionAssert.AreEqual(New, File.ReadAllBytes(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    /// <summary>The temporary file of a process that was killed while writing.</summary>
    private static string Abandoned(string target)
    {
        string? name = null;
        AtomicFile.Write(target, New, temporary => name = temporary);
        File.Delete(target);
        File.WriteAllBytes(name!, Old);
        return name!;
    }
}
