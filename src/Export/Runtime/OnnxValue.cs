using System.Numerics.Tensors;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>A tensor of any element type that ONNX Runtime takes or returns; a <see cref="Tensor{T}"/> converts to it implicitly.</summary>
/// <remarks>Element types: float, double, Half, sbyte, byte, short, ushort, int, uint, long, ulong, bool and string. Dense inputs are not copied.</remarks>
/// <example><code>
/// using var onnx = OnnxModel.Load("model.onnx");
/// var outputs = onnx.Run(OnnxValue.From(Tensor.Create(new float[] { 1, 2, 3, 4 }, [1, 4])));
/// Tensor&lt;float> first = outputs[0].As&lt;float>();
/// </code></example>
public abstract class OnnxValue
{
    private protected OnnxValue(Type elementType, nint[] lengths)
    {
        ElementType = elementType;
        LengthArray = lengths;
    }

    /// <summary>The .NET type of an element.</summary>
    public Type ElementType { get; }

    /// <summary>The shape; empty for a scalar.</summary>
    public ReadOnlySpan<nint> Lengths => LengthArray;

    internal nint[] LengthArray { get; }

    internal string ShapeText => "[" + string.Join(", ", LengthArray) + "]";

    /// <summary>A value that holds the tensor.</summary>
    /// <param name="tensor">The elements and their shape.</param>
    /// <exception cref="ArgumentException">The element type is not supported.</exception>
    public static OnnxValue From<T>(Tensor<T> tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (OnnxElementType.Find(typeof(T)) is null)
            throw new ArgumentException(
                $"A tensor of {typeof(T).Name} cannot be passed to ONNX Runtime. Use float, double, Half, an integer type, bool or string.",
                nameof(tensor));
        return new OnnxValue<T>(tensor, tensor.Lengths.ToArray());
    }

    /// <summary>A scalar, which ONNX distinguishes from a list of one number; <see cref="Tensor{T}"/> has no such shape.</summary>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The element type is not supported.</exception>
    public static OnnxValue Scalar<T>(T value) => Of([value], []);

    /// <summary>The tensor, if its elements are of type <typeparamref name="T"/>; a scalar is a tensor of shape [1].</summary>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    public Tensor<T> As<T>() => this is OnnxValue<T> value
        ? value.Tensor
        : throw new InvalidOperationException(
            $"The value holds {OnnxElementType.NameOf(ElementType)}, not {OnnxElementType.NameOf(typeof(T))}. "
            + $"Use As<{OnnxElementType.NameOf(ElementType)}>().");

    /// <summary>The same as <see cref="From{T}"/>.</summary>
    public static implicit operator OnnxValue(Tensor<float> tensor) => From(tensor);

    /// <summary>The same as <see cref="From{T}"/>.</summary>
    public static implicit operator OnnxValue(Tensor<double> tensor) => From(tensor);

    /// <summary>The same as <see cref="From{T}"/>.</summary>
    public static implicit operator OnnxValue(Tensor<int> tensor) => From(tensor);

    /// <summary>The same as <see cref="From{T}"/>.</summary>
    public static implicit operator OnnxValue(Tensor<long> tensor) => From(tensor);

    /// <summary>The same as <see cref="From{T}"/>.</summary>
    public static implicit operator OnnxValue(Tensor<byte> tensor) => From(tensor);

    /// <summary>The same as <see cref="From{T}"/>.</summary>
    public static implicit operator OnnxValue(Tensor<bool> tensor) => From(tensor);

    /// <summary>The same as <see cref="From{T}"/>.</summary>
    public static implicit operator OnnxValue(Tensor<string> tensor) => From(tensor);

    /// <summary>A copy of the array, in its element type.</summary>
    public static implicit operator OnnxValue(NDArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        return ArrayConversion.ToOnnx(array);
    }

    internal static OnnxValue Of<T>(T[] elements, nint[] lengths) => lengths.Length > 0
        ? From(Tensor.Create(elements, lengths))
        : new OnnxValue<T>(From(Tensor.Create(elements, [1])).As<T>(), []);

    /// <summary>For example <c>float[2, 10]</c>.</summary>
    public override string ToString() => OnnxElementType.NameOf(ElementType) + ShapeText;
}

/// <summary>A value whose element type is known.</summary>
internal sealed class OnnxValue<T>(Tensor<T> tensor, nint[] lengths) : OnnxValue(typeof(T), lengths)
{
    public Tensor<T> Tensor { get; } = tensor;
}
