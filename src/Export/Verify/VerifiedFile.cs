using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Export.Verify;

/// <summary>A file to verify, opened in one session after another, because each takes about as much memory as the weights.</summary>
internal sealed class VerifiedFile
{
    private const string Source = "the exported model";

    // Above this, weights are mapped from the file and kept once, and the graph is not optimized beyond Extended: read with the file, they take two to three
    // times their size, and ONNX Runtime's layout for convolutions takes twice their size more (measured: 3.8 times in all, instead of 2.3).
    private const long LargeFile = 128 << 20;

    private readonly ModelProto _header;
    private readonly string? _folder;
    private readonly Func<OnnxModelOptions, OnnxSession> _open;
    private readonly bool _isLarge;

    private VerifiedFile(ModelProto header, string? folder, bool isLarge, Func<OnnxModelOptions, OnnxSession> open) =>
        (_header, _folder, _isLarge, _open) = (header, folder, isLarge, open);

    /// <summary>A file that we wrote or that passed the guard.</summary>
    public static VerifiedFile At(string path)
    {
        var header = OnnxHeader.Read(path);
        var isLarge = header.Graph.Initializer.Sum(OnnxProto.Elements) * sizeof(float) > LargeFile;

        // ONNX Runtime takes its memory where the collector does not see it, so what is left of writing the file would stay.
        if (isLarge) GC.Collect();
        return new VerifiedFile(
            header,
            Path.GetDirectoryName(Path.GetFullPath(path)),
            isLarge,
            options => OnnxSession.OpenFile(path, Source, ExecutionProvider.Cpu, options));
    }

    /// <summary>A file in memory.</summary>
    public static VerifiedFile Of(byte[] file) => new(
        ModelProto.Parser.ParseFrom(file),
        null,
        file.Length > LargeFile,
        options => OnnxSession.Open(file, Source, ExecutionProvider.Cpu, options));

    /// <summary>A session of the file as it is.</summary>
    public OnnxSession Whole() => _isLarge ? With([], GraphOptimization.All) : _open(new OnnxModelOptions());

    /// <summary>A session that also returns values inside the graph; its weights are mapped from the file.</summary>
    public OnnxSession With(IEnumerable<string> outputs, GraphOptimization optimization) =>
        OnnxSession.Open(
            _header,
            outputs,
            Source,
            ExecutionProvider.Cpu,
            new OnnxModelOptions
            {
                Optimization = _isLarge && optimization == GraphOptimization.All ? GraphOptimization.Extended : optimization,
                IsLean = true,
                ExternalDataFolder = _folder,
            });
}
