using System.Globalization;

namespace OnnxFunctional.Export.Verify;

/// <summary>The differences of one tensor of two files over all runs.</summary>
internal sealed class TensorComparison(ComparisonOptions options)
{
    private Shape _shape;
    private bool _isKnown;
    private float _value, _difference;
    private double _worst = double.NegativeInfinity;
    private string _where = "";

    public void Add(OnnxValue expected, OnnxValue actual, string run)
    {
        if (!_isKnown) (_shape, _isKnown) = (Shape.Create([.. expected.Lengths.ToArray().Select(length => (int?)length)]), true);
        if (!expected.Lengths.SequenceEqual(actual.Lengths) || expected.ElementType != actual.ElementType)
        {
            Differs(double.PositiveInfinity, float.NaN, $"{run}: {expected} and {actual}");
            return;
        }

        var (ours, theirs) = (Numbers(expected), Numbers(actual));
        var largest = 0.0;
        foreach (var value in ours) largest = double.IsFinite(value) ? Math.Max(largest, Math.Abs(value)) : largest;
        _value = Math.Max(_value, (float)largest);
        var tolerance = options.AbsoluteTolerance + (options.RelativeTolerance * largest);
        for (var i = 0; i < ours.Length; i++)
        {
            if (ours[i] == theirs[i] || (double.IsNaN(ours[i]) && double.IsNaN(theirs[i]))) continue;
            var difference = Math.Abs(ours[i] - theirs[i]);
            var ratio = double.IsFinite(difference) ? tolerance > 0 ? difference / tolerance : double.PositiveInfinity : double.PositiveInfinity;
            Differs(ratio, (float)difference, string.Create(
                CultureInfo.InvariantCulture, $"{run}, element {i} of {ours.Length}: {ours[i]:G7} and {theirs[i]:G7}"));
        }
    }

    public LayerDifference Result(string name) => new(name, _shape, _difference, _value, !(_worst > 1), _where);

    private void Differs(double ratio, float difference, string where)
    {
        _difference = float.IsNaN(_difference) || float.IsNaN(difference) ? float.NaN : Math.Max(_difference, difference);
        if (ratio <= _worst) return;
        (_worst, _where) = (ratio, where);
    }

    private static double[] Numbers(OnnxValue value)
    {
        return Type.GetTypeCode(value.ElementType) switch
        {
            TypeCode.Single => Of<float>(number => number),
            TypeCode.Double => Of<double>(number => number),
            TypeCode.Int64 => Of<long>(number => number),
            TypeCode.Int32 => Of<int>(number => number),
            TypeCode.Byte => Of<byte>(number => number),
            TypeCode.SByte => Of<sbyte>(number => number),
            TypeCode.Boolean => Of<bool>(truth => truth ? 1 : 0),
            TypeCode.String => Of<string>(text => string.GetHashCode(text, StringComparison.Ordinal)),
            _ => throw new ExportException($"{value} cannot be compared; expected numbers of 8, 32 or 64 bits, truth values or text."),
        };

        double[] Of<T>(Converter<T, double> convert)
        {
            var tensor = value.As<T>();
            var elements = new T[tensor.FlattenedLength];
            tensor.FlattenTo(elements);
            return Array.ConvertAll(elements, convert);
        }
    }
}
