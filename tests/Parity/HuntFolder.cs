namespace OnnxFunctional.Tests.Parity;

/// <summary>Models of tests/Reference/keras-hunt, which were once read, computed or written differently than Keras does; one folder per finding.</summary>
internal static class HuntFolder
{
    private static string Root { get; } = Repository.PathOf("tests", "Reference", "keras-hunt");

    /// <summary>The model files of some findings, <c>finding/model.keras</c>, as rows of a test.</summary>
    public static IEnumerable<object[]> Models(params string[] findings) => findings
        .SelectMany(finding => Directory.EnumerateFiles(Path.Combine(Root, finding), "*.keras"))
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)
        .Select(file => new object[] { file });

    public static string PathOf(string file) => Path.Combine(Root, file);
}
