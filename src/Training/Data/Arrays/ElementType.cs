using System.Collections.Frozen;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>A .NET type of elements that arrays are made from: one row of the table of them.</summary>
internal abstract class ElementType
{
    private static readonly FrozenDictionary<Type, ElementType> s_all = new ElementType[]
    {
        new Row<float>("float", DType.Float32, (values, _) => values),
        new Row<double>("double", DType.Float32, Narrowed),
        new Row<decimal>("decimal", DType.Float32, (values, _) => Array.ConvertAll(values, value => (float)value)),
        new Row<Half>("Half", DType.Float32, (values, _) => Array.ConvertAll(values, value => (float)value)),
        new Row<long>("long", DType.Int64, (values, _) => values),
        new Row<uint>("uint", DType.Int64, (values, _) => Array.ConvertAll(values, value => (long)value)),
        new Row<int>("int", DType.Int32, (values, _) => values),
        new Row<short>("short", DType.Int32, (values, _) => Array.ConvertAll(values, value => (int)value)),
        new Row<ushort>("ushort", DType.Int32, (values, _) => Array.ConvertAll(values, value => (int)value)),
        new Row<sbyte>("sbyte", DType.Int32, (values, _) => Array.ConvertAll(values, value => (int)value)),
        new Row<byte>("byte", DType.Int32, (values, _) => values),
        new Row<bool>("bool", DType.Bool, (values, _) => values),
        new Row<string>("string", DType.String, WithoutNull),
    }.ToFrozenDictionary(row => row.Type);

    private ElementType(Type type, string name, DType stored) => (Type, Name, Stored) = (type, name, stored);

    /// <summary>All rows.</summary>
    public static IEnumerable<ElementType> All => s_all.Values;

    /// <summary>The .NET type.</summary>
    public Type Type { get; }

    /// <summary>C#'s name of the type.</summary>
    public string Name { get; }

    /// <summary>The type in which the engine takes the elements.</summary>
    public DType Stored { get; }

    /// <summary>The row of a type, or null.</summary>
    public static ElementType? Find(Type type) => s_all.GetValueOrDefault(type);

    /// <summary>The row of a type.</summary>
    /// <exception cref="ModelException">Elements of this type are not taken; the message says which are.</exception>
    public static ElementType Of(Type type) => Find(type) ?? throw NotTaken(type);

    /// <summary>The refusal of a type.</summary>
    public static ModelException NotTaken(Type type) => new(
        type == typeof(char)
            ? "Data of type char is not taken. Pass texts as string[], or as numbers what StringLookup and TextVectorization return."
            : $"Data of type {type.Name} is not taken. Pass numbers, booleans or text ({string.Join(", ", All.Select(row => row.Name).Order())}) "
                + "in arrays, lists or tensors.");

    /// <summary>The elements as they are stored, row by row.</summary>
    /// <param name="values">An array of any rank of this type.</param>
    /// <param name="shape">Its shape, for messages.</param>
    public abstract Array Convert(Array values, Shape shape);

    /// <summary>A value, a sequence or a tensor of this type as an array of .NET; null if it is none of these.</summary>
    public abstract (Array Values, Shape Shape)? Unpack(object values);

    /// <summary>Doubles are computed as float32. Infinities stay what they are; finite numbers must stay finite.</summary>
    private static float[] Narrowed(double[] values, Shape shape)
    {
        var result = new float[values.Length];
        TensorPrimitives.ConvertTruncating<double, float>(values, result);
        if (TensorPrimitives.IsFiniteAll<float>(result)) return result;
        for (var i = 0; i < result.Length; i++)
        {
            if (!float.IsInfinity(result[i]) || double.IsInfinity(values[i])) continue;
            throw new ModelException(
                $"The data holds {values[i]:G} at [{string.Join(", ", Indices(i, shape))}], beyond float32, in which the engine computes and which ends at "
                + "3.4e+38. Scale the data, or take its logarithm.");
        }

        return result;
    }

    private static string[] WithoutNull(string[] values, Shape shape)
    {
        var missing = Array.IndexOf(values, null);
        return missing < 0
            ? values
            : throw new ModelException($"The data holds no text at [{string.Join(", ", Indices(missing, shape))}], but null. Leave it out, or pass \"\".");
    }

    private static long[] Indices(long element, Shape shape)
    {
        var indices = new long[shape.Rank];
        for (var axis = shape.Rank - 1; axis >= 0; axis--) (element, indices[axis]) = Math.DivRem(element, shape.Dim(axis));
        return indices;
    }

    private sealed class Row<T>(string name, DType stored, Func<T[], Shape, Array> convert) : ElementType(typeof(T), name, stored)
    {
        public override Array Convert(Array values, Shape shape) => convert(Flat(values), shape);

        public override (Array Values, Shape Shape)? Unpack(object values)
        {
            switch (values)
            {
                case T value:
                    return (new[] { value }, Shape.Of());
                case Tensor<T> tensor:
                    var elements = new T[tensor.FlattenedLength];
                    tensor.FlattenTo(elements);
                    return (elements, NDArray.ShapeOf(tensor.Lengths));
                case IEnumerable<T> sequence:
                    var all = sequence.ToArray();
                    return (all, Shape.Of(all.Length));
                default:
                    return null;
            }
        }

        private static T[] Flat(Array values)
        {
            if (values is T[] flat) return flat;
            var result = new T[values.Length];
            ArrayElements.SpanOf<T>(values).CopyTo(result);
            return result;
        }
    }
}
