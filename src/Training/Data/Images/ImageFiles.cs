namespace OnnxFunctional.Training.Data;

/// <summary>Finds the classes of a folder and the images of a class.</summary>
internal static class ImageFiles
{
    /// <summary>The endings of the files that are read.</summary>
    public static readonly IReadOnlyList<string> Extensions = [".png", ".jpg", ".jpeg"];

    private static readonly string[] s_otherImages = [".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic", ".avif", ".jp2"];

    /// <summary>The classes of a folder, by name or as given.</summary>
    /// <exception cref="DataException">The folder or a class is missing.</exception>
    public static IReadOnlyList<string> Classes(string folder, IReadOnlyList<string>? given)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataException(
                $"The folder '{folder}' does not exist. Pass one with a subfolder of images per class; "
                + $"the current folder is '{Environment.CurrentDirectory}'.");
        }

        var names = Listed(folder, () => Directory.GetDirectories(folder)).Select(path => Path.GetFileName(path)!);
        var found = names.Where(name => !IsHidden(name)).Order(StringComparer.Ordinal).ToList();
        if (found.Count == 0) throw new DataException($"'{folder}' has no subfolders; expected one per class, with its images in it.");
        foreach (var name in given ?? [])
        {
            if (!found.Contains(name))
                throw new DataException($"There is no folder for class '{name}' in '{folder}'. It has: {string.Join(", ", found)}.");
        }

        return given is null ? found : [.. given];
    }

    /// <summary>
    /// The images below a folder, in the order of their paths. Hidden files and folders are left out, and links that lead back to where they are.
    /// </summary>
    /// <exception cref="DataException">A folder cannot be read, or a file has an image format that is not supported.</exception>
    public static IReadOnlyList<string> Below(string folder)
    {
        var files = new List<string>();
        Add(folder, [Listed(folder, () => RealPath(folder))], files);

        // Skipping them silently would leave images out of a class unnoticed.
        if (files.Find(path => Has(path, s_otherImages)) is { } other)
            throw new DataException($"'{other}' has an image format that is not supported. Convert it to PNG or JPEG, or remove it from the folder.");
        return [.. files.Where(path => Has(path, Extensions)).Order(StringComparer.Ordinal)];

        static bool Has(string path, IReadOnlyList<string> extensions) => extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>What a function lists of a folder.</summary>
    /// <exception cref="DataException">The system refuses.</exception>
    internal static T Listed<T>(string folder, Func<T> list)
    {
        try
        {
            return list();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The folder '{folder}' cannot be read: {refused.Message} Check its permissions.", refused);
        }
    }

    /// <summary>
    /// Names that begin with a dot are hidden, ".DS_Store" and "._rose.png" among them; archives of macOS keep such files in a folder of their own.
    /// </summary>
    private static bool IsHidden(string name) => name.StartsWith('.') || name == "__MACOSX";

    private static void Add(string folder, List<string> path, List<string> files)
    {
        foreach (var item in Listed(folder, () => new DirectoryInfo(folder).GetFileSystemInfos()))
        {
            if (IsHidden(item.Name)) continue;
            if (!item.Attributes.HasFlag(FileAttributes.Directory))
            {
                files.Add(Path.Combine(folder, item.Name));
                continue;
            }

            // A folder may be linked from several places, but not be within itself.
            var child = Path.Combine(folder, item.Name);
            var place = item.LinkTarget is null ? Path.Combine(path[^1], item.Name) : Listed(child, () => RealPath(child));
            if (path.Contains(place)) continue;
            path.Add(place);
            Add(child, path, files);
            path.RemoveAt(path.Count - 1);
        }
    }

    /// <summary>A path without links in any of its parts.</summary>
    private static string RealPath(string path)
    {
        var full = Path.GetFullPath(path);
        var real = Path.GetPathRoot(full)!;
        foreach (var part in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (Directory.ResolveLinkTarget(real, returnFinalTarget: true) is { } target) real = RealPath(target.FullName);
        }

        return real;
    }
}
