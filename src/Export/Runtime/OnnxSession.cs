using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Runtime;

/// <summary>
/// A session of ONNX Runtime that survives misuse: names, types and shapes are checked before a run, and disposal waits for runs in progress.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string _source;
    private readonly RunGate _gate;
    private readonly FragileOperators _fragile;
    private readonly OrtLoraAdapter? _adapter;

    private OnnxSession(InferenceSession session, string source, FragileOperators fragile, byte[]? adapter)
    {
        _session = session;
        _source = source;
        _fragile = fragile;
        _adapter = adapter is null ? null : OrtLoraAdapter.Create(adapter, null);
        _gate = new RunGate(typeof(OnnxModel), Close);
        Inputs = Describe(session.InputNames, session.InputMetadata, "input", source);
        Outputs = Describe(session.OutputNames, session.OutputMetadata, "output", source);
        var defaults = session.OverridableInitializerMetadata;
        Optional = Describe([.. defaults.Keys.Where(name => IsKnown(defaults[name]))], defaults, "input", source);
    }

    public IReadOnlyList<OnnxTensorInfo> Inputs { get; }

    /// <summary>Inputs that have a value in the file, which one that is given replaces.</summary>
    public IReadOnlyList<OnnxTensorInfo> Optional { get; }

    public IReadOnlyList<OnnxTensorInfo> Outputs { get; }

    /// <summary>The number of runs in progress.</summary>
    public int RunsInFlight => _gate.RunsInFlight;

    /// <summary>Opens a serialized model.</summary>
    /// <param name="model">The bytes of the file.</param>
    /// <param name="source">Its name in messages: a quoted file name, or "the model".</param>
    /// <param name="provider">The device.</param>
    /// <param name="options">Threads and optimization; the folder of external data.</param>
    /// <param name="fragile">Operators of the model that some inputs must not reach; none by default.</param>
    /// <exception cref="OnnxFileException">ONNX Runtime rejects the model.</exception>
    /// <exception cref="ExportException">The device or ONNX Runtime itself is missing.</exception>
    public static OnnxSession Open(byte[] model, string source, ExecutionProvider provider, OnnxModelOptions options, FragileOperators? fragile = null) =>
        Of(OrtSetup.Open(model, source, provider, options), source, fragile ?? FragileOperators.None, options.AdapterBytes);

    /// <summary>Opens a file that we wrote or that passed the guard, without reading it into memory first.</summary>
    /// <exception cref="OnnxFileException">ONNX Runtime rejects the model.</exception>
    /// <exception cref="ExportException">The device or ONNX Runtime itself is missing.</exception>
    public static OnnxSession OpenFile(string path, string source, ExecutionProvider provider, OnnxModelOptions options) =>
        Of(OrtSetup.OpenFile(path, source, provider, options), source, FragileOperators.None, options.AdapterBytes);

    private static OnnxSession Of(InferenceSession session, string source, FragileOperators fragile, byte[]? adapter)
    {
        try
        {
            return new OnnxSession(session, source, fragile, adapter);
        }
        catch (Exception refused)
        {
            session.Dispose();
            if (refused is not OnnxRuntimeException) throw;
            throw new OnnxFileException($"ONNX Runtime does not take the adapter for {source}: {refused.Message}", refused);
        }
    }

    private void Close()
    {
        _session.Dispose();
        _adapter?.Dispose();
    }

    /// <summary>Opens a model that returns further values of its graph as outputs, after its own.</summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="extraOutputs">Names of values inside the graph.</param>
    /// <param name="source">Its name in messages.</param>
    /// <param name="provider">The device.</param>
    /// <param name="options">Threads and optimization; the folder of external data.</param>
    public static OnnxSession Open(ModelProto model, IEnumerable<string> extraOutputs, string source, ExecutionProvider provider, OnnxModelOptions options)
    {
        var known = new Dictionary<string, ValueInfoProto>(StringComparer.Ordinal);
        foreach (var info in model.Graph.ValueInfo) known.TryAdd(info.Name, info);
        var present = model.Graph.Output.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);

        // Readers of protobuf merge what follows a message into it, so nothing is copied but the bytes.
        var further = new ModelProto { Graph = new GraphProto() };
        foreach (var name in extraOutputs)
        {
            // ONNX Runtime infers the type if the file does not state it.
            if (present.Add(name)) further.Graph.Output.Add(known.TryGetValue(name, out var info) ? info : new ValueInfoProto { Name = name });
        }

        var bytes = new byte[checked(model.CalculateSize() + further.CalculateSize())];
        model.WriteTo(bytes.AsSpan(0, model.CalculateSize()));
        further.WriteTo(bytes.AsSpan(model.CalculateSize()));
        return Open(bytes, source, provider, options);
    }

    /// <summary>Runs the model once.</summary>
    /// <param name="names">Names of the inputs; all that the model has.</param>
    /// <param name="values">Their values, in the same order.</param>
    /// <param name="outputs">Names of the wanted outputs, null for all.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>The outputs in the order of <paramref name="outputs"/>, in memory of their own.</returns>
    /// <exception cref="ArgumentException">A name, type or shape does not fit; nothing was run.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ExportException">ONNX Runtime failed while running.</exception>
    public OnnxValue[] Run(IReadOnlyList<string> names, IReadOnlyList<OnnxValue> values, IReadOnlyList<string>? outputs, CancellationToken cancellationToken)
    {
        _gate.Enter();
        var ortValues = new OrtValue?[values.Count];
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            InputCheck.Check(_source, Inputs, Optional, names, values, _fragile);
            var wanted = WantedOutputs(outputs);
            for (var i = 0; i < ortValues.Length; i++) ortValues[i] = OrtConversion.ToOrt(values[i], names[i]);

            // Disposed in reverse order: the registration waits for a callback that is setting the flag, then the options are freed.
            using var runOptions = new RunOptions();
            if (_adapter is not null) runOptions.AddActiveLoraAdapter(_adapter);
            using var registration = cancellationToken.Register(static options => ((RunOptions)options!).Terminate = true, runOptions);
            using var results = _session.Run(runOptions, names, ortValues!, wanted);
            return [.. results.Select((result, index) => OrtConversion.FromOrt(result, wanted[index]))];
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException failed)
        {
            var given = string.Join(", ", names.Zip(values, (name, value) => $"{name}: {value}"));
            throw new ExportException($"ONNX Runtime failed while running {_source} on {given}: {failed.Message}", failed);
        }
        finally
        {
            foreach (var value in ortValues) value?.Dispose();
            _gate.Exit();
        }
    }

    /// <summary>Ends the session; runs in progress are completed first, on their own threads.</summary>
    public void Dispose() => _gate.Close();

    public void ThrowIfDisposed() => _gate.ThrowIfClosed();

    private string[] WantedOutputs(IReadOnlyList<string>? outputs)
    {
        if (outputs is null) return [.. Outputs.Select(output => output.Name)];
        foreach (var name in outputs.Except(Outputs.Select(output => output.Name)))
            throw new ArgumentException($"{_source} has no output '{name}'. It returns {string.Join("; ", Outputs)}.", nameof(outputs));

        return [.. outputs];
    }

    private static OnnxTensorInfo[] Describe(IReadOnlyList<string> names, IReadOnlyDictionary<string, NodeMetadata> metadata, string role, string source)
    {
        var result = new OnnxTensorInfo[names.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var entry = metadata[names[i]];
            if (entry.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR)
                throw new OnnxFileException(
                    $"The {role} '{names[i]}' of {source} is not a tensor ({entry.OnnxValueType}). Export the model with tensors only.");
            var type = OnnxElementType.Find(entry.ElementDataType)?.Type
                ?? throw new OnnxFileException(
                    $"The {role} '{names[i]}' of {source} is of type {entry.ElementDataType}, which .NET has no type for. Add a Cast in the graph.");
            result[i] = new OnnxTensorInfo(names[i], type, Dimensions(entry));
        }

        return result;
    }

    private static bool IsKnown(NodeMetadata entry) =>
        entry.OnnxValueType == OnnxValueType.ONNX_TYPE_TENSOR && OnnxElementType.Find(entry.ElementDataType) is not null;

    private static OnnxDimension[] Dimensions(NodeMetadata entry) => [.. entry.Dimensions.Select((length, axis) =>
        length >= 0
            ? new OnnxDimension(length, null)
            : new OnnxDimension(null, entry.SymbolicDimensions[axis] is { Length: > 0 } name ? name : null))];
}
