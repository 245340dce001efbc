using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>One of the four graphs in ONNX Runtime: data and reports are in our memory, the state is on the device.</summary>
/// <remarks>It has two bindings, one for each set of the state, which are made once: a warm run on the CPU binds and allocates nothing.</remarks>
internal sealed class StepSession : IDisposable
{
    private readonly string _source;
    private readonly bool _copiesOnBinding;
    private readonly RunOptions _run = new();
    private readonly OrtIoBinding[] _bindings;
    private readonly StepInput[] _inputs;
    private readonly StepOutput[] _reports;
    private readonly bool _allocates;

    private StepSession(InferenceSession session, string source, bool onDevice, StepTensors tensors)
    {
        // Our memory is copied to a device when it is bound, so on a device it is bound for every run.
        (Session, _source, _copiesOnBinding) = (session, source, onDevice);
        _bindings = [session.CreateIoBinding(), session.CreateIoBinding()];
        _inputs = [.. tensors.Data.Select(tensor => new StepInput(tensor.Name))];
        _reports = [.. tensors.Reports.Select(name => new StepOutput(name, session.OutputMetadata[name]))];
        _allocates = _reports.Any(report => report.Value is null);
        foreach (var report in _reports)
        {
            if (report.Value is not { } value) continue;
            foreach (var binding in _bindings) binding.BindOutput(report.Name, value);
        }
    }

    public InferenceSession Session { get; }

    /// <summary>The number of outputs that are read.</summary>
    public int Reports => _reports.Length;

    /// <summary>Opens a graph and compares it with its description.</summary>
    /// <param name="folder">The exported training.</param>
    /// <param name="name">The file.</param>
    /// <param name="provider">The device.</param>
    /// <param name="options">Threads and optimization.</param>
    /// <param name="tensors">The described inputs and outputs.</param>
    /// <exception cref="OnnxFileException">The file is damaged, ONNX Runtime rejects it, or it does not match its description.</exception>
    public static StepSession Open(TrainingFolder folder, string name, ExecutionProvider provider, OnnxModelOptions options, StepTensors tensors) =>
        Open(folder.Read(name), $"{name} of {folder.Source}", provider, options with { ExternalDataFolder = folder.Path }, tensors);

