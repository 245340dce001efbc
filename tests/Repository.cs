using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests;

/// <summary>The clone that the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>A path in the repository.</summary>
    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>Files below some folders as sorted paths with slashes, relative to the root; obj, bin and node_modules are left out.</summary>
    public static IEnumerable<string> Files(string pattern, params string[] folders) => folders
        .SelectMany(folder => Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories))
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Where(path => !Regex.IsMatch(path, "(^|/)(obj|bin|node_modules)/"))
        .Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(PathOf(path));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OnnxFunctional.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException("No folder above the tests holds OnnxFunctional.sln.");
    }
}
