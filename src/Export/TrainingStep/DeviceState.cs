using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>The tensors that are passed from step to step, on the device, in two sets that alternate.</summary>
/// <remarks>
/// ONNX Runtime does not detect that one buffer is both an input and an output of a run: the step is then silently wrong (measured: loss
/// 2.0111 instead of 2.0031 at the second step). So a step reads one set and writes the other. Tensors that never change are in both.
/// </remarks>
internal sealed class DeviceState : IDisposable
{
    private const string From = "from";
    private const string To = "to";

    private readonly ManifestState[] _tensors;
    private readonly OrtValue[][] _sets = [[], []];
    private readonly OrtAllocator? _allocator;
    private readonly InferenceSession _copier;

    /// <summary>Allocates the buffers and binds them to the training graph; their content is undefined.</summary>
    /// <param name="tensors">The tensors, in order.</param>
    /// <param name="train">The training graph.</param>
    /// <param name="source">What the state belongs to, in messages.</param>
    /// <param name="provider">The device.</param>
    /// <param name="options">Threads.</param>
    public DeviceState(ManifestState[] tensors, StepSession train, string source, ExecutionProvider provider, OnnxModelOptions options)
    {
        _tensors = tensors;
        var plain = new OnnxModelOptions { Optimization = GraphOptimization.None, IntraOpThreads = options.IntraOpThreads };
        _copier = OrtSetup.Open(Copier().ToByteArray(), "the graph that copies a tensor", provider, plain);
        try
        {
            if (provider.DeviceId is { } device)
            {
                using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, device, OrtMemType.Default);
                _allocator = new OrtAllocator(train.Session, memory);
            }

            var allocator = _allocator ?? OrtAllocator.DefaultInstance;
            _sets[0] = [.. _tensors.Select(tensor => Allocate(allocator, tensor))];
            _sets[1] = [.. _tensors.Select((tensor, i) => tensor.Next is null ? _sets[0][i] : Allocate(allocator, tensor))];
            BindTo(train, _ => true);
            for (var i = 0; i < _tensors.Length; i++)
            {
                if (_tensors[i].Next is not { } next) continue;
                for (var set = 0; set < 2; set++) train.BindNextState(set, next, _sets[1 - set][i]);
            }
        }
        catch (OnnxRuntimeException failed)
        {
            train.Unbind();
            Dispose();
            throw new ExportException($"The state of {source} could not be allocated on {provider}: {failed.Message}", failed);
        }
        catch
        {
            train.Unbind();
            Dispose();
            throw;
        }
    }

    /// <summary>Runs a graph without inputs whose outputs are the first state.</summary>
    public void Initialize(StepSession first)
    {
        for (var i = 0; i < _tensors.Length; i++) first.BindNextState(0, _tensors[i].Name, _sets[0][i]);
        first.Run(0);
        Current = 0;
    }

    /// <summary>The set that is the current state.</summary>
    public int Current { get; private set; }

    /// <summary>Makes the set that the step wrote the current state.</summary>
    public void Advance() => Current = 1 - Current;

    /// <summary>Binds tensors of both sets as inputs of a graph.</summary>
    public void BindTo(StepSession session, Func<ManifestState, bool> isTaken)
    {
        for (var i = 0; i < _tensors.Length; i++)
        {
            if (!isTaken(_tensors[i])) continue;
            for (var set = 0; set < 2; set++) session.BindState(set, _tensors[i].Name, _sets[set][i]);
        }
    }

    /// <summary>All tensors of the current state, copied from the device.</summary>
    public float[][] Read() => [.. Enumerable.Range(0, _tensors.Length).Select(Read)];

    /// <summary>One tensor of the current state, copied from the device.</summary>
    public float[] Read(int index)
    {
        var values = new float[_tensors[index].Length];
        Read(index, values);
        return values;
    }

    /// <summary>Copies one tensor of the current state from the device.</summary>
    public void Read(int index, float[] values)
    {
        using var host = OrtValue.CreateTensorValueFromMemory(values, Dims(_tensors[index]));
        Copy(_sets[Current][index], host);
    }

    /// <summary>Copies a whole state to the device.</summary>
    public void Write(float[][] values)
    {
        for (var i = 0; i < values.Length; i++) Write(i, values[i]);
    }

    /// <summary>Copies one tensor of the current state to the device.</summary>
    public void Write(int index, float[] values)
    {
        using var host = OrtValue.CreateTensorValueFromMemory(values, Dims(_tensors[index]));
        Copy(host, _sets[Current][index]);
    }

    public void Dispose()
    {
        foreach (var value in _sets[0].Concat(_sets[1]).Distinct()) value.Dispose();
        _copier.Dispose();
        _allocator?.Dispose();
    }

    private static OrtValue Allocate(OrtAllocator allocator, ManifestState tensor) =>
        OrtValue.CreateAllocatedTensorValue(allocator, TensorElementType.Float, Dims(tensor));

    private static long[] Dims(ManifestState tensor) => [.. tensor.Shape.Select(dim => (long)dim)];

    /// <summary>Runs Identity, which copies a tensor between any two devices of ONNX Runtime.</summary>
    private void Copy(OrtValue from, OrtValue to)
    {
        try
        {
            using var binding = _copier.CreateIoBinding();
            using var run = new RunOptions();
            binding.BindInput(From, from);
            binding.BindOutput(To, to);
            binding.SynchronizeBoundInputs();
            _copier.RunWithBinding(run, binding);
            binding.SynchronizeBoundOutputs();
        }
        catch (OnnxRuntimeException failed)
        {
            throw new ExportException($"The state could not be copied from or to the device: {failed.Message}", failed);
        }
    }

    /// <summary>A graph of one node for tensors of any shape.</summary>
    private static ModelProto Copier()
    {
        var graph = new GraphProto { Name = "copy" };
        graph.Input.Add(Open(From));
        graph.Output.Add(Open(To));
        graph.Node.Add(new NodeProto { Name = "Identity", OpType = "Identity", Input = { From }, Output = { To } });
        return OnnxProto.Model(graph, ExportOptions.OldestOpset);

        static ValueInfoProto Open(string name)
        {
            var tensor = new TypeProto.Types.Tensor { ElemType = OnnxGraph.ElementType(DType.Float32) };
            return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
        }
    }
}
