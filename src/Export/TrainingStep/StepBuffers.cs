using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>The memory to which a batch is copied for one input; it is reused while the shape stays, so that a warm step allocates nothing.</summary>
internal sealed class StepInput(ManifestTensor tensor) : IDisposable
{
    private Array _elements = Array.Empty<float>();
    private Shape _shape;

    public string Name => tensor.Name;

    /// <summary>The value that ONNX Runtime reads; null before the first batch.</summary>
    public OrtValue? Value { get; private set; }

    /// <summary>Copies a batch; true if new memory was allocated.</summary>
    public bool Put(NDArray data)
    {
        var isNew = Value is null || _shape != data.Shape;
        if (isNew)
        {
            Value?.Dispose();
            (_elements, Value) = Make(checked((int)data.Shape.ElementCount), [.. data.Shape.Dims.ToArray().Select(dim => (long)dim)]);
            _shape = data.Shape;
        }

        data.Bytes.CopyTo(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(_elements), data.Bytes.Length));
        return isNew;
    }

    public void Dispose() => Value?.Dispose();

    private (Array Elements, OrtValue Value) Make(int count, long[] dims) => tensor.Type switch
    {
        DType.Float32 => Make<float>(count, dims),
        DType.Int64 => Make<long>(count, dims),
        DType.Int32 => Make<int>(count, dims),
        DType.Int8 => Make<sbyte>(count, dims),
        DType.UInt8 => Make<byte>(count, dims),
        _ => Make<bool>(count, dims),
    };

    private static (Array Elements, OrtValue Value) Make<T>(int count, long[] dims)
        where T : unmanaged
    {
        var elements = new T[count];
        return (elements, OrtValue.CreateTensorValueFromMemory(elements, dims));
    }
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
