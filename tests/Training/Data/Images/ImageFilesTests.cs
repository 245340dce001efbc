using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class ImageFilesTests
{
    [TestMethod]
    public void Hidden_files_and_folders_are_left_out()
    {
        using var folder = new TemporaryFolder();
        foreach (var path in new[]
        {
            "a/1.png", "a/._1.png", "a/.DS_Store", "a/Thumbs.db", "a/deep/2.jpg", "a/.trash/3.png", "a/__MACOSX/._2.png", "__MACOSX/a/._1.png", ".git/x.png",
        })
        {
            Put(folder, path);
        }

        CollectionAssert.AreEqual(new[] { "a" }, ImageFiles.Classes(folder.Path, null).ToArray());
        CollectionAssert.AreEqual(new[] { folder.File("a/1.png"), folder.File("a/deep/2.jpg") }, ImageFiles.Below(folder.File("a")).ToArray());
    }

    [TestMethod]
    public void Links_that_lead_back_are_not_followed_and_others_are()
    {
        using var folder = new TemporaryFolder();
        Put(folder, "a/deep/1.png");
        Put(folder, "elsewhere/2.png");
        Link("a/deep/up", "a");
        Link("a/deep/self", "a/deep");
        Link("a/other", "elsewhere");
        Link("elsewhere/back", "a");
        Link("linked", "a");
        string[] expected = ["a/deep/1.png", "a/other/2.png"];
        CollectionAssert.AreEqual(expected.Select(folder.File).ToArray(), ImageFiles.Below(folder.File("a")).ToArray());
        Assert.HasCount(2, ImageFiles.Below(folder.File("linked")));

        void Link(string path, string target) => Directory.CreateSymbolicLink(folder.File(path), folder.File(target));
    }

    [TestMethod]
    public void Folders_that_cannot_be_read_give_a_sentence()
    {
        var refused = Assert.Throws<DataException>(() => ImageFiles.Listed<string[]>("/photos", () => throw new UnauthorizedAccessException("Access denied.")));
        Assert.AreEqual("The folder '/photos' cannot be read: Access denied. Check its permissions.", refused.Message);
        Assert.Contains("cannot be read", Assert.Throws<DataException>(() => ImageFiles.Below("/no/such/folder")).Message);
    }

    private static void Put(TemporaryFolder folder, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.File(path))!);
        File.WriteAllBytes(folder.File(path), [1]);
    }
}
