using OnnxFunctional.Initializers;

namespace OnnxFunctional.Layers;

/// <summary>What a spectrogram says of each frequency.</summary>
public enum SpectrogramMode
{
    /// <summary>The logarithm of the magnitude.</summary>
    Log,

    /// <summary>The magnitude.</summary>
    Magnitude,

    /// <summary>The power, that of negative frequencies included.</summary>
    Psd,

    /// <summary>The real part.</summary>
    Real,

    /// <summary>The imaginary part.</summary>
    Imag,

    /// <summary>The angle between both, in radians.</summary>
    Angle,

    /// <summary>The real parts, then the imaginary ones.</summary>
    Stft,
}

/// <summary>The short-time Fourier transform of sound: what frequencies each piece of it holds. Its waves are weights, which training may change.</summary>
/// <remarks>
/// <para>
/// Input: (batch, samples, channels). Output: (batch, pieces, channels * frequencies), or with expandDims (batch, pieces, frequencies, channels); there are
/// fftLength / 2 + 1 frequencies, twice as many with SpectrogramMode.Stft. Weights: real_kernel and imag_kernel (frameLength, 1, fftLength / 2 + 1), without
/// the one that the mode does not need.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/stft_spectrogram/</para>
/// </remarks>
/// <param name="mode">What the output says of each frequency.</param>
/// <param name="frameLength">The length of a piece.</param>
/// <param name="frameStep">The distance between pieces, up to frameLength; half of that by default.</param>
/// <param name="fftLength">The length of the transform, at least frameLength; by default the next power of two.</param>
/// <param name="window">The window: hann, hamming, blackman, nuttall, blackmanharris, flattop, bartlett, cosine, boxcar, or null for none.</param>
/// <param name="periodic">Whether the window is one period; otherwise it is symmetric.</param>
/// <param name="scaling">What the window is divided by; null for nothing.</param>
/// <param name="padding">Valid or Same.</param>
/// <param name="expandDims">Whether frequencies and channels have an axis each.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is out of range.</exception>
public sealed class StftSpectrogram(
    SpectrogramMode mode = SpectrogramMode.Log,
    int frameLength = 256,
    int? frameStep = null,
    int? fftLength = null,
    string? window = "hann",
    bool periodic = false,
    WindowScaling? scaling = WindowScaling.Density,
    Padding padding = Padding.Valid,
    bool expandDims = false,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : Layer(name)
{
    // Keras' epsilon, below which nothing has a root or logarithm.
    private const double Epsilon = 1e-7;

    /// <summary>What the output says of each frequency.</summary>
    public SpectrogramMode Mode { get; } = mode;

    /// <summary>The length of a piece.</summary>
    public int FrameLength { get; } = Check.Positive(frameLength, "StftSpectrogram", nameof(frameLength));

    /// <summary>The distance between pieces; null for half of their length.</summary>
    public int? FrameStep { get; } = frameStep is null || (frameStep > 0 && frameStep <= frameLength)
        ? frameStep
        : throw Check.Option("StftSpectrogram", nameof(frameStep), Check.Text(frameStep.Value), $"1 to frameLength, {Check.Text(frameLength)}");

    /// <summary>The length of the transform; null for the next power of two.</summary>
    public int? FftLength { get; } = fftLength is null || fftLength >= frameLength
        ? fftLength
        : throw Check.Option("StftSpectrogram", nameof(fftLength), Check.Text(fftLength.Value), $"at least frameLength, {Check.Text(frameLength)}");

    /// <summary>The window; null for none.</summary>
    public string? Window { get; } = AnalysisWindows.Checked(window, "StftSpectrogram");

    /// <summary>Whether the window is one period; otherwise it is symmetric.</summary>
    public bool Periodic { get; } = periodic;

    /// <summary>What the window is divided by; null for nothing.</summary>
    public WindowScaling? Scaling { get; } = scaling;

    /// <summary>Valid or Same.</summary>
    public Padding Padding { get; } = padding != Padding.Causal
        ? padding
        : throw Check.Option("StftSpectrogram", nameof(padding), nameof(Padding.Causal), "Valid or Same");

    /// <summary>Whether frequencies and channels have an axis each.</summary>
    public bool ExpandDims { get; } = expandDims;

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    internal override string ClassName => "STFTSpectrogram";

    private int Bins => ((FftLength ?? (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)FrameLength)) / 2) + 1;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, 1, DataFormat);
        x = ChannelOrder.ToLast(x, DataFormat);
        var channels = Check.Known(x, 2, "the number of channels");
        var real = Mode == SpectrogramMode.Imag ? null : Part(x, channels, StftSide.Real);
        var imaginary = Mode == SpectrogramMode.Real ? null : Part(x, channels, StftSide.Imag);
        var y = Mode switch
        {
            SpectrogramMode.Real => real!,
            SpectrogramMode.Imag => imaginary!,
            SpectrogramMode.Angle => Angle(imaginary!, real!),
            SpectrogramMode.Stft => Ops.Concatenate([real!, imaginary!]),
            SpectrogramMode.Psd => Power() * Ops.Constant(Shape.Of(Bins), [.. Enumerable.Range(0, Bins).Select(bin => bin == 0 || bin == Bins - 1 ? 1f : 2f)]),
            SpectrogramMode.Magnitude => Magnitude(),
            _ => Ops.Log(Ops.Maximum(Magnitude(), Epsilon)),
        };

        // The axes are batch, pieces, channels, frequencies.
        var first = DataFormat == DataFormat.ChannelsFirst;
        if (ExpandDims) return first ? Ops.Transpose(y, 0, 2, 1, 3) : Ops.Transpose(y, 0, 1, 3, 2);
        y = Ops.Reshape(y, 0, 0, channels * (int)y.Shape[3]!);
        return first ? Ops.Transpose(y, 0, 2, 1) : y;

        SymbolicTensor Power() => Ops.Square(real!) + Ops.Square(imaginary!);

        SymbolicTensor Magnitude() => Ops.Sqrt(Ops.Maximum(Power(), Epsilon));
    }

    /// <summary>The real or the imaginary part of each channel: (batch, pieces, channels, frequencies).</summary>
    private SymbolicTensor Part(SymbolicTensor x, int channels, StftSide side)
    {
        var kernel = Weight(side == StftSide.Real ? "real_kernel" : "imag_kernel", [FrameLength, 1, Bins], new Stft(side, Window, Scaling, Periodic));
        if (channels > 1) kernel = Ops.Tile(kernel, 1, 1, channels);
        var window = new Operators.Window([FrameStep ?? Math.Max(FrameLength / 2, 1)], [1], Padding, channels);
        return Ops.Reshape(Ops.Make(new Operators.Conv(window), x, kernel), 0, 0, channels, Bins);
    }

    /// <summary>The angle of the point (x, y), from -pi to pi.</summary>
    private static SymbolicTensor Angle(SymbolicTensor y, SymbolicTensor x)
    {
        var side = Ops.Where(Ops.Less(y, 0), -1, 1);
        var angle = Ops.Atan(y / Ops.Where(Ops.Equal(x, 0), 1, x)) + Ops.Where(Ops.Less(x, 0), side * Math.PI, 0);
        return Ops.Where(Ops.Equal(x, 0), Ops.Sign(y) * (Math.PI / 2), angle);
    }
}
