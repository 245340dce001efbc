using OnnxFunctional.Export.Files;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>
/// Replaces the files of an exported training as a whole: they are written to a new folder inside, synced, and become valid by one rename of that folder.
/// </summary>
/// <remarks>
/// After the rename each file moves to its place, the manifest last. If the process ends in between, readers find the remaining files where they are, and the
/// next export moves them. So at any time the old export or the new one is complete, and other files of the folder are left alone.
/// </remarks>
internal static class TrainingStage
{
    private const string Valid = ".training-next";
    private const string Begun = ".training-new-";
    private const string Lock = "lock";

    /// <summary>The place of a file: in the folder, or in the new one if the process ended while it was moved.</summary>
    public static string PlaceOf(string folder, string name) =>
        Path.Combine(folder, Valid, name) is var next && File.Exists(next) ? next : Path.Combine(folder, name);

    /// <summary>Writes all files of an export, the last of which says that it is complete.</summary>
    /// <exception cref="ExportException">The file system refuses; the older export is untouched.</exception>
    public static void Write(string folder, IReadOnlyList<(string Name, byte[] Content)> files)
    {
        OnFileSystem(folder, () =>
        {
            Directory.CreateDirectory(folder);
            foreach (var (name, _) in files) AtomicFile.Resolve(Path.Combine(folder, name));
            string[] names = [.. files.Select(file => file.Name)];
            Finish(folder, names);
            RemoveAbandoned(folder);
            var begun = Path.Combine(folder, Begun + Path.GetRandomFileName());
            Directory.CreateDirectory(begun);
            try
            {
                using (new FileStream(Path.Combine(begun, Lock), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
                {
                    foreach (var (name, content) in files) AtomicFile.Write(Path.Combine(begun, name), content);
                }

                Finish(folder, names);
                DurableMove.OfFolder(begun, Path.Combine(folder, Valid));
            }
            catch
            {
                Directory.Delete(begun, recursive: true);
                throw;
            }

            Finish(folder, names);
        });
    }

    /// <summary>Moves the files of a valid new folder to their places.</summary>
    private static void Finish(string folder, string[] names)
    {
        var next = Path.Combine(folder, Valid);
        if (!Directory.Exists(next)) return;
        foreach (var name in names)
        {
            try
            {
                DurableMove.OfFile(Path.Combine(next, name), AtomicFile.Resolve(Path.Combine(folder, name)));
            }
            catch (FileNotFoundException)
            {
                // It is in its place already, or another process has just moved it.
                continue;
            }
        }

        Directory.Delete(next);
    }

    /// <summary>Deletes what killed processes began: a folder whose lock nobody holds.</summary>
    private static void RemoveAbandoned(string folder)
    {
        foreach (var begun in Directory.EnumerateDirectories(folder, Begun + "*"))
        {
            try
            {
                using (new FileStream(Path.Combine(begun, Lock), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                }
            }
            catch (FileNotFoundException)
            {
                // Its process was killed before it took hold, or takes hold just now.
                if (DateTime.UtcNow - Directory.GetLastWriteTimeUtc(begun) < TimeSpan.FromMinutes(1)) continue;
            }
            catch (Exception held) when (held is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            Directory.Delete(begun, recursive: true);
        }
    }

    private static void OnFileSystem(string folder, Action action)
    {
        try
        {
            action();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new ExportException(
                $"The training cannot be written to the folder '{folder}': {failed.Message} Choose another one, or free some space.",
                failed);
        }
    }
}
