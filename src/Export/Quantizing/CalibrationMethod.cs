namespace OnnxFunctional.Export;

/// <summary>How the range of an activation follows from the numbers that calibration data gives; 0 is always inside.</summary>
public enum CalibrationMethod
{
    /// <summary>From the least number to the greatest: nothing is cut off.</summary>
    MinMax,

    /// <summary>The range that holds a share of the numbers, <see cref="QuantizationOptions.Percentile"/>; those outside are cut off.</summary>
    Percentile,

    /// <summary>
    /// The range after whose quantization the distribution has the least Kullback-Leibler divergence from the original (TensorRT's method); the whole range of
    /// an activation that calibration gives fewer than 65,536 numbers of.
    /// </summary>
    Entropy,

    /// <summary>The range with the least mean squared error of rounding and cutting off.</summary>
    MeanSquaredError,
}
