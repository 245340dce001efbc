using System.Numerics.Tensors;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>The distribution of the numbers of one or several tensors that share a range, collected in two passes: the ends, then the counts.</summary>
internal sealed class RangeHistogram
{
    // A range of a thirtieth of the whole one still has more bins than integers have levels.
    private const int Bins = 8192;
    private const int Levels = 256;

    // Each end is tried at 2^(-k / 8) of itself, down to a 256th; twice, since the best of one depends on the other.
    private const int Tried = 64;
    private const int TriedPerHalf = 8;
    private const int Rounds = 2;
    private const int FewestForEntropy = 1 << 16;

    private readonly double[] _counts = new double[Bins];
    private double _zeros;
    private float _least, _greatest;

    /// <summary>First pass: takes note of the ends. Numbers that are not finite are refused.</summary>
    public bool Extend(ReadOnlySpan<float> numbers)
    {
        if (numbers.IsEmpty) return true;
        var (least, greatest) = (TensorPrimitives.Min(numbers), TensorPrimitives.Max(numbers));
        (_least, _greatest) = (Math.Min(_least, least), Math.Max(_greatest, greatest));
        return float.IsFinite(least) && float.IsFinite(greatest);
    }

    /// <summary>Second pass: counts. Zeros, half of all numbers behind a relu, are apart: they are exact in every range.</summary>
    public void Count(ReadOnlySpan<float> numbers)
    {
        var width = (_greatest - (double)_least) / Bins;
        if (width == 0) return;
        foreach (var number in numbers)
        {
            if (number == 0) _zeros++;
            else _counts[Math.Clamp((int)((number - _least) / width), 0, Bins - 1)]++;
        }
    }

    /// <summary>The range; 0 lies in it.</summary>
    public (float Least, float Greatest) Range(QuantizationOptions options) => _greatest == _least ? (_least, _greatest) : options.Method switch
    {
        CalibrationMethod.Percentile => Percentile(options.Percentile / 100),
        CalibrationMethod.MeanSquaredError => Best(SquaredError),

        // Bins that hold a number or none say nothing of the distribution: a range so narrow that each number has a level of its own would be best.
        CalibrationMethod.Entropy => _counts.Sum() < FewestForEntropy ? (_least, _greatest) : Best(Divergence),
        _ => (_least, _greatest),
    };

    private double Center(int bin) => _least + ((_greatest - (double)_least) * (bin + 0.5) / Bins);

    private (float Least, float Greatest) Percentile(double share)
    {
        var outside = (_counts.Sum() + _zeros) * (1 - share);

        // All that is cut off may be at one end, as behind a relu, or half of it at each.
        var (first, last) = (0, Bins - 1);
        var each = _least < 0 && _greatest > 0 ? outside / 2 : outside;
        for (var cut = _counts[0]; _least < 0 && cut <= each && first < last; cut += _counts[first]) first++;
        for (var cut = _counts[^1]; _greatest > 0 && cut <= each && last > first; cut += _counts[last]) last--;
        return ((float)Math.Min(0, first == 0 ? _least : Center(first)), (float)Math.Max(0, last == Bins - 1 ? _greatest : Center(last)));
    }

    private (float Least, float Greatest) Best(Func<double, double, double> loss)
    {
        (double Least, double Greatest) best = (_least, _greatest);
        var lowest = loss(best.Least, best.Greatest);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i <= Tried; i++) Try((best.Least, _greatest * Share(i)));
            for (var i = 0; i <= Tried; i++) Try((_least * Share(i), best.Greatest));
        }

        return ((float)best.Least, (float)best.Greatest);

        static double Share(int i) => Math.Pow(2, -(double)i / TriedPerHalf);

        void Try((double Least, double Greatest) range)
        {
            if (range.Greatest <= range.Least) return;
            var value = loss(range.Least, range.Greatest);
            if (value < lowest) (best, lowest) = (range, value);
        }
    }

    private double SquaredError(double least, double greatest)
    {
        var step = (greatest - least) / (Levels - 1);
        var sum = 0.0;
        for (var i = 0; i < Bins; i++)
        {
            if (_counts[i] == 0) continue;
            var (number, inside) = (Center(i), Math.Clamp(Center(i), least, greatest));
            var rounded = least + (Math.Round((inside - least) / step) * step);

            // Numbers of a bin that is wider than a step are spread over it.
            sum += _counts[i] * (((number - rounded) * (number - rounded)) + (inside == number ? 0 : step * step / 12));
        }

        return sum;
    }

    /// <summary>The divergence of the distribution with what is cut off at its ends from its form in as many levels as integers have.</summary>
    private double Divergence(double least, double greatest)
    {
        var width = (_greatest - (double)_least) / Bins;
        var (first, last) = (Math.Max(0, (int)Math.Round((least - _least) / width)), Math.Min(Bins, (int)Math.Round((greatest - _least) / width)));
        if (last - first < Levels) return double.PositiveInfinity;
        var kept = _counts[first..last];
        var reference = (double[])kept.Clone();
        for (var i = 0; i < first; i++) reference[0] += _counts[i];
        for (var i = last; i < Bins; i++) reference[^1] += _counts[i];
        var (total, all) = (reference.Sum(), kept.Sum());
        if (all == 0) return double.PositiveInfinity;
        var divergence = 0.0;
        for (var level = 0; level < Levels; level++)
        {
            var (begin, end) = ((int)((long)level * kept.Length / Levels), (int)(((long)level + 1) * kept.Length / Levels));
            var (sum, filled) = (0.0, 0);
            for (var i = begin; i < end; i++)
            {
                sum += kept[i];
                filled += kept[i] > 0 ? 1 : 0;
            }

            for (var i = begin; i < end; i++)
            {
                if (reference[i] == 0) continue;

                // What is cut off may fall where nothing was: as little as can be told apart.
                var quantized = kept[i] > 0 ? sum / filled / all : 1e-9;
                divergence += reference[i] / total * Math.Log(reference[i] / total / quantized);
            }
        }

        return divergence;
    }
}
