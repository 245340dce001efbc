using System.Runtime.InteropServices;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Importers;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>Serialized tensors as data of the engine and of ONNX Runtime, and how they are compared.</summary>
internal static class BackendValues
{
    // The tolerances of ONNX's own runner.
    private const double Relative = 1e-3, Absolute = 1e-7;

    // Where a sum cancels, the suite's own numbers are rounding, up to half a unit in the last place of the terms (test_dft_inverse: 1.9e-7 for 0).
    private const double OfLargest = 1.0 / (1 << 24);

    /// <summary>The tensor; null if it is a sequence, an optional value, or of a type that is not computed.</summary>
    public static TensorData? Read(byte[] bytes)
    {
        try
        {
            var tensor = TensorProto.Parser.ParseFrom(bytes);
            var isTensor = StoredTensors.TypeOf(tensor.DataType) is not null;
            return isTensor ? StoredTensors.Read(tensor, new CheckedModel([], new ModelProto(), "a test", null, false)) : null;
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>Whether a model's inputs, outputs and stored tensors are of types that are computed, and its operators ONNX's own.</summary>
    /// <param name="test">The test.</param>
    /// <param name="further">Types besides float32, int32, int64 and bool.</param>
    public static bool AreComputed(BackendTest test, params IReadOnlyList<DataType> further)
    {
        var model = ModelProto.Parser.ParseFrom(test.Model);
        var types = model.Graph.Input.Concat(model.Graph.Output).Select(info => info.Type?.TensorType?.ElemType ?? 0)
            .Concat(model.Graph.Initializer.Select(tensor => tensor.DataType));
        return types.All(type => (DataType)type is DataType.Float or DataType.Int32 or DataType.Int64 or DataType.Bool || further.Contains((DataType)type))
            && model.OpsetImport.All(import => DomainGuard.Normalize(import.Domain).Length == 0);
    }

    public static NDArray Array(TensorData data) => data.Type switch
    {
        DType.Float32 => NDArray.Create(data.As<float>().ToArray(), data.Shape),
        DType.Int32 => NDArray.Create(data.As<int>().ToArray(), data.Shape),
        DType.Int64 => NDArray.Create(data.As<long>().ToArray(), data.Shape),
        DType.Int8 => NDArray.Create(data.As<sbyte>().ToArray(), data.Shape).To(DType.Int8, "the test"),
        DType.UInt8 => NDArray.Create(data.As<byte>().ToArray(), data.Shape).To(DType.UInt8, "the test"),
        _ => NDArray.Create(data.As<bool>().ToArray(), data.Shape),
    };

    public static OnnxValue Onnx(TensorData data)
    {
        nint[] lengths = [.. data.Shape.Dims.ToArray().Select(dim => (nint)dim)];
        return data.Type switch
        {
            DType.Float32 => OnnxValue.Of(data.As<float>().ToArray(), lengths),
            DType.Int32 => OnnxValue.Of(data.As<int>().ToArray(), lengths),
            DType.Int64 => OnnxValue.Of(data.As<long>().ToArray(), lengths),
            DType.Int8 => OnnxValue.Of(data.As<sbyte>().ToArray(), lengths),
            DType.UInt8 => OnnxValue.Of(data.As<byte>().ToArray(), lengths),
            _ => OnnxValue.Of(data.As<bool>().ToArray(), lengths),
        };
    }

    public static TensorData Data(ValueBuffer buffer) => TensorData.Create(buffer.Shape, buffer.Spec.Type, buffer.Bytes);

    public static TensorData Data(OnnxValue value)
    {
        var shape = Shape.Of([.. value.LengthArray.Select(length => (int)length)]);
        return value switch
        {
            OnnxValue<float> floats => TensorData.Of(shape, Flat(floats)),
            OnnxValue<int> ints => TensorData.Of(shape, Flat(ints)),
            OnnxValue<long> longs => TensorData.Of(shape, Flat(longs)),
            OnnxValue<sbyte> bytes => TensorData.Create(shape, DType.Int8, MemoryMarshal.AsBytes<sbyte>(Flat(bytes))),
            OnnxValue<byte> bytes => TensorData.Create(shape, DType.UInt8, Flat(bytes)),
            OnnxValue<bool> bools => TensorData.Of(shape, Flat(bools)),
            _ => throw new NotSupportedException($"{value} is not compared."),
        };

        static T[] Flat<T>(OnnxValue<T> value)
        {
            var elements = new T[value.LengthArray.Aggregate((nint)1, (product, length) => product * length)];
            value.Tensor.FlattenTo(elements);
            return elements;
        }
    }

    /// <summary>What is wrong with a result; null if nothing is.</summary>
    public static string? Difference(TensorData expected, TensorData found)
    {
        if (expected.Type != found.Type) return $"type {found.Type} instead of {expected.Type}";
        if (expected.Shape != found.Shape) return $"shape {found.Shape} instead of {expected.Shape}";
        if (expected.Type != DType.Float32) return expected.Bytes.SequenceEqual(found.Bytes) ? null : "other elements";
        var wanted = expected.As<float>();
        var got = found.As<float>();
        var largest = 0.0;
        foreach (var value in wanted)
        {
            if (float.IsFinite(value)) largest = Math.Max(largest, Math.Abs(value));
        }

        var absolute = Math.Max(Absolute, OfLargest * largest);
        for (var i = 0; i < wanted.Length; i++)
        {
            var areClose = Math.Abs(wanted[i] - got[i]) <= absolute + (Relative * Math.Abs(wanted[i]));
            var same = wanted[i] == got[i] || (float.IsNaN(wanted[i]) && float.IsNaN(got[i])) || areClose;
            if (!same) return $"element {i} is {got[i]} instead of {wanted[i]}";
        }

        return null;
    }
}
