namespace OnnxFunctional.Tests;

/// <summary>
/// Data sets that are too large for the repository: the folder that ONNXF_DATA names, or ../shared/data beside the clone.
/// A test that reads them is in the category <see cref="Category"/>, which .ci/run runs a second time with an empty folder.
/// </summary>
internal static class DataFolder
{
    public const string Category = "Data";

    /// <summary>The folder of data sets; it may be missing.</summary>
    private static string Root { get; } = Environment.GetEnvironmentVariable("ONNXF_DATA") is { Length: > 0 } given
        ? Path.GetFullPath(given)
        : Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "data"));

    /// <summary>A folder of other files than data sets: one that a variable names, or that name beside the folder of data sets. It may be missing.</summary>
    public static string Beside(string name, string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given
        ? Path.GetFullPath(given)
        : Path.GetFullPath(Path.Combine(Root, "..", name));

    /// <summary>Skips the test with a message that says what to put where.</summary>
    public static AssertInconclusiveException Missing(string what, string folder, string variable) =>
        new($"{what} is not in {folder}. Put it there, or name the folder that holds it in {variable}, to run this test.");

    /// <summary>The folder that contains this entry; if none does, the test is skipped with a message that says where to put it.</summary>
    /// <param name="entry">A path below the folder.</param>
    /// <param name="others">Folders of the repository to look in as well.</param>
    public static string With(string entry, params ReadOnlySpan<string> others)
    {
        foreach (var folder in (string[])[Root, .. others])
        {
            if (Path.Exists(Path.Combine(folder, entry))) return folder;
        }

        throw new AssertInconclusiveException($"{entry} is not in {Root}. Put it there, or name the folder that holds it in ONNXF_DATA, to run this test.");
    }

    /// <summary>The path of this entry; if it is missing, the test is skipped.</summary>
    public static string PathOf(string entry) => Path.Combine(With(entry), entry);
}
