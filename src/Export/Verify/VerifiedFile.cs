using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Export.Verify;

/// <summary>A file to verify, opened in one session after another, because each takes about as much memory as the weights.</summary>
internal sealed class VerifiedFile
{
    private const string Exported = "the exported model";

    // Above this, weights are mapped from the file and kept once, and the graph is not optimized beyond Extended: read with the file, they take two to three
    // times their size, and ONNX Runtime's layout for convolutions takes twice their size more (measured: 3.8 times in all, instead of 2.3).
    private const long LargeFile = 128 << 20;

    // The bytes of weights of a file whose sessions leave memory that is worth giving back.
    private const long Considerable = 4 << 20;

    private readonly ModelProto _header;
    private readonly string _source;
    private readonly string? _folder;
    private readonly Func<OnnxModelOptions, OnnxSession> _open;
    private readonly long _bytes;
    private readonly byte[]? _adapter;

    private VerifiedFile(
        ModelProto header, string source, string? folder, long bytes, Func<OnnxModelOptions, OnnxSession> open, byte[]? adapter = null) =>
        (_header, _source, _folder, _bytes, _open, _adapter) = (header, source, folder, bytes, open, adapter);

    /// <summary>Whether free memory should be given back around a session.</summary>
    public bool IsConsiderable => _bytes > Considerable;

    private bool IsLarge => _bytes > LargeFile;

    /// <summary>A file that we wrote, or that passed the guard as it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">Its name in messages; while it is written its own is a temporary one.</param>
    /// <param name="adapter">The content of the adapter file that it is run with; null without.</param>
    public static VerifiedFile At(string path, string source = Exported, byte[]? adapter = null)
    {
        var header = OnnxHeader.Read(path);
        return new VerifiedFile(
            header,
            source,
            Path.GetDirectoryName(Path.GetFullPath(path)),
            header.Graph.Initializer.Sum(OnnxProto.Elements) * sizeof(float),
            options => OnnxSession.OpenFile(path, source, ExecutionProvider.Cpu, options),
            adapter);
    }

    /// <summary>A file that passed the guard.</summary>
    public static VerifiedFile Of(CheckedModel file, string path) => !file.IsRewritten ? At(path, file.Source) : new(
        file.Model,
        file.Source,
        file.Folder,
        file.Bytes.Length,
        options => OnnxSession.Open(file.Bytes, file.Source, ExecutionProvider.Cpu, options with { ExternalDataFolder = file.Folder }));

    /// <summary>A file that passed the guard, with other inputs.</summary>
    public static VerifiedFile Of(ModelProto model, CheckedModel file) => new(
        model,
        file.Source,
        file.Folder,
        file.Bytes.Length,
        options => OnnxSession.Open(model, [], file.Source, ExecutionProvider.Cpu, options with { ExternalDataFolder = file.Folder }));

    /// <summary>A file in memory.</summary>
    public static VerifiedFile Of(byte[] file, byte[]? adapter = null) => new(
        ModelProto.Parser.ParseFrom(file),
        Exported,
        null,
        file.Length,
        options => OnnxSession.Open(file, Exported, ExecutionProvider.Cpu, options),
        adapter);

    /// <summary>A session of the file as it is.</summary>
    public OnnxSession Whole() =>
        IsLarge ? With([], GraphOptimization.All) : _open(new OnnxModelOptions { AdapterBytes = _adapter, ComputesAsWritten = true, KeepsMemory = false });

    /// <summary>A session that also returns values inside the graph; its weights are mapped from the file.</summary>
    public OnnxSession With(IEnumerable<string> outputs, GraphOptimization optimization, ExecutionProvider? provider = null) =>
        OnnxSession.Open(
            _header,
            outputs,
            _source,
            provider ?? ExecutionProvider.Cpu,
            new OnnxModelOptions
            {
                Optimization = IsLarge && optimization == GraphOptimization.All ? GraphOptimization.Extended : optimization,
                IsLean = true,
                KeepsMemory = false,
                ComputesAsWritten = true,
                AdapterBytes = _adapter,
                ExternalDataFolder = _folder,
            });
}
