using OnnxFunctional.Initializers;

namespace OnnxFunctional.Layers;

/// <summary>The strength of tones in pieces of a sound, on a scale of pitch: a picture of what is heard when.</summary>
/// <remarks>
/// <para>
/// Of each piece under a window the strength of every frequency is taken, added up in bands of equal width in mel, and turned into decibels. Pieces reach
/// half of their length beyond the ends of the sound, which is mirrored there.
/// </para>
/// <para>
/// Input: sound, (batch, samples), more than fftLength / 2 of them. Output: (batch, numMelBins, samples / sequenceStride + 1). No weights. With powerToDb,
/// values that are more than topDb below the loudest one of the batch are raised to that. The transform is two products with constants, which are smallest
/// where sequenceStride and fftLength have a divisor near the root of fftLength; where they have none in common, they are fftLength squared.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/mel_spectrogram/</para>
/// </remarks>
/// <param name="fftLength">The length of the transform, even.</param>
/// <param name="sequenceStride">The distance between pieces.</param>
/// <param name="sequenceLength">The length of a piece, up to fftLength; fftLength by default.</param>
/// <param name="window">The window: hann, hamming, or null for none.</param>
/// <param name="samplingRate">The number of samples per second.</param>
/// <param name="numMelBins">The number of bands.</param>
/// <param name="minFreq">The lowest frequency of the bands, in hertz.</param>
/// <param name="maxFreq">The highest frequency; half of the sampling rate by default.</param>
/// <param name="powerToDb">Whether the result is in decibels.</param>
/// <param name="topDb">How far below the loudest value others may be, in decibels.</param>
/// <param name="magExp">The exponent of strengths: 2 for power, 1 for magnitude.</param>
/// <param name="minPower">Smaller values count as this one in decibels.</param>
/// <param name="refPower">The value of 0 decibels.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is out of range.</exception>
public sealed class MelSpectrogram(
    int fftLength = 2048,
    int sequenceStride = 512,
    int? sequenceLength = null,
    string? window = "hann",
    int samplingRate = 16000,
    int numMelBins = 128,
    double minFreq = 20,
    double? maxFreq = null,
    bool powerToDb = true,
    double topDb = 80,
    double magExp = 2,
    double minPower = 1e-10,
    double refPower = 1,
    string? name = null)
    : Layer(name)
{
    // The mel scale: 1127 ln(1 + f / 700).
    private const double Break = 700, Factor = 1127;

    private static readonly string[] s_windows = ["hann", "hamming"];

    /// <summary>The length of the transform.</summary>
    public int FftLength { get; } = fftLength > 0 && fftLength % 2 == 0
        ? fftLength
        : throw Check.Option("MelSpectrogram", nameof(fftLength), Check.Text(fftLength), "a positive even number");

    /// <summary>The distance between pieces.</summary>
    public int SequenceStride { get; } = Check.Positive(sequenceStride, "MelSpectrogram", nameof(sequenceStride));

    /// <summary>The length of a piece.</summary>
    public int SequenceLength { get; } = (sequenceLength ?? fftLength) is var length && length > 0 && length <= fftLength
        ? length
        : throw Check.Option("MelSpectrogram", nameof(sequenceLength), Check.Text(length), $"1 to fftLength, {Check.Text(fftLength)}");

    /// <summary>The window: hann, hamming, or null for none.</summary>
    public string? Window { get; } = AnalysisWindows.Checked(window, "MelSpectrogram", s_windows);

    /// <summary>The number of samples per second.</summary>
    public int SamplingRate { get; } = Check.Positive(samplingRate, "MelSpectrogram", nameof(samplingRate));

    /// <summary>The number of bands.</summary>
    public int NumMelBins { get; } = Check.Positive(numMelBins, "MelSpectrogram", nameof(numMelBins));

    /// <summary>The lowest frequency of the bands, in hertz.</summary>
    public double MinFreq { get; } = Check.NotNegative(minFreq, "MelSpectrogram", nameof(minFreq));

    /// <summary>The highest frequency, in hertz.</summary>
    public double MaxFreq { get; } = (maxFreq ?? samplingRate / 2) is var highest && highest > minFreq
        ? highest
        : throw Check.Option("MelSpectrogram", nameof(maxFreq), Check.Text(highest), $"more than minFreq, {Check.Text(minFreq)}");

    /// <summary>Whether the result is in decibels.</summary>
    public bool PowerToDb { get; } = powerToDb;

    /// <summary>How far below the loudest value others may be, in decibels.</summary>
    public double TopDb { get; } = Check.NotNegative(topDb, "MelSpectrogram", nameof(topDb));

    /// <summary>The exponent of strengths.</summary>
    public double MagExp { get; } = Check.NotNegative(magExp, "MelSpectrogram", nameof(magExp));

    /// <summary>Smaller values count as this one in decibels.</summary>
    public double MinPower { get; } = minPower > 0
        ? minPower
        : throw Check.Option("MelSpectrogram", nameof(minPower), Check.Text(minPower), "a number above 0");

    /// <summary>The value of 0 decibels.</summary>
    public double RefPower { get; } = Check.Finite(refPower, "MelSpectrogram", nameof(refPower));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Rank(x, 2, "(batch, samples)", "Squeeze a channel axis of 1 away, or call the layer on each channel.");
        var half = FftLength / 2;
        if (x.Shape[1] is { } samples && samples <= half)
            throw new ModelException($"mirrors {half} samples at each end, but got {x.Shape}. Choose a smaller fftLength, or longer sounds.");
        var sound = Ops.ExpandDims(Ops.Make(new Operators.Pad([0, half], [0, half], Operators.PadMode.Reflect), Ops.Cast(x, DType.Float32)), 2);
        var transform = new PowerTransform(FftLength, SequenceStride, PaddedWindow());
        var power = transform.Of(sound);
        if (MagExp != 2) power = Ops.Power(power, MagExp / 2);
        var bands = Ops.MatMul(power, Ops.Constant(Shape.Of(transform.Bins, NumMelBins), Bands(half + 1, transform.Bins)));
        if (PowerToDb)
        {
            var decibels = (Ops.Log(Ops.Maximum(bands, MinPower)) * (10 / Math.Log(10))) - (10 * Math.Log10(Math.Max(Math.Abs(RefPower), MinPower)));
            bands = Ops.Maximum(decibels, Ops.Max(decibels) - TopDb);
        }

        return Ops.Transpose(bands, 0, 2, 1);
    }

    /// <summary>The window, in the middle of the transform.</summary>
    private double[] PaddedWindow()
    {
        var padded = new double[FftLength];
        AnalysisWindows.Of(Window, SequenceLength, periodic: true).CopyTo(padded, (FftLength - SequenceLength) / 2);
        return padded;
    }

    /// <summary>
    /// The share of each frequency in each band: triangles of equal width in mel. The frequency 0 is in none, and neither is what lies behind the bins.
    /// </summary>
    private float[] Bands(int bins, int rows)
    {
        double Mel(double frequency) => Factor * Math.Log(1 + (frequency / Break));
        var (low, high) = (Mel(MinFreq), Mel(MaxFreq));
        double Edge(int i) => low + ((high - low) * i / (NumMelBins + 1));
        var shares = new float[rows * NumMelBins];
        for (var bin = 1; bin < bins; bin++)
        {
            var mel = Mel(SamplingRate / 2.0 * bin / (bins - 1));
            for (var band = 0; band < NumMelBins; band++)
            {
                var rising = (mel - Edge(band)) / (Edge(band + 1) - Edge(band));
                var falling = (Edge(band + 2) - mel) / (Edge(band + 2) - Edge(band + 1));
                shares[(bin * NumMelBins) + band] = (float)Math.Max(0, Math.Min(rising, falling));
            }
        }

        return shares;
    }
}