    /// <summary>Opens a graph in memory and compares it with its description.</summary>
    /// <exception cref="OnnxFileException">The graph is damaged, ONNX Runtime rejects it, or it does not match its description.</exception>
    public static StepSession Open(byte[] graph, string source, ExecutionProvider provider, OnnxModelOptions options, StepTensors tensors)
    {
        var session = OrtSetup.Open(graph, source, provider, options);
        try
        {
            Check(session, source, tensors);
            return new StepSession(session, source, provider.DeviceId is not null, tensors);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Binds a tensor of the state as an input, for runs in which the given set is the current one.</summary>
    public void BindState(int set, string name, OrtValue value) => _bindings[set].BindInput(name, value);

    /// <summary>Binds the memory for the next value of a tensor as an output, for runs in which the given set is the current one.</summary>
    public void BindNextState(int set, string name, OrtValue value) => _bindings[set].BindOutput(name, value);

    /// <summary>The memory of an input, for the caller to fill before a run.</summary>
    /// <param name="input">Its number.</param>
    /// <param name="spec">Shape and type of the data.</param>
    public ValueBuffer Input(int input, TensorSpec spec) => _inputs[input].For(spec);

    /// <summary>Runs once.</summary>
    /// <param name="data">Checked arrays, in order.</param>
    /// <param name="set">The set of the state that is the current one.</param>
    /// <exception cref="ExportException">ONNX Runtime failed; the content of its outputs is undefined.</exception>
    public void Run(ReadOnlySpan<NDArray> data, int set)
    {
        for (var i = 0; i < _inputs.Length; i++) data[i].CopyTo(Input(i, new TensorSpec(data[i].Shape, data[i].DType)));
        Run(set);
    }

    /// <summary>Runs once on what the inputs hold.</summary>
    /// <param name="set">The set of the state that is the current one.</param>
    /// <exception cref="ExportException">ONNX Runtime failed; the content of its outputs is undefined.</exception>
    public void Run(int set)
    {
        var binding = _bindings[set];
        try
        {
            foreach (var input in _inputs)
            {
                if (_copiesOnBinding) binding.BindInput(input.Name, input.Value!);
                else if (!input.IsBound) foreach (var each in _bindings) each.BindInput(input.Name, input.Value!);
                input.IsBound = true;
            }

            if (_allocates) ReleaseResults(binding);
            binding.SynchronizeBoundInputs();
            Session.RunWithBinding(_run, binding);
            binding.SynchronizeBoundOutputs();
            if (_allocates) TakeResults(binding);
        }
        catch (OnnxRuntimeException failed)
        {
            var given = string.Join(", ", _inputs.Select(input => $"{input.Name}: {input.Spec.Shape}"));
            throw new ExportException($"ONNX Runtime failed while running {_source} on {given}: {failed.Message}", failed);
        }
    }

    /// <summary>A report of the last run.</summary>
    public ReadOnlySpan<float> Floats(int report) => _reports[report].Floats;

    /// <summary>A copy of a report of the last run.</summary>
    public NDArray Result(int report) => _reports[report].Copy();

    /// <summary>Releases the bindings: they must be released before the state's memory, and that before the session.</summary>
    public void Unbind()
    {
        foreach (var binding in _bindings) binding.Dispose();
    }

    public void Dispose()
    {
        Unbind();
        foreach (var input in _inputs) input.Dispose();
        foreach (var report in _reports) report.Dispose();
        _run.Dispose();
        Session.Dispose();
    }

    /// <summary>Without this, ONNX Runtime would write to the results of the last run again, whatever the shapes of this run.</summary>
    private void ReleaseResults(OrtIoBinding binding)
    {
        foreach (var report in _reports)
        {
            if (report.Value is null) binding.BindOutputToDevice(report.Name, OrtMemoryInfo.DefaultInstance);
        }
    }

    private void TakeResults(OrtIoBinding binding)
    {
        var names = binding.GetOutputNames();
        using var values = binding.GetOutputValues();
        foreach (var report in _reports)
        {
            if (report.Value is null) report.Result = Read(values[Array.IndexOf(names, report.Name)], report.Name);
        }
    }

    private static void Check(InferenceSession session, string source, StepTensors tensors)
    {
        ManifestTensor[] inputs = [.. tensors.Data, .. tensors.State];
        Check(session.InputMetadata, "input", source, inputs);
        Check(session.OutputMetadata, "output", source, tensors.NextState);
        foreach (var name in tensors.Reports)
        {
            if (!session.OutputMetadata.ContainsKey(name)) throw Unlike(source, $"it has no output '{name}'");
        }

        var extra = session.InputNames.FirstOrDefault(name => !Array.Exists(inputs, input => input.Name == name));
        if (extra is not null) throw Unlike(source, $"it also takes '{extra}'");
    }

    private static void Check(IReadOnlyDictionary<string, NodeMetadata> found, string role, string source, ManifestTensor[] expected)
    {
        foreach (var tensor in expected)
        {
            if (!found.TryGetValue(tensor.Name, out var metadata)) throw Unlike(source, $"it has no {role} '{tensor.Name}'");
            var fits = metadata.IsTensor && metadata.Dimensions.Length == tensor.Shape.Length
                && metadata.Dimensions.Zip(tensor.Shape).All(pair => pair.First == pair.Second || pair.First < 0 || pair.Second < 0);
            if (fits && metadata.ElementDataType == TypeOf(tensor.Type)) continue;
            var (described, actual) = (string.Join(", ", tensor.Shape), string.Join(", ", metadata.Dimensions));
            throw Unlike(source, $"its {role} '{tensor.Name}' is {metadata.ElementDataType} [{actual}], not {tensor.Type} [{described}]");
        }
    }

    private static OnnxFileException Unlike(string source, string what) =>
        new($"{source} does not match {TrainingFolder.ManifestFile}: {what}. The files are from different exports; export again.");

    /// <summary>ONNX Runtime numbers the element types as ONNX does.</summary>
    private static TensorElementType TypeOf(DType type) => (TensorElementType)OnnxGraph.ElementType(type);

    private static NDArray Read(OrtValue value, string name)
    {
        var result = OrtConversion.FromOrt(value, name);
        return ArrayConversion.ToArray(result) ?? throw new OnnxFileException(
            $"Output '{name}' is {result}; expected float, long, int or bool. Export the training again.");
    }
}
