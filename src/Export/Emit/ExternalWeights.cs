using System.Security.Cryptography;
using System.Text.RegularExpressions;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit;

/// <summary>Weights in a second file beside the model, which protobuf's limit of 2 GiB does not bind.</summary>
/// <remarks>
/// The second file is named after its content, <c>model.onnx.0123456789abcdef.data</c>, and is complete before the model that names it is renamed to its place.
/// So model and weights always belong together, whenever the process ends. Offsets are aligned, so that readers can map tensors into memory.
/// </remarks>
internal static partial class ExternalWeights
{
    /// <summary>The most bytes of tensors that are stored inside a model; the rest up to 2 GiB is left to its graph.</summary>
    public const long MostInside = int.MaxValue - (64 << 20);

    // Small tensors stay inside: hosts infer shapes from them. Pages are 4 KiB; Windows maps from multiples of 64 KiB.
    private const int SmallestOutside = 4096;
    private const int Page = 4096;
    private const int LargePage = 1 << 16;
    private const int LargeTensor = 1 << 20;

    /// <summary>The bytes of all stored tensors, in 64 bits, because protobuf counts in 32.</summary>
    public static long Bytes(ModelProto model) => Tensors(model).Sum(tensor => (long)tensor.RawData.Length);

    /// <summary>
    /// Writes the large tensors to the second file, then the model, whose tensors refer to it, and deletes the second files of older exports.
    /// </summary>
    /// <param name="model">The model; its tensors are changed.</param>
    /// <param name="path">The model's file.</param>
    /// <param name="write">Writes and verifies the model's file.</param>
    /// <returns>The second file, and the SHA-256 digest of its content.</returns>
    /// <exception cref="ExportException">The file system refuses; then no new file is left.</exception>
    public static (string Path, string Digest) Write(ModelProto model, string path, Action write)
    {
        var target = AtomicFile.Resolve(path);
        var places = new List<(TensorProto Tensor, long Offset)>();
        var (name, digest) = ("", "");
        AtomicFile.WriteCompanion(
            path,
            stream =>
            {
                var outside = Tensors(model).Where(tensor => tensor.RawData.Length >= SmallestOutside).ToArray();
                digest = Digest(stream, outside, places);
                return name = $"{Path.GetFileName(target)}.{digest[..16]}.data";
            },
            () =>
            {
                foreach (var (tensor, offset) in places) OnnxHeader.External(tensor, name, offset, tensor.RawData.Length);
                write();
            });
        RemoveOthers(target, name);
        return (Path.Combine(Path.GetDirectoryName(target)!, name), digest);
    }

    /// <summary>Deletes the second files of older exports.</summary>
    /// <param name="target">The model's file.</param>
    /// <param name="name">The second file that stays; null for none.</param>
    public static void RemoveOthers(string target, string? name)
    {
        var folder = Path.GetDirectoryName(target)!;
        foreach (var older in Directory.EnumerateFiles(folder, Path.GetFileName(target) + ".*.data"))
        {
            if (Path.GetFileName(older) != name && IsName(Path.GetFileName(older), Path.GetFileName(target))) AtomicFile.DeleteUnlessHeld(older);
        }
    }

    /// <summary>The digits of the digest in the name of a second file; null if it has none.</summary>
    public static string? DigestIn(string name) =>
        Path.GetFileName(name) is { Length: > 22 } file && Suffix().IsMatch(file[^22..]) ? file.Substring(file.Length - 21, 16) : null;

    /// <summary>Whether a file is named as a second file of a model.</summary>
    public static bool IsName(string name, string model) => name.StartsWith(model, StringComparison.Ordinal) && Suffix().IsMatch(name[model.Length..]);

    /// <summary>Writes tensors one after another, and returns the digest of all bytes.</summary>
    private static string Digest(Stream stream, TensorProto[] tensors, List<(TensorProto Tensor, long Offset)> places)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var padding = new byte[LargePage];
        var position = 0L;
        foreach (var tensor in tensors)
        {
            var page = tensor.RawData.Length < LargeTensor ? Page : LargePage;
            Put(padding.AsSpan(0, (int)((page - (position % page)) % page)));
            places.Add((tensor, position));
            Put(tensor.RawData.Span);
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            digest.AppendData(bytes);
            stream.Write(bytes);
            position += bytes.Length;
        }
    }

    private static IEnumerable<TensorProto> Tensors(ModelProto model) =>
        model.Graph.Initializer.Concat(model.TrainingInfo.SelectMany(training => training.Algorithm.Initializer));

    [GeneratedRegex(@"^\.[0-9a-f]{16}\.data$")]
    private static partial Regex Suffix();
}
