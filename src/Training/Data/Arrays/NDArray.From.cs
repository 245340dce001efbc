using System.Collections;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <content>Made from what .NET holds data in.</content>
public sealed partial class NDArray
{
    /// <summary>
    /// An array from one of .NET: <c>double[]</c>, <c>byte[,,,]</c>, <c>float[][]</c>, of any rank and depth. Arrays of arrays are stacked, so
    /// <c>float[][,]</c> is a list of images.
    /// </summary>
    /// <param name="values">The array.</param>
    /// <exception cref="ModelException">
    /// Rows differ in length, a value is beyond float32, or elements of this type are not taken: the message says which and where.
    /// </exception>
    [OverloadResolutionPriority(1)]
    public static NDArray From(Array values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return FromObject(values, "");
    }

    /// <summary>An array from a sequence of numbers, or of samples that are themselves arrays, lists or tensors of one shape.</summary>
    /// <param name="values">The sequence; it is enumerated once.</param>
    /// <example><c>trainer.Fit(NDArray.From(rows.Select(row => row.Features)), NDArray.From(rows.Select(row => row.Label)));</c></example>
    /// <exception cref="ModelException">
    /// Samples differ in shape, a value is beyond float32, or elements of this type are not taken: the message says which and where.
    /// </exception>
    public static NDArray From<T>(IEnumerable<T> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values is not T[] && ElementType.Find(typeof(T)) is { } row)
        {
            var all = values.ToArray();
            return row.From(all, OnnxFunctional.Shape.Of(all.Length));
        }

        return FromObject(values, "");
    }

    /// <summary>An array from a tensor.</summary>
    /// <param name="tensor">The tensor. Elements that need no conversion are used, not copied, if they lie row by row.</param>
    /// <exception cref="ModelException">A value is beyond float32, or elements of this type are not taken.</exception>
    public static NDArray From<T>(Tensor<T> tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return ElementType.Of(typeof(T)).From(HeldElements<T>.Of(tensor), ShapeOf(tensor.Lengths));
    }

    /// <summary>An array from a view of memory.</summary>
    /// <param name="tensor">The view; its elements are copied.</param>
    /// <exception cref="ModelException">A value is beyond float32, or elements of this type are not taken.</exception>
    public static NDArray From<T>(in ReadOnlyTensorSpan<T> tensor)
    {
        var elements = new T[tensor.FlattenedLength];
        tensor.FlattenTo(elements);
        return ElementType.Of(typeof(T)).From(elements, ShapeOf(tensor.Lengths));
    }

    /// <summary>An array from anything that is known at run time only.</summary>
    /// <param name="values">An array, list, tensor or number.</param>
    /// <param name="place">Where it lies in the data, for messages: <c>[3]</c>.</param>
    private static NDArray FromObject(object values, string place)
    {
        if (values is NDArray made) return made;
        if (values is Array array && ElementType.Find(array.GetType().GetElementType()!) is { } own)
        {
            var dims = new int[array.Rank];
            for (var axis = 0; axis < dims.Length; axis++) dims[axis] = array.GetLength(axis);
            return own.From(array, OnnxFunctional.Shape.Of(dims));
        }

        if (values is not Array)
        {
            foreach (var row in ElementType.All)
            {
                if (row.Unpack(values) is { } unpacked) return unpacked;
            }
        }

        return values is IEnumerable parts and not string and (not Array or Array { Rank: 1 })
            ? Stacked(parts, values.GetType(), place)
            : throw ElementType.NotTaken(values is Array refused ? refused.GetType().GetElementType()! : values.GetType());
    }

    /// <summary>An array whose samples are the parts, which have one shape and type.</summary>
    private static NDArray Stacked(IEnumerable parts, Type type, string place)
    {
        var samples = new List<NDArray>();
        foreach (var part in parts)
        {
            var at = $"{place}[{samples.Count}]";
            var sample = FromObject(part ?? throw new ModelException($"Sample {at} of the data is null. Leave it out, or give it values."), at);
            samples.Add(sample);
            var first = samples[0];
            if (sample.Shape == first.Shape && sample.DType == first.DType) continue;
            throw new ModelException(
                sample.Shape == first.Shape ? $"The data at {at} is {sample.DType.KerasName()}, but that before it {first.DType.KerasName()}. Use one type."
                : $"The data at {at} has shape {sample.Shape}, but {place}[0] has {first.Shape}. Samples of one array have one shape: "
                    + "pad or cut them, for example with DataPreparation.PadSequences.");
        }

        // Without a sample, only the type of an array tells how many dimensions samples have.
        if (samples.Count == 0) return Empty(type);
        var shape = samples[0].Shape.Insert(0, samples.Count);
        return Joined(samples, shape, Sizes.Count(shape, "The data of shape", "Use a Dataset, which makes batches on the fly."));
    }

    private static NDArray Empty(Type type)
    {
        var rank = 0;
        for (; type.GetElementType() is { } inner; type = inner) rank += type.GetArrayRank();
        return Zeros(OnnxFunctional.Shape.Of(new int[Math.Max(1, rank)]), ElementType.Find(type)?.Stored ?? DType.Float32);
    }

    /// <summary>The shape of a tensor of .NET.</summary>
    internal static Shape ShapeOf(ReadOnlySpan<nint> lengths)
    {
        var dims = new int[lengths.Length];
        for (var i = 0; i < dims.Length; i++) dims[i] = checked((int)lengths[i]);
        return OnnxFunctional.Shape.Of(dims);
    }
}
