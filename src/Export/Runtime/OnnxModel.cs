using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>An ONNX file, loaded into ONNX Runtime and ready to run.</summary>
/// <remarks>
/// Files are checked before ONNX Runtime sees them, inputs before every run. May be used by several threads at once. After <see cref="Dispose"/> every member
/// throws <see cref="ObjectDisposedException"/>; runs in progress on other threads are completed.
/// </remarks>
/// <example><code>
/// using var onnx = OnnxModel.Load("model.onnx");
/// Console.WriteLine(onnx.Predict(x)[0, 0]);
/// </code></example>
public sealed class OnnxModel : IDisposable
{
    private readonly OnnxSession _session;
    private readonly string _source;

    private OnnxModel(OnnxSession session, string source)
    {
        _session = session;
        _source = source;
    }

    /// <summary>The inputs, in the order of the file; those that have a value in the file are not listed, and may be given by name.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IReadOnlyList<OnnxTensorInfo> Inputs
    {
        get
        {
            _session.ThrowIfDisposed();
            return _session.Inputs;
        }
    }

    /// <summary>The outputs, in the order of the file.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IReadOnlyList<OnnxTensorInfo> Outputs
    {
        get
        {
            _session.ThrowIfDisposed();
            return _session.Outputs;
        }
    }

    /// <summary>Loads a file.</summary>
    /// <param name="path">The .onnx file; external weights are looked up in its folder.</param>
    /// <param name="provider">The device; <see cref="ExecutionProvider.Cpu"/> by default.</param>
    /// <param name="options">Threads, optimization and limits.</param>
    /// <exception cref="OnnxFileException">The file is missing, damaged, beyond the limits, or rejected by ONNX Runtime.</exception>
    /// <exception cref="ExportException">The device is not available, or the application does not reference ONNX Runtime.</exception>
    public static OnnxModel Load(string path, ExecutionProvider? provider = null, OnnxModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options ??= new OnnxModelOptions();
        return Open(OnnxFileGuard.ReadFile(path, options.Limits), provider, options);
    }

    /// <summary>Loads the bytes of a file.</summary>
    /// <param name="model">The content of an .onnx file.</param>
    /// <param name="provider">The device; <see cref="ExecutionProvider.Cpu"/> by default.</param>
    /// <param name="options">Threads, optimization, limits, and the folder of external weights.</param>
    /// <exception cref="OnnxFileException">The bytes are damaged, beyond the limits, or rejected by ONNX Runtime.</exception>
    /// <exception cref="ExportException">The device is not available, or the application does not reference ONNX Runtime.</exception>
    public static OnnxModel FromBytes(ReadOnlySpan<byte> model, ExecutionProvider? provider = null, OnnxModelOptions? options = null)
    {
        options ??= new OnnxModelOptions();
        return Open(OnnxFileGuard.ReadBytes(model.ToArray(), "the model", options.ExternalDataFolder, options.Limits), provider, options);
    }

    /// <summary>Runs a model with one output on all samples at once.</summary>
    /// <param name="x">The data of the inputs, in the order of <see cref="Inputs"/> or by name; it becomes the types that they take.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <remarks>Data is copied; <see cref="Run(ReadOnlySpan{OnnxValue})"/> reads dense tensors in place.</remarks>
    /// <exception cref="ArgumentException">The shape does not fit; the message names the input, the expected and the received shape.</exception>
    /// <exception cref="ModelException">The number or names of the arrays are not those of the inputs, or a value is none of an input's type.</exception>
    /// <exception cref="InvalidOperationException">The model has several outputs, or an input or output of a type that arrays do not hold: use
    /// <see cref="Run(IReadOnlyDictionary{string, OnnxValue}, CancellationToken)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ExportException">ONNX Runtime failed while running.</exception>
    public NDArray Predict(NDArrays x, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Outputs.Count != 1)
        {
            throw new InvalidOperationException(
                $"Predict runs models with one output; {_source} returns {string.Join("; ", Outputs)}. Use Run with the inputs by name.");
        }

        if (!ArrayConversion.Holds(Outputs[0].ElementType))
            throw new InvalidOperationException(
                $"Predict returns float, Half, int, long, bool or string; {_source} returns {Outputs[0]}. "
                + $"Use Run and OnnxValue.As<{OnnxElementType.NameOf(Outputs[0].ElementType)}>().");
        string[] names = [.. Inputs.Select(input => input.Name)];
        var values = x.InOrder(names, "input").Zip(Inputs, ArrayConversion.ToOnnx).ToArray();
        return ArrayConversion.ToArray(_session.Run(names, values, null, cancellationToken)[0])!;
    }

    /// <summary>Runs the model on named inputs.</summary>
    /// <param name="inputs">All inputs by name; also any that have a value in the file.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>All outputs by name, in the order of <see cref="Outputs"/>.</returns>
    /// <exception cref="ArgumentException">A name, type or shape does not fit.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ExportException">ONNX Runtime failed while running.</exception>
    public IReadOnlyDictionary<string, OnnxValue> Run(IReadOnlyDictionary<string, OnnxValue> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var outputs = Outputs;
        var values = _session.Run([.. inputs.Keys], [.. inputs.Values], null, cancellationToken);
        var result = new OrderedDictionary<string, OnnxValue>(values.Length, StringComparer.Ordinal);
        for (var i = 0; i < values.Length; i++) result.Add(outputs[i].Name, values[i]);
        return result;
    }

    /// <summary>Runs the model on inputs in the order of <see cref="Inputs"/>.</summary>
    /// <param name="inputs">One value per input.</param>
    /// <returns>One value for each of <see cref="Outputs"/>.</returns>
    /// <exception cref="ArgumentException">The number of inputs, a type or a shape does not fit.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="ExportException">ONNX Runtime failed while running.</exception>
    public IReadOnlyList<OnnxValue> Run(params ReadOnlySpan<OnnxValue> inputs)
    {
        var expected = Inputs;
        if (inputs.Length != expected.Count)
            throw new ArgumentException(
                $"{_source} takes {expected.Count} inputs ({string.Join("; ", expected)}), but got {inputs.Length}. Pass one value per input, in this order.",
                nameof(inputs));
        return _session.Run([.. expected.Select(input => input.Name)], inputs.ToArray(), null, CancellationToken.None);
    }

    /// <summary>Releases the model; a second call does nothing.</summary>
    public void Dispose() => _session.Dispose();

    private static OnnxModel Open(CheckedModel file, ExecutionProvider? provider, OnnxModelOptions options)
    {
        if (options.Adapter is { } adapter) options = options with { AdapterBytes = AdapterFormat.ReadFor(adapter, file.Model) };
        options = options with { ExternalDataFolder = file.Folder, LeftOut = FragileFusion.IsIn(file.Model) ? FragileFusion.Name : "" };
        var session = OnnxSession.Open(file.Bytes, file.Source, provider ?? ExecutionProvider.Cpu, options, FragileOperators.Of(file.Model));
        return new OnnxModel(session, file.Source);
    }
}
