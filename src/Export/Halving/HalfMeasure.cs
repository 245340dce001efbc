namespace OnnxFunctional.Export.Halving;

/// <summary>What a layer's numbers are like on calibration data.</summary>
/// <param name="layer">The path of the layer.</param>
/// <param name="weights">The number of its weights.</param>
/// <param name="largestWeight">The largest magnitude of its weights.</param>
/// <param name="type">What its numbers are rounded to.</param>
internal sealed class HalfMeasure(string layer, long weights, float largestWeight, DType type)
{
    // The largest number of float16. Half of it is too near to it: other data has larger numbers.
    private const float Most = 65504;

    private double _difference;
    private double _energy;

    public string Layer => layer;

    public long Weights => weights;

    /// <summary>The largest magnitude of its weights.</summary>
    public float LargestWeight { get; } = largestWeight;

    /// <summary>The largest magnitude of its weights, of what it reads and of its results, in float32.</summary>
    public float Largest { get; private set; } = largestWeight;

    /// <summary>The largest magnitude of its results when it computes in 16 bits; infinite where they overflow.</summary>
    public float LargestHalf { get; private set; }

    /// <summary>Whether calibration data was computed.</summary>
    public bool IsMeasured { get; private set; }

    /// <summary>Whether its numbers leave the range of float16. What is far outside and finite after rounding stands for infinity, as in masks.</summary>
    public bool Overflows => type == DType.Float16
        && (LargestWeight > Most || float.IsInfinity(LargestHalf) || (LargestHalf > 0 && Largest is > Most / 2 and <= Most));

    /// <summary>The error of its results if it computes in 16 bits from exact inputs, as a share of their energy.</summary>
    public double Error => _energy > 0 ? _difference / _energy : _difference > 0 ? double.PositiveInfinity : 0;

    /// <summary>Adds the results of a batch.</summary>
    public void Add(float largest, float largestHalf, float difference, float energy)
    {
        IsMeasured = true;
        Largest = Greater(Largest, largest);
        LargestHalf = Greater(LargestHalf, largestHalf);

        // What is not finite in float32 either, such as masked scores, is no error of 16 bits.
        _difference += float.IsFinite(difference) ? difference : float.PositiveInfinity;
        _energy += float.IsFinite(energy) ? energy : 0;
    }

    // A number that is none counts as infinite.
    private static float Greater(float a, float b) => float.IsNaN(b) ? float.PositiveInfinity : Math.Max(a, b);
}
