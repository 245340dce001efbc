using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>One of the four graphs in ONNX Runtime, with an I/O binding: data from here, state where it lies on the device, reports back here.</summary>
internal sealed class StepSession : IDisposable
{
    private readonly string _source;
    private readonly string[] _dataInputs;
    private readonly string[] _reports;
    private NDArray[] _results = [];

    private StepSession(InferenceSession session, string source, string?[] inputs, string?[] outputs)
    {
        (Session, _source) = (session, source);
        _dataInputs = [.. inputs.OfType<string>()];
        _reports = [.. outputs.OfType<string>()];
        foreach (var name in _dataInputs)
        {
            if (!session.InputMetadata.ContainsKey(name)) throw new OnnxFileException($"{source} has no input '{name}', which training.json names. The files are from different exports; export again.");
        }

        foreach (var name in _reports)
        {
            if (!session.OutputMetadata.ContainsKey(name)) throw new OnnxFileException($"{source} has no output '{name}', which training.json names. The files are from different exports; export again.");
        }

        Binding = session.CreateIoBinding();
    }

    public InferenceSession Session { get; }

    public OrtIoBinding Binding { get; }

    /// <summary>Opens a graph.</summary>
    /// <param name="model">The file.</param>
    /// <param name="source">How messages call it.</param>
    /// <param name="provider">The device.</param>
    /// <param name="options">Threads and optimization.</param>
    /// <param name="inputs">The inputs that must be there: those for data first, in order.</param>
    /// <param name="outputs">The outputs that must be there: those read here first, in order.</param>
    public static StepSession Open(byte[] model, string source, ExecutionProvider provider, OnnxModelOptions options, string?[] inputs, string?[] outputs)
    {
        using var sessionOptions = OrtSetup.Create(provider, options);
        InferenceSession session;
        try
        {
            session = new InferenceSession(model, sessionOptions);
        }
        catch (OnnxRuntimeException refused)
        {
            throw new OnnxFileException($"ONNX Runtime does not load {source}: {refused.Message}", refused);
        }

        try
        {
            return new StepSession(session, source, inputs, outputs);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Runs once; state has been bound before.</summary>
    /// <param name="data">Arrays for the first inputs.</param>
    public void Run(IReadOnlyList<NDArray> data)
    {
        var values = new OrtValue?[data.Count];
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = data[i].Shape.Rank == 0 ? OrtValue.CreateTensorValueFromMemory(data[i].AsFloats().ToArray(), []) : OrtConversion.ToOrt(SampleConversion.ToOnnx(data[i]), _dataInputs[i]);
                Binding.BindInput(_dataInputs[i], values[i]!);
            }

            var bound = BoundReports();
            foreach (var name in bound) Binding.BindOutputToDevice(name, OrtMemoryInfo.DefaultInstance);
            using var runOptions = new RunOptions();
            Binding.SynchronizeBoundInputs();
            Session.RunWithBinding(runOptions, Binding);
            Binding.SynchronizeBoundOutputs();
            var names = Binding.GetOutputNames();
            using var outputs = Binding.GetOutputValues();
            _results = new NDArray[bound.Length];
            for (var i = 0; i < names.Length; i++)
            {
                if (Array.IndexOf(bound, names[i]) is var at and >= 0) _results[at] = Read(outputs[i]);
            }
        }
        catch (OnnxRuntimeException failed)
        {
            throw new ExportException($"ONNX Runtime failed while running {_source} on {string.Join(", ", data.Select((array, i) => $"{_dataInputs[i]}: {array.Shape}"))}: {failed.Message}", failed);
        }
        finally
        {
            foreach (var value in values) value?.Dispose();
        }
    }

    /// <summary>The names of outputs that a state holds; all others are read here.</summary>
    public IReadOnlySet<string> StateOutputs { get; set; } = new HashSet<string>();

    public NDArray Result(int report) => _results[report];

    public ReadOnlySpan<float> Floats(int report) => _results[report].AsFloats();

    public void Dispose()
    {
        Binding.Dispose();
        Session.Dispose();
    }

    private string[] BoundReports() => [.. _reports.Where(name => !StateOutputs.Contains(name))];

    private static NDArray Read(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        var shape = Shape.Of([.. info.Shape.Select(length => checked((int)length))]);
        return info.ElementDataType switch
        {
            TensorElementType.Float => NDArray.Create(value.GetTensorDataAsSpan<float>().ToArray(), shape),
            TensorElementType.Int64 => NDArray.Create(value.GetTensorDataAsSpan<long>().ToArray(), shape),
            TensorElementType.Int32 => NDArray.Create([.. value.GetTensorDataAsSpan<int>().ToArray().Select(number => (long)number)], shape),
            TensorElementType.Bool => NDArray.Create([.. value.GetTensorDataAsSpan<bool>().ToArray().Select(truth => truth ? 1f : 0)], shape),
            var type => throw new OnnxFileException($"An output is of type {type}; expected float, int64, int32 or bool. Export the training again."),
        };
    }
}
