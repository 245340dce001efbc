using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Visualization.Drawings;

/// <summary>Writes pictures as files.</summary>
internal static class PictureFile
{
    private static readonly Refusal s_refuse = (message, cause) => cause is null ? new ModelException(message) : new ModelException(message, cause);

    /// <summary>The end of a file's name, which chooses the kind of picture.</summary>
    /// <exception cref="ModelException">It is none of the kinds.</exception>
    public static string KindOf(string toFile, params ReadOnlySpan<string> kinds)
    {
        ArgumentNullException.ThrowIfNull(toFile);
        var kind = Path.GetExtension(toFile).ToLowerInvariant();
        return kinds.Contains(kind) ? kind : throw new ModelException(
            $"A picture cannot be written as '{toFile}': expected a name that ends in {string.Join(", ", kinds[..^1].ToArray())} or {kinds[^1]}.");
    }

    /// <summary>Checks the density of a picture's pixels.</summary>
    /// <exception cref="ModelException">It is no number above 0.</exception>
    public static void CheckDpi(double dpi)
    {
        if (!(dpi > 0 && double.IsFinite(dpi))) throw new ModelException($"dpi: expected a number above 0, got {dpi}.");
    }

    /// <summary>Replaces or creates a file.</summary>
    /// <exception cref="ModelException">It cannot be written; the old one is untouched then.</exception>
    public static void Write(string toFile, byte[] content) => FileReplacement.Write(toFile, s_refuse, stream => stream.Write(content));
}
