using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>The tensors that go from step to step, on the device, in two sets that take turns.</summary>
/// <remarks>
/// ONNX Runtime does not notice when one buffer is an input and an output of a run: the step is then silently wrong (measured: loss 2.0111 instead of 2.0031 at the second
/// step). So a step reads one set and writes the other. Tensors that never change are in both.
/// </remarks>
internal sealed class DeviceState : IDisposable
{
    private readonly ManifestState[] _tensors;
    private readonly OrtValue[][] _sets = [[], []];
    private readonly OrtAllocator? _allocator;
    private readonly InferenceSession _copier;
    private int _current;

    public DeviceState(ManifestState[] tensors, StepSession train, byte[] init, string source, ExecutionProvider provider, OnnxModelOptions options)
    {
        _tensors = tensors;
        train.StateOutputs = tensors.Select(tensor => tensor.Next).OfType<string>().ToHashSet(StringComparer.Ordinal);
        using var sessionOptions = Runtime.OrtSetup.Create(provider, new OnnxModelOptions { Optimization = GraphOptimization.None, IntraOpThreads = options.IntraOpThreads });
        _copier = new InferenceSession(Copier(tensors).ToByteArray(), sessionOptions);
        try
        {
            if (provider.DeviceId is { } device)
            {
                using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, device, OrtMemType.Default);
                _allocator = new OrtAllocator(train.Session, memory);
            }

            var allocator = _allocator ?? OrtAllocator.DefaultInstance;
            _sets[0] = [.. tensors.Select(tensor => Allocate(allocator, tensor))];
            _sets[1] = [.. tensors.Select((tensor, i) => tensor.Next is null ? _sets[0][i] : Allocate(allocator, tensor))];
            using var first = StepSession.Open(init, source, provider, options, [], [.. tensors.Select(tensor => tensor.Name)]);
            using var run = new RunOptions();
            for (var i = 0; i < tensors.Length; i++) first.Binding.BindOutput(tensors[i].Name, _sets[0][i]);
            first.Session.RunWithBinding(run, first.Binding);
            first.Binding.SynchronizeBoundOutputs();
        }
        catch (OnnxRuntimeException failed)
        {
            Dispose();
            throw new ExportException($"The state of {source} could not be put on {provider}: {failed.Message}", failed);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Binds the present set as inputs of a step and the other as its outputs.</summary>
    public void Alternate(StepSession train)
    {
        var (present, next) = (_sets[_current], _sets[1 - _current]);
        for (var i = 0; i < _tensors.Length; i++)
        {
            train.Binding.BindInput(_tensors[i].Name, present[i]);
            if (_tensors[i].Next is { } name) train.Binding.BindOutput(name, next[i]);
        }
    }

    /// <summary>What the step wrote is the present state.</summary>
    public void Advance() => _current = 1 - _current;

    /// <summary>Binds tensors of the present set as inputs of a graph that only reads them.</summary>
    public void BindTo(StepSession session, IReadOnlyCollection<string> names)
    {
        for (var i = 0; i < _tensors.Length; i++)
        {
            if (names.Contains(_tensors[i].Name)) session.Binding.BindInput(_tensors[i].Name, _sets[_current][i]);
        }
    }

    /// <summary>The present state, copied from the device.</summary>
    public float[][] Read()
    {
        var values = _tensors.Select(tensor => new float[Count(tensor)]).ToArray();
        Copy(_sets[_current], Host(values));
        return values;
    }

    /// <summary>Copies a state to the device.</summary>
    public void Write(float[][] values) => Copy(Host(values), _sets[_current]);

    public void Dispose()
    {
        foreach (var value in _sets[0].Concat(_sets[1]).Distinct()) value.Dispose();
        _copier.Dispose();
        _allocator?.Dispose();
    }

    private static int Count(ManifestState tensor) => tensor.Shape.Aggregate(1, (product, dim) => checked(product * dim));

    private static OrtValue Allocate(OrtAllocator allocator, ManifestState tensor) => OrtValue.CreateAllocatedTensorValue(allocator, TensorElementType.Float, Dims(tensor));

    private static long[] Dims(ManifestState tensor) => [.. tensor.Shape.Select(dim => (long)dim)];

    private OrtValue[] Host(float[][] values) => [.. values.Select((elements, i) => OrtValue.CreateTensorValueFromMemory(elements, Dims(_tensors[i])))];

    /// <summary>A run of identities moves tensors between any two places ONNX Runtime knows.</summary>
    private void Copy(OrtValue[] from, OrtValue[] to)
    {
        try
        {
            using var binding = _copier.CreateIoBinding();
            using var run = new RunOptions();
            for (var i = 0; i < _tensors.Length; i++)
            {
                binding.BindInput(InputName(i), from[i]);
                binding.BindOutput(OutputName(i), to[i]);
            }

            binding.SynchronizeBoundInputs();
            _copier.RunWithBinding(run, binding);
            binding.SynchronizeBoundOutputs();
        }
        catch (OnnxRuntimeException failed)
        {
            throw new ExportException($"The state could not be copied from or to the device: {failed.Message}", failed);
        }
        finally
        {
            // The sets stay; what was made here for the host goes.
            foreach (var value in from.Concat(to).Except(_sets[0]).Except(_sets[1])) value.Dispose();
        }
    }

    private static string InputName(int index) => "from_" + index.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string OutputName(int index) => "to_" + index.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static ModelProto Copier(ManifestState[] tensors)
    {
        var graph = new OnnxGraph("copy");
        for (var i = 0; i < tensors.Length; i++)
        {
            var spec = new TensorSpec(Shape.Of(tensors[i].Shape), DType.Float32);
            graph.Input(InputName(i), spec);
            graph.Output(OutputName(i), spec);
            graph.Node(OutputName(i) + "/Identity", "Identity", [InputName(i)], [OutputName(i)]);
        }

        var options = new ExportOptions { Opset = 17 };
        var model = new ModelProto { IrVersion = options.IrVersion, ProducerName = OnnxEmitter.Producer, Graph = graph.Proto };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = options.Opset });
        return model;
    }
}
