using OnnxFunctional.Export.Emit;
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

    private static readonly string[] s_inOrder = [.. TrainingFolder.Graphs, TrainingFolder.ManifestFile];

    /// <summary>The place of a file: in the folder, or in the new one if the process ended while it was moved.</summary>
    public static string PlaceOf(string folder, string name) =>
        Path.Combine(folder, Valid, name) is var next && File.Exists(next) ? next : Path.Combine(folder, name);

    /// <summary>Writes all files of an export, the last of which says that it is complete.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="make">Makes the files; what it writes to the folder that it receives is part of the export.</param>
    /// <exception cref="ExportException">The file system refuses; the older export is untouched.</exception>
    public static void Write(string folder, Func<string, IReadOnlyList<(string Name, byte[] Content)>> make)
    {
        OnFileSystem(folder, () =>
        {
            var isNew = !Directory.Exists(folder);
            Directory.CreateDirectory(folder);
            foreach (var name in s_inOrder) AtomicFile.Resolve(Path.Combine(folder, name));
            Finish(folder);
            RemoveAbandoned(folder);
            var begun = Path.Combine(folder, Begun + Path.GetRandomFileName());
            Directory.CreateDirectory(begun);
            string[] data;
            try
            {
                using (new FileStream(Path.Combine(begun, Lock), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
                {
                    foreach (var (name, content) in make(begun)) AtomicFile.Write(Path.Combine(begun, name), content);
                }

                data = [.. NamesIn(begun).Except(s_inOrder)];
                Finish(folder);
                DurableMove.OfFolder(begun, Path.Combine(folder, Valid));
            }
            catch
            {
                Directory.Delete(begun, recursive: true);
                if (isNew && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
                throw;
            }

            Finish(folder);
            ExternalWeights.RemoveOthers(Path.Combine(folder, TrainingFolder.InitFile), data.SingleOrDefault());
        });
    }

    private static IEnumerable<string> NamesIn(string folder) => Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file));

    /// <summary>Moves the files of a valid new folder to their places.</summary>
    private static void Finish(string folder)
    {
        var next = Path.Combine(folder, Valid);
        if (!Directory.Exists(next)) return;

        // What the graphs refer to comes before them.
        foreach (var name in NamesIn(next).OrderBy(name => Array.IndexOf(s_inOrder, name)).ToArray())
        {
            try
            {
                DurableMove.OfFile(Path.Combine(next, name), AtomicFile.Resolve(Path.Combine(folder, name)));
            }
            catch (FileNotFoundException)
            {
                // Another process has just moved it.
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
