using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Import;

/// <summary>A file that passed all checks: its bytes for ONNX Runtime, its parsed content for us.</summary>
/// <param name="Bytes">The file as ONNX Runtime gets it.</param>
/// <param name="Model">The file, parsed.</param>
/// <param name="Source">Its name in messages.</param>
/// <param name="Folder">The folder of its external data, null if it may have none.</param>
/// <param name="IsRewritten">Whether the bytes differ from those of the file, which ONNX Runtime must not get then.</param>
internal sealed record CheckedModel(byte[] Bytes, ModelProto Model, string Source, string? Folder, bool IsRewritten)
{
    /// <summary>The elements of a stored tensor, inside the file or in another one; null unless they are float32.</summary>
    /// <exception cref="OnnxFileException">The other file is not accepted or cannot be read.</exception>
    public float[]? Floats(TensorProto tensor)
    {
        if (tensor.DataLocation != TensorProto.Types.DataLocation.External) return OnnxProto.FloatsOf(tensor);
        if (tensor.DataType != (int)TensorProto.Types.DataType.Float) return null;
        var values = new float[OnnxProto.ShapeOf(tensor).ElementCount];
        ExternalDataGuard.Read(tensor, MemoryMarshal.AsBytes(values.AsSpan()), new GuardContext(Source, Folder, new OnnxFileLimits()));
        return values;
    }

    /// <summary>The bytes of a stored tensor that has them as such, inside the file or in another one.</summary>
    /// <exception cref="OnnxFileException">The other file is not accepted or cannot be read.</exception>
    public ReadOnlySpan<byte> BytesOf(TensorProto tensor)
    {
        if (tensor.DataLocation != TensorProto.Types.DataLocation.External) return tensor.RawData.Span;
        var bytes = new byte[checked((int)TensorGuard.Bytes(tensor))];
        ExternalDataGuard.Read(tensor, bytes, new GuardContext(Source, Folder, new OnnxFileLimits()));
        return bytes;
    }
}

/// <summary>Checks an untrusted ONNX file before we use it or pass it to ONNX Runtime, which some files hang or crash.</summary>
/// <remarks>
/// In this order: size of the file, shape of the protobuf without building objects (<see cref="WireScan"/>), versions, tensors (<see cref="TensorGuard"/>,
/// <see cref="ExternalDataGuard"/>), graphs (<see cref="GraphGuard"/>), functions (<see cref="FunctionGuard"/>), nodes (<see cref="NodeGuard"/>,
/// <see cref="AttributeGuard"/>, <see cref="WindowGuard"/>, <see cref="ConstantSizeGuard"/>, <see cref="RankGuard"/>, <see cref="SingleValueGuard"/>).
/// Divisions that would end the process are rewritten (<see cref="IntegerDivision"/>). Not covered: sizes and loops that depend on the inputs of a run; a run
/// can be cancelled.
/// </remarks>
internal static class OnnxFileGuard
{
    private const int OldestIr = 3;
    private const int NewestIr = 13;

    /// <summary>Reads and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">What is refused.</param>
    /// <param name="dataFolder">The folder of its external data; by default its own.</param>
    /// <param name="forEngine">Whether the engine computes it, and not ONNX Runtime.</param>
    /// <exception cref="OnnxFileException">The file is missing, unreadable or not accepted.</exception>
    public static CheckedModel ReadFile(string path, OnnxFileLimits limits, string? dataFolder = null, bool forEngine = false)
    {
        return Read(path, ".onnx", stream =>
        {
            var folder = dataFolder ?? Path.GetDirectoryName(Path.GetFullPath(path))!;
            var context = new GuardContext(GuardContext.QuotePath(path), folder, limits) { IsForEngine = forEngine };
            CheckSize(context, stream.Length);
            return Checked(All(stream), context);
        });
    }

    /// <summary>The content of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="ending">How such files end, for messages.</param>
    /// <exception cref="OnnxFileException">The file is missing, unreadable or has 2 GiB and more.</exception>
    public static byte[] ReadContent(string path, string ending) => Read(path, ending, stream =>
        stream.Length <= Array.MaxLength
            ? All(stream)
            : throw new OnnxFileException($"{GuardContext.QuotePath(path)} has {stream.Length} bytes; a file {ending} has fewer than 2 GiB."));

    private static byte[] All(FileStream stream)
    {
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static T Read<T>(string path, string ending, Func<FileStream, T> read)
    {
        var source = GuardContext.QuotePath(path);
        try
        {
            if (Directory.Exists(path)) throw new OnnxFileException($"{source} is a folder. Pass the path of an {ending} file.");
            if (!File.Exists(path))
                throw new OnnxFileException($"The file {source} does not exist. Check the path; the current folder is '{Environment.CurrentDirectory}'.");
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return read(stream);
        }
        catch (OutOfMemoryException failed)
        {
            throw MemoryShortage.Reading(path, failed);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OnnxFileException($"The file {source} cannot be read: {failed.Message} Check the path and the permissions.", failed);
        }
    }

    /// <summary>Checks bytes; external data is allowed only if a folder is given.</summary>
    /// <exception cref="OnnxFileException">They are not accepted.</exception>
    public static CheckedModel ReadBytes(byte[] bytes, string source, string? folder, OnnxFileLimits limits, bool forEngine = false)
    {
        var context = new GuardContext(source, folder, limits) { IsForEngine = forEngine };
        CheckSize(context, bytes.Length);
        return Checked(bytes, context);
    }

    private static void CheckSize(GuardContext context, long length)
    {
        if (length == 0) throw context.Refuse("it is empty", "Write the file again.");
        if (length > int.MaxValue) throw context.Refuse($"it has {length} bytes, and protobuf is limited to 2 GiB", "Store the weights as external data.");
        if (length > context.Limits.MaxFileBytes)
            throw context.RefuseBeyond($"it has {length} bytes, more than {context.Limits.MaxFileBytes}", nameof(OnnxFileLimits.MaxFileBytes));
    }

    private static CheckedModel Checked(byte[] bytes, GuardContext context)
    {
        var model = Check(bytes, context);
        return new CheckedModel(context.IsRewritten ? model.ToByteArray() : bytes, model, context.Source, context.Folder, context.IsRewritten);
    }

    private static ModelProto Check(byte[] bytes, GuardContext context)
    {
        WireScan.Check(bytes, ModelProto.Descriptor, context);
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw context.Refuse($"it is not an ONNX file ({malformed.Message.TrimEnd('.')})", cause: malformed);
        }

        if (model.IrVersion is < OldestIr or > NewestIr)
            throw context.Refuse(
                $"its IR version is {model.IrVersion}",
                $"Versions {OldestIr} to {NewestIr} are supported; export the model again for one of them.");
        if (model.Graph is null) throw context.Refuse("it has no graph");
        var versions = DomainGuard.CheckImports(model.OpsetImport, "the model", context);

        var functions = new FunctionGuard(model, context);
        var graphs = new GraphGuard(functions, versions, context);
        graphs.CheckModel(model);
        functions.CheckCalls(model);
        IntegerDivision.Rewrite(model, context);
        return model;
    }
}
