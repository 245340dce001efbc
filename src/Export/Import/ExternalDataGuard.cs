using System.Buffers;
using System.Globalization;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>External data lies inside the model's folder, is not reached through a link, and is complete.</summary>
/// <remarks>Hard links cannot be told from files. ONNX Runtime opens the file again and makes the same checks itself.</remarks>
internal static class ExternalDataGuard
{
    // ONNX Runtime's mark for addresses in memory; in a file it can only be an attack.
    private const string AddressMarker = "_ORT_MEM_ADDR_";

    private static readonly SearchValues<char> s_forbidden = SearchValues.Create("\\:*?\"<>|");

    public static void Check(TensorProto tensor, string name, Int128 expectedBytes, GuardContext context) => Find(tensor, name, expectedBytes, context);

    /// <summary>The bytes of a tensor, read after all checks are made again.</summary>
    /// <exception cref="OnnxFileException">The file is not accepted or cannot be read.</exception>
    public static void Read(TensorProto tensor, Span<byte> destination, GuardContext context)
    {
        var name = "tensor " + GuardContext.Quote(tensor.Name);
        var (file, offset) = Find(tensor, name, destination.Length, context);
        try
        {
            using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            stream.Position = offset;
            stream.ReadExactly(destination);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw context.Refuse($"{name} cannot be read from '{file.FullName}' ({failed.Message})", "Copy the file again, and check its permissions.", failed);
        }
    }

    /// <summary>The files that hold stored tensors of a checked model, and how many bytes of each are used.</summary>
    public static IEnumerable<(string Location, long Bytes)> Locations(ModelProto model) =>
        model.Graph.Initializer
            .Concat(model.TrainingInfo.Where(training => training.Algorithm is not null).SelectMany(training => training.Algorithm.Initializer))
            .Where(tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External)
            .GroupBy(
                tensor => tensor.ExternalData.Find("location")!,
                (location, tensors) => (location, tensors.Sum(tensor => OnnxProto.Elements(tensor) * (TensorGuard.BitsOf(tensor.DataType) ?? 0) / 8)));

    private static (FileInfo File, long Offset) Find(TensorProto tensor, string name, Int128 expectedBytes, GuardContext context)
    {
        if (context.Folder is not { Length: > 0 } folder)
            throw context.Refuse(
                $"{name} lies in another file, and the model was loaded from bytes",
                "Load the file itself, or set OnnxModelOptions.ExternalDataFolder.");

        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in tensor.ExternalData)
        {
            if (entry.Key is not ("location" or "offset" or "length" or "checksum"))
                throw context.Refuse($"the external data of {name} has the unknown key {GuardContext.Quote(entry.Key)}");
            if (!entries.TryAdd(entry.Key, entry.Value)) throw context.Refuse($"the external data of {name} has the key {GuardContext.Quote(entry.Key)} twice");
        }

        if (!entries.TryGetValue("location", out var location)) throw context.Refuse($"{name} does not name its file");
        CheckLocation(location, name, context);
        var file = Resolve(folder, location, name, context);

        var offset = Number(entries, "offset", 0, name, context);
        var length = Number(entries, "length", expectedBytes, name, context);
        if (length != expectedBytes)
            throw context.Refuse(
                $"{name} needs {GuardContext.Number(expectedBytes)} bytes and declares {GuardContext.Number(length)} in {GuardContext.Quote(location)}");
        if (offset + length > file.Length)
        {
            throw context.Refuse(
                $"{name} ends at byte {GuardContext.Number(offset + length)} of {GuardContext.Quote(location)}, which has {file.Length} bytes",
                "Copy the file again; it is not complete.");
        }

        return (file, (long)offset);
    }

    // The rules of all operating systems at once, so that a file is accepted everywhere or nowhere.
    private static void CheckLocation(string location, string name, GuardContext context)
    {
        var outside = location.Length == 0 || location.AsSpan().ContainsAny(s_forbidden) || location.Any(char.IsControl)
            || location.Contains(AddressMarker, StringComparison.Ordinal) || Path.IsPathRooted(location)
            || location.Split('/').Any(segment => segment.Length == 0 || segment == ".." || segment.EndsWith(' '));
        if (outside) throw context.Refuse($"{name} lies in {GuardContext.Quote(location)}, which is not a plain path below the model's folder");
    }

    private static FileInfo Resolve(string folder, string location, string name, GuardContext context)
    {
        var path = Path.GetFullPath(folder);
        var segments = location.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            path = Path.Combine(path, segments[i]);
            FileSystemInfo entry = i < segments.Length - 1 ? new DirectoryInfo(path) : new FileInfo(path);
            if (entry.LinkTarget is not null) throw context.Refuse($"{name} lies behind the link {GuardContext.Quote(location)}", "Put the file itself there.");
            if (!entry.Exists) throw context.Refuse($"{name} lies in {GuardContext.Quote(location)}, which does not exist", "Copy it beside the model.");
            if (entry.Attributes.HasFlag(FileAttributes.Device) || entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
                throw context.Refuse($"{name} lies in {GuardContext.Quote(location)}, which is not a regular file", "Put the file itself there.");
        }

        return new FileInfo(path);
    }

    private static Int128 Number(Dictionary<string, string> entries, string key, Int128 otherwise, string name, GuardContext context)
    {
        if (!entries.TryGetValue(key, out var text)) return otherwise;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw context.Refuse($"the {key} of {name} is {GuardContext.Quote(text)}, which is not a number of bytes");
    }
}
