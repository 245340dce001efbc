using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests;

/// <summary>Rules for the files of the repository.</summary>
[TestClass]
public sealed partial class RepositoryTests
{
    [TestMethod]
    public void Tests_that_read_data_go_through_one_helper_and_are_in_its_category()
    {
        foreach (var path in Repository.Files("*.cs", "tests"))
        {
            if (path is "tests/DataFolder.cs" or "tests/RepositoryTests.cs") continue;
            var text = Repository.Read(path);
            Assert.DoesNotMatchRegex(OutsideOfTheClone(), text, $"{path} looks for data itself; ask DataFolder");
            if (text.Contains("DataFolder.", StringComparison.Ordinal)) Assert.Contains("[TestCategory(DataFolder.Category)]", text, $"{path} reads data");
        }
    }

    [GeneratedRegex(@"""\.\."", ""shared""|\.\./shared")]
    private static partial Regex OutsideOfTheClone();
}
