using System.Collections.Frozen;
using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>A .NET type of elements that arrays are made from: one row of the table of them.</summary>
internal abstract class ElementType
{
    private static readonly FrozenDictionary<Type, ElementType> s_all = new ElementType[]
    {
        new Row<float, float>("float", DType.Float32, null),
        new Row<double, float>("double", DType.Float32, Narrowed),
        new Row<decimal, float>("decimal", DType.Float32, Widened),
        new Row<Half, float>("Half", DType.Float32, Widened),
        new Row<long, long>("long", DType.Int64, null),
        new Row<uint, long>("uint", DType.Int64, Widened),
        new Row<int, int>("int", DType.Int32, null),
        new Row<short, int>("short", DType.Int32, Widened),
        new Row<ushort, int>("ushort", DType.Int32, Widened),
        new Row<sbyte, int>("sbyte", DType.Int32, Widened),
        new Row<byte, int>("byte", DType.Int32, Widened),
        new Row<bool, bool>("bool", DType.Bool, null),
        new Row<string, string>("string", DType.String, null),
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

    /// <summary>The elements in the type in which the engine takes them: the same ones, if they need no conversion.</summary>
    /// <param name="values">An array of any rank of this type.</param>
    /// <param name="shape">Its dimensions.</param>
    public NDArray From(Array values, Shape shape) => From(Held(values), shape);

    /// <summary>An array of elements of this type.</summary>
    /// <param name="values">The elements.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <exception cref="ModelException">One is no value of the type in which the engine takes them; the message says where.</exception>
    public abstract NDArray From(Elements values, Shape shape);

    /// <summary>A value, a sequence or a tensor of this type as an array; null if it is none of these.</summary>
    public abstract NDArray? Unpack(object values);

    /// <summary>The elements of an array of .NET of any rank.</summary>
    protected abstract Elements Held(Array values);

    /// <summary>Doubles are computed as float32. Infinities stay what they are; finite numbers must stay finite.</summary>
    private static void Narrowed(ReadOnlySpan<double> from, Span<float> to, long first, Shape shape)
    {
        TensorPrimitives.ConvertTruncating(from, to);
        if (TensorPrimitives.IsFiniteAll<float>(to)) return;
        for (var i = 0; i < to.Length; i++)
        {
            if (!float.IsInfinity(to[i]) || double.IsInfinity(from[i])) continue;
            throw new ModelException(
                $"The data holds {from[i]:G} at [{string.Join(", ", Indices(first + i, shape))}], beyond float32, in which the engine computes and which ends "
                + "at 3.4e+38. Scale the data, or take its logarithm.");
        }
    }

    private static void Widened<T, TStored>(ReadOnlySpan<T> from, Span<TStored> to, long first, Shape shape)
        where T : INumberBase<T>
        where TStored : INumberBase<TStored> => ElementConversions.Widen(from, to, first);

    private static void RefuseNull(Elements<string> values, Shape shape)
    {
        foreach (var chunk in values.Chunks())
        {
            var missing = chunk.Span.IndexOf((string)null!);
            if (missing < 0) continue;
            throw new ModelException(
                $"The data holds no text at [{string.Join(", ", Indices(chunk.Start + missing, shape))}], but null. Leave it out, or pass \"\".");
        }
    }

    private static long[] Indices(long element, Shape shape)
    {
        var indices = new long[shape.Rank];
        for (var axis = shape.Rank - 1; axis >= 0; axis--) (element, indices[axis]) = Math.DivRem(element, shape.Dim(axis));
        return indices;
    }

    private delegate void Conversion<T, TStored>(ReadOnlySpan<T> from, Span<TStored> to, long first, Shape shape);

    private sealed class Row<T, TStored>(string name, DType stored, Conversion<T, TStored>? convert) : ElementType(typeof(T), name, stored)
    {
        public override NDArray From(Elements values, Shape shape)
        {
            if (values is Elements<string> texts) RefuseNull(texts, shape);
            if (convert is null) return new NDArray(shape, Stored, values);
            NDArray.CheckCount(shape, values.Length);
            var converted = new ConvertedElements<T, TStored>((Elements<T>)values, 0, (from, to, first) => convert(from, to, first, shape));
            return new NDArray(shape, Stored, ElementConversions.Settled(converted));
        }

        public override NDArray? Unpack(object values)
        {
            switch (values)
            {
                case T value:
                    return From(new HeldElements<T>(new[] { value }), Shape.Of());
                case Tensor<T> tensor:
                    return From(HeldElements<T>.Of(tensor), NDArray.ShapeOf(tensor.Lengths));
                case IEnumerable<T> sequence:
                    var all = sequence.ToArray();
                    return From(new HeldElements<T>(all), Shape.Of(all.Length));
                default:
                    return null;
            }
        }

        protected override Elements Held(Array values) => new HeldElements<T>(values);
    }
}
