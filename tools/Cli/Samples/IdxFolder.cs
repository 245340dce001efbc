using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Samples;

/// <summary>The idx files of a folder: images and labels to train on, and perhaps others held out.</summary>
internal sealed class IdxFolder
{
    private readonly string _folder;
    private readonly string[] _images;
    private readonly string[] _labels;

    /// <exception cref="DataException">The folder cannot be read.</exception>
    public IdxFolder(string folder)
    {
        _folder = folder;
        var files = Files(folder);
        _images = [.. files.Where(file => Dimensions(file) == 3)];
        _labels = [.. files.Where(file => Dimensions(file) == 1)];
    }

    /// <summary>Whether there is a held-out part.</summary>
    public bool HasHeldOut => Array.Exists(_images, IsHeldOut);

    /// <summary>Whether a folder holds idx files.</summary>
    public static bool Contains(string folder) => Files(folder).Any(file => Dimensions(file) > 0);

    /// <summary>The files of a part.</summary>
    /// <exception cref="DataException">One is missing.</exception>
    public (string Images, string Labels) Part(bool heldOut) => (Find(_images, heldOut, "images-idx3-ubyte"), Find(_labels, heldOut, "labels-idx1-ubyte"));

    private string Find(string[] files, bool heldOut, string ending)
    {
        var (part, name) = heldOut ? ("held-out", "t10k-" + ending) : ("training", "train-" + ending);
        string[] found = [.. files.Where(file => IsHeldOut(file) == heldOut)];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new DataException($"'{_folder}' has no idx file of {part} {ending[..6]}: neither {name} nor {name}.gz. Put it there."),
            _ => throw new DataException(
                $"'{_folder}' has several idx files of {part} {ending[..6]}: {string.Join(", ", found.Select(Path.GetFileName))}. Leave one there."),
        };
    }

    private static bool IsHeldOut(string file)
    {
        var name = Path.GetFileName(file);
        return name.Contains("t10k", StringComparison.OrdinalIgnoreCase) || name.Contains("test", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>3 for a file of images, 1 for one of labels, 0 for any other; a damaged file still says by its name what it was.</summary>
    private static int Dimensions(string file)
    {
        var name = Path.GetFileName(file);
        if (name.Contains("idx3-ubyte", StringComparison.Ordinal)) return 3;
        if (name.Contains("idx1-ubyte", StringComparison.Ordinal)) return 1;
        try
        {
            var start = DataKinds.Start(file);
            return DataKinds.IsIdx(start) ? start[3] : 0;
        }
        catch (DataException)
        {
            return 0;
        }
    }

    private static string[] Files(string folder)
    {
        try
        {
            return [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)];
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"The folder '{folder}' cannot be read: {refused.Message} Check its permissions.", refused);
        }
    }
}
