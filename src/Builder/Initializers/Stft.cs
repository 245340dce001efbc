namespace OnnxFunctional.Initializers;

/// <summary>A part of a complex number.</summary>
public enum StftSide
{
    /// <summary>The real part.</summary>
    Real,

    /// <summary>The imaginary part.</summary>
    Imag,
}

/// <summary>What the window of a Fourier transform is divided by.</summary>
public enum WindowScaling
{
    /// <summary>The root of the sum of its squares.</summary>
    Density,

    /// <summary>The sum of its magnitudes.</summary>
    Spectrum,
}

/// <summary>The waves of a short-time Fourier transform under a window, as the kernel of a convolution.</summary>
/// <remarks>The weight has the shape (length of a piece, 1, frequencies). Keras: https://keras.io/api/layers/initializers/</remarks>
/// <param name="side">Whether the kernel computes the real part or the imaginary one.</param>
/// <param name="window">The window: hann, hamming, blackman, nuttall, blackmanharris, flattop, bartlett, cosine, boxcar, or null for none.</param>
/// <param name="scaling">What the window is divided by; null for nothing.</param>
/// <param name="periodic">Whether the window is one period; otherwise it is symmetric.</param>
/// <exception cref="ModelException">There is no such window.</exception>
public sealed class Stft(
    StftSide side = StftSide.Real, string? window = "hann", WindowScaling? scaling = WindowScaling.Density, bool periodic = false) : Initializer
{
    /// <summary>Whether the kernel computes the real part or the imaginary one.</summary>
    public StftSide Side { get; } = side;

    /// <summary>The window; null for none.</summary>
    public string? Window { get; } = AnalysisWindows.Checked(window, "STFT");

    /// <summary>What the window is divided by; null for nothing.</summary>
    public WindowScaling? Scaling { get; } = scaling;

    /// <summary>Whether the window is one period; otherwise it is symmetric.</summary>
    public bool Periodic { get; } = periodic;

    /// <inheritdoc/>
    protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values)
    {
        if (shape.Rank != 3 || shape.Dims[1] != 1)
            throw new ModelException($"STFT fills kernels of shape (length, 1, frequencies), but the weight has shape {shape}. Choose another initializer.");
        var weights = AnalysisWindows.Of(Window, shape.Dims[0], Periodic);
        var scale = Window is null ? 1 : Scaling switch
        {
            WindowScaling.Density => Math.Sqrt(weights.Sum(weight => weight * weight)),
            WindowScaling.Spectrum => weights.Sum(Math.Abs),
            _ => 1,
        };
        AnalysisWindows.Waves(shape.Dims[0], shape.Dims[2], Side == StftSide.Real, time => weights[time] / scale, values);
    }
}
