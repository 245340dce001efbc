using System.Globalization;

namespace OnnxFunctional.Export.Layouts;

/// <summary>The order of features after flattening images whose axes are in another order in the file than in the graph.</summary>
/// <remarks>A sequence of blocks: each was flattened from dimensions that are stored permuted; a block of one dimension is in the order of the graph.</remarks>
internal sealed class FeatureOrder : IEquatable<FeatureOrder>
{
    private readonly (IntList Dims, IntList Permutation)[] _blocks;
    private readonly string _text;

    private FeatureOrder((IntList Dims, IntList Permutation)[] blocks)
    {
        _blocks = blocks;
        _text = string.Join('+', blocks.Select(block => string.Join('x', Numbers(block.Dims)) + ">" + string.Join(',', Numbers(block.Permutation))));
        Size = blocks.Sum(block => Product(block.Dims));
    }

    public int Size { get; }

    /// <summary>One flattened image of those dimensions; stored axis i is axis <c>permutation[i]</c>.</summary>
    public static FeatureOrder Of(IntList dims, IntList permutation) => new([(dims, permutation)]);

    /// <summary>Features in the order of the graph.</summary>
    public static FeatureOrder Plain(int size) => Of([size], [0]);

    public static FeatureOrder Concatenate(IEnumerable<FeatureOrder> orders) => new([.. orders.SelectMany(order => order._blocks)]);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text is malformed.</exception>
    public static FeatureOrder Parse(string text)
    {
        var blocks = text.Split('+').Select(block =>
        {
            var parts = block.Split('>');
            if (parts.Length != 2) throw new FormatException($"'{block}' is not a block of features.");
            var (dims, permutation) = (Integers(parts[0], 'x'), Integers(parts[1], ','));
            if (!permutation.Order().SequenceEqual(Enumerable.Range(0, dims.Count)) || dims.Any(dim => dim <= 0))
                throw new FormatException($"'{block}' is not a block of features.");
            return (dims, permutation);
        });
        return new([.. blocks]);
    }

    /// <summary>For each stored position, the feature of the graph that is stored there.</summary>
    public int[] Sources()
    {
        var result = new int[Size];
        var (at, offset) = (0, 0);
        foreach (var (dims, permutation) in _blocks)
        {
            var strides = new int[dims.Count];
            var size = 1;
            for (var i = dims.Count - 1; i >= 0; i--)
            {
                strides[i] = size;
                size *= dims[i];
            }

            var index = new int[dims.Count];
            for (var n = 0; n < size; n++)
            {
                var source = offset;
                for (var i = 0; i < index.Length; i++) source += index[i] * strides[permutation[i]];
                result[at++] = source;
                for (var i = index.Length - 1; i >= 0 && ++index[i] == dims[permutation[i]]; i--) index[i] = 0;
            }

            offset += size;
        }

        return result;
    }

    /// <summary>For each feature of the graph, its stored position.</summary>
    public int[] Targets()
    {
        var sources = Sources();
        var targets = new int[sources.Length];
        for (var i = 0; i < sources.Length; i++) targets[sources[i]] = i;
        return targets;
    }

    public bool Equals(FeatureOrder? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as FeatureOrder);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _text;

    internal static IEnumerable<string> Numbers(IEnumerable<int> numbers) => numbers.Select(number => number.ToString(CultureInfo.InvariantCulture));

    internal static IntList Integers(string text, char separator) =>
        text.Length == 0 ? [] : [.. text.Split(separator).Select(part => int.Parse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))];

    private static int Product(IntList dims)
    {
        var product = 1;
        foreach (var dim in dims) product = checked(product * dim);
        return product;
    }
}
