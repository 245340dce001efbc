using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>The memory to which a batch is copied for one input; it is reused while the shape stays, so that a warm step allocates nothing.</summary>
internal sealed class StepInput(string name) : IDisposable
{
    private ValueBuffer? _buffer;
    private float[] _elements = [];

    public string Name => name;

    /// <summary>Shape and type of the data.</summary>
    public TensorSpec Spec => _buffer?.Spec ?? default;

    /// <summary>The value that ONNX Runtime reads; null before the first batch.</summary>
    public OrtValue? Value { get; private set; }

    /// <summary>Whether runs read <see cref="Value"/>.</summary>
    public bool IsBound { get; set; }

    /// <summary>The memory for data of this shape and type, for the caller to fill.</summary>
    public ValueBuffer For(TensorSpec spec)
    {
        if (_buffer is { } known && known.Spec == spec) return known;
        Value?.Dispose();

        // It does not move, so ONNX Runtime may keep its address; it takes floats whatever the type, as the memory of plans does.
        _elements = GC.AllocateUninitializedArray<float>(Math.Max(1, checked((int)ValueBuffer.FloatsFor(spec))), pinned: true);
        _buffer = new ValueBuffer(spec, new Storage { Memory = _elements });
        Value = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance,
            (TensorElementType)OnnxGraph.ElementType(spec.Type),
            [.. spec.Shape.Dims.ToArray().Select(dim => (long)dim)],
            Marshal.UnsafeAddrOfPinnedArrayElement(_elements, 0),
            spec.Shape.ElementCount * spec.Type.Size());
        IsBound = false;
        return _buffer;
    }

    public void Dispose() => Value?.Dispose();
}

/// <summary>The memory from which one report is read: our own if its shape is known and not large, otherwise allocated by ONNX Runtime.</summary>
internal sealed class StepOutput : IDisposable
{
    // A file may declare any shape; what ONNX Runtime allocates is what the graph computes.
    private const int MostElements = 1 << 22;

    private readonly float[]? _elements;
    private readonly Shape _shape;

    public StepOutput(string name, NodeMetadata metadata)
    {
        Name = name;
        if (metadata.ElementType != typeof(float) || metadata.Dimensions.Any(dim => dim < 0)) return;
        var count = metadata.Dimensions.Aggregate((Int128)1, (product, dim) => Int128.Min(product * dim, long.MaxValue));
        if (count > MostElements) return;
        _elements = new float[(int)count];
        _shape = Shape.Of(metadata.Dimensions);
        Value = OrtValue.CreateTensorValueFromMemory(_elements, [.. metadata.Dimensions.Select(dim => (long)dim)]);
    }

    public string Name { get; }

    /// <summary>The value that ONNX Runtime writes; null if it allocates.</summary>
    public OrtValue? Value { get; }

    /// <summary>The result of the last run if ONNX Runtime allocated it.</summary>
    public NDArray? Result { get; set; }

    public ReadOnlySpan<float> Floats => _elements ?? (Result is { } result ? result.AsFloats() : []);

    /// <summary>A copy of the last run's result.</summary>
    public NDArray Copy() => Result ?? NDArray.Create(_elements!.ToArray(), _shape);

    public void Dispose() => Value?.Dispose();
}
