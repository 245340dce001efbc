using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>What the numbers of a layer's output are like. Mean, deviation, least and greatest are those of the finite ones.</summary>
/// <param name="Layer">The layer's name, after those of the models around it.</param>
/// <param name="ClassName">Its class in Keras' words; for a file of another program, the operator.</param>
/// <param name="Shape">The shape of the output for all samples.</param>
/// <param name="Minimum">The least number; NaN if there is no finite one.</param>
/// <param name="Maximum">The greatest number.</param>
/// <param name="Mean">The mean.</param>
/// <param name="StandardDeviation">The standard deviation of all numbers.</param>
/// <param name="Zeros">The share of numbers that are 0, from 0 to 1.</param>
/// <param name="NaNs">How many numbers are NaN.</param>
/// <param name="Infinities">How many numbers are infinite.</param>
public sealed record LayerStatistics(
    string Layer,
    string ClassName,
    Shape Shape,
    double Minimum,
    double Maximum,
    double Mean,
    double StandardDeviation,
    double Zeros,
    long NaNs,
    long Infinities)
{
    /// <summary>Whether all numbers are finite.</summary>
    public bool IsFinite => NaNs + Infinities == 0;
}

/// <summary>Collects the statistics of an output over batches.</summary>
internal sealed class StatisticsSum
{
    private double _minimum = double.PositiveInfinity, _maximum = double.NegativeInfinity, _mean, _squares;
    private long _finite, _count, _zeros, _nans, _infinities;
    private Shape _shape;
    private bool _isPerSample;
    private int _samples;
    private float[] _numbers = [];

    public void Add(ValueBuffer buffer, int samples)
    {
        var first = _samples == 0;
        _samples += samples;
        if (first)
        {
            _shape = buffer.Shape;
            _isPerSample = buffer.Shape.Rank > 0 && buffer.Shape.Dims[0] == samples;
        }
        else if (!_isPerSample) return;
        if (buffer.Spec.Type == DType.String) return;
        if (_numbers.Length < buffer.Length) _numbers = new float[buffer.Length];
        Prediction.CopyAsFloats(buffer, _numbers.AsSpan(0, buffer.Length));
        foreach (var number in _numbers.AsSpan(0, buffer.Length)) Add(number);
    }

    public LayerStatistics Result(InspectedLayer layer)
    {
        var shape = _isPerSample ? _shape.With(0, _samples) : _shape;
        return new LayerStatistics(
            layer.Path,
            layer.ClassName,
            shape,
            _finite > 0 ? _minimum : double.NaN,
            _finite > 0 ? _maximum : double.NaN,
            _finite > 0 ? _mean : double.NaN,
            _finite > 0 ? Math.Sqrt(_squares / _finite) : double.NaN,
            _count > 0 ? _zeros / (double)_count : 0,
            _nans,
            _infinities);
    }

    /// <summary>Welford's sums, which lose no digits where the mean is large beside the deviation.</summary>
    private void Add(double value)
    {
        _count++;
        if (double.IsNaN(value)) _nans++;
        else if (double.IsInfinity(value)) _infinities++;
        else
        {
            if (value == 0) _zeros++;
            _minimum = Math.Min(_minimum, value);
            _maximum = Math.Max(_maximum, value);
            var difference = value - _mean;
            _mean += difference / ++_finite;
            _squares += difference * (value - _mean);
        }
    }
}
