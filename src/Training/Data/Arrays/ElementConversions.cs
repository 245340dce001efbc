using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>Elements of one type of the engine as another.</summary>
internal static class ElementConversions
{
    private const float LongLimit = 9.2e18f;

    /// <summary>Elements as float32; whole numbers beyond 2^24 are rounded. Those of other types are converted while they are read.</summary>
    public static Elements<float> Floats(Elements elements) => elements.Narrow is { } bytes ? Lazy<byte, float>(bytes, Widen) : elements switch
    {
        Elements<float> floats => floats,
        Elements<long> longs => Lazy<long, float>(longs, Widen),
        Elements<int> ints => Lazy<int, float>(ints, Widen),
        Elements<byte> unsigned => Lazy<byte, float>(unsigned, Widen),
        Elements<sbyte> signed => Lazy<sbyte, float>(signed, Widen),
        Elements<bool> truths => Lazy<bool, float>(truths, FromTruth),
        _ => throw IsText("The data"),
    };

    /// <summary>Elements as float64: integers exactly, below 2^53.</summary>
    public static Elements<double> Doubles(Elements elements) => elements switch
    {
        Elements<long> longs => Lazy<long, double>(longs, Widen),
        Elements<int> ints => Lazy<int, double>(ints, Widen),
        _ => Lazy<float, double>(Floats(elements), Widen),
    };

    /// <summary>Elements as integers; a real number that is not whole is refused when it is read, with a message that names it.</summary>
    public static Elements<long> Longs(Elements elements, string what) => elements.Narrow is { } bytes ? Lazy<byte, long>(bytes, Widen) : elements switch
    {
        Elements<float> floats => Lazy(floats, Whole(what)),
        Elements<long> longs => longs,
        Elements<int> ints => Lazy<int, long>(ints, Widen),
        Elements<byte> unsigned => Lazy<byte, long>(unsigned, Widen),
        Elements<sbyte> signed => Lazy<sbyte, long>(signed, Widen),
        Elements<bool> truths => Lazy<bool, long>(truths, FromTruth),
        _ => throw IsText(what),
    };

    /// <summary>Elements as a narrower type of integers; one that does not fit is refused when it is read, with a message that names it.</summary>
    /// <param name="elements">The elements.</param>
    /// <param name="what">Who takes them, for messages.</param>
    /// <param name="taken">What is taken, for messages.</param>
    /// <param name="remedy">What else can be done.</param>
    public static Elements<T> Narrowed<T>(Elements elements, string what, string taken, string remedy = "")
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var (lowest, highest) = (long.CreateChecked(T.MinValue), long.CreateChecked(T.MaxValue));
        return Lazy<long, T>(Longs(elements, what), Narrow);

        void Narrow(ReadOnlySpan<long> from, Span<T> to, long first)
        {
            if (TensorPrimitives.Min(from) < lowest || TensorPrimitives.Max(from) > highest)
            {
                var beyond = from.IndexOfAnyExceptInRange(lowest, highest);
                throw new ModelException($"{what} takes {taken}, but element {first + beyond} is {from[beyond]}.{remedy}");
            }

            TensorPrimitives.ConvertTruncating(from, to);
        }
    }

    /// <summary>Elements as a type of the engine.</summary>
    /// <exception cref="ModelException">They do not convert to that type, or one of them does not.</exception>
    public static Elements Of(Elements elements, DType type, string what)
    {
        switch (type)
        {
            case DType.Float32:
                return Settled(Floats(elements));
            case DType.Int64:
                return Settled(Longs(elements, what));
            case DType.Int32:
                return elements.Narrow is { } bytes
                    ? Lazy<byte, int>(bytes, Widen)
                    : Settled(Narrowed<int>(elements, what, "int32", " Declare the input with dtype: DType.Int64."));
            case DType.UInt8:
                return Bytes(elements, what);
            case DType.Int8:
                return Settled(Narrowed<sbyte>(elements, what, "int8, -128 to 127"));
            case DType.Bool:
                return Settled(Lazy<float, bool>(Floats(elements), (from, to, _) =>
                {
                    for (var i = 0; i < to.Length; i++) to[i] = from[i] != 0;
                }));
            default:
                throw new ModelException(
                    $"{what} takes {type.KerasName()}, which arrays in memory do not support. Declare the input as float32 or an integer type.");
        }
    }

    /// <summary>Elements as bytes.</summary>
    /// <exception cref="ModelException">One is no integer from 0 to 255.</exception>
    public static Elements<byte> Bytes(Elements elements, string what) =>
        elements.Narrow ?? elements as Elements<byte> ?? (Elements<byte>)Settled(Narrowed<byte>(elements, what, "bytes, 0 to 255"));

    /// <summary>Bytes as truth values: all but 0 are true.</summary>
    public static Elements<bool> Truths(Elements<byte> bytes) => Lazy<byte, bool>(bytes, (from, to, _) =>
    {
        for (var i = 0; i < to.Length; i++) to[i] = from[i] != 0;
    });

    /// <summary>The refusal of text where numbers are computed with.</summary>
    public static ModelException IsText(string what) => new(
        $"{what} holds text where numbers are needed. Begin the model with an input of dtype: DType.String and StringLookup, TextVectorization or Hashing, "
        + "or make numbers of the text before.");

    /// <summary>
    /// Elements that are converted once, which tells early what cannot be; those of files, of bytes and of arrays too large for a copy are converted when they
    /// are read.
    /// </summary>
    public static Elements Settled<T>(Elements<T> elements) =>
        elements is HeldElements<T> || elements.IsInFile || elements.Narrow is not null || elements.Length > Array.MaxLength
            ? elements
            : new HeldElements<T>(elements.ToArray((int)elements.Length));

    private static ConvertedElements<TFrom, T> Lazy<TFrom, T>(Elements<TFrom> elements, Conversion<TFrom, T> convert) => new(elements, 0, convert);

    /// <summary>A conversion that cannot fail.</summary>
    public static void Widen<TFrom, T>(ReadOnlySpan<TFrom> from, Span<T> to, long first)
        where TFrom : INumberBase<TFrom>
        where T : INumberBase<T> => TensorPrimitives.ConvertTruncating(from, to);

    /// <summary>Truth values as 0 and 1.</summary>
    private static void FromTruth<T>(ReadOnlySpan<bool> from, Span<T> to, long first)
        where T : INumberBase<T>
    {
        for (var i = 0; i < from.Length; i++) to[i] = from[i] ? T.One : T.Zero;
    }

    private static Conversion<float, long> Whole(string what) => (from, to, first) =>
    {
        for (var i = 0; i < from.Length; i++)
        {
            to[i] = float.IsInteger(from[i]) && MathF.Abs(from[i]) < LongLimit
                ? (long)from[i]
                : throw new ModelException($"{what} takes integers, but element {first + i} is {from[i]}.");
        }
    };
}
