using OnnxFunctional.Export;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Layers.Preprocessing;

/// <summary>Spectrograms against the definition of the transform, in double precision.</summary>
[TestClass]
public sealed class SpectrogramTests
{
    private const int Samples = 70;

    private readonly float[] _sound = [.. Enumerable.Range(0, 2 * Samples).Select(i => (float)(Math.Sin(i * 0.7) + (0.5 * Math.Cos(i * i * 0.01))))];

    [TestMethod]
    [DataRow(16, 5, 12, "hann", 2.0)]
    [DataRow(16, 16, 16, "hamming", 2.0)]
    [DataRow(20, 7, 13, null, 1.0)]
    [DataRow(34, 17, 34, "hann", 2.0)]
    [DataRow(42, 3, 17, "hamming", 2.0)]
    [DataRow(42, 7, 1, null, 2.0)]
    [DataRow(126, 63, 126, "hann", 2.0)]
    [DataRow(2, 1, 1, null, 1.0)]
    public void A_mel_spectrogram_is_that_of_its_definition(int length, int stride, int frame, string? window, double exponent)
    {
        const int Bands = 6, Rate = 8000;
        var layer = new MelSpectrogram(length, stride, frame, window, Rate, Bands, 50, 3500, topDb: 30, magExp: exponent, minPower: 1e-6, refPower: 2);
        var linear = new MelSpectrogram(length, stride, frame, window, Rate, Bands, 50, 3500, powerToDb: false, magExp: exponent);
        var frames = 1 + (Samples / stride);
        var expected = new double[2, Bands, frames];
        for (var b = 0; b < 2; b++)
        {
            for (var t = 0; t < frames; t++)
            {
                var first = (t * stride) - (length / 2) + ((length - frame) / 2);
                for (var bin = 0; bin <= length / 2; bin++)
                {
                    var (re, im) = (0.0, 0.0);
                    for (var i = 0; i < frame; i++)
                    {
                        // The position in the whole transform has no part in a magnitude.
                        var value = _sound[(b * Samples) + Mirrored(first + i)] * Weight(window, i, frame);
                        re += value * Math.Cos(2 * Math.PI * bin * i / length);
                        im -= value * Math.Sin(2 * Math.PI * bin * i / length);
                    }

                    for (var band = 0; band < Bands; band++)
                        expected[b, band, t] += Share(band, bin * Rate / (double)length) * Math.Pow(Math.Sqrt((re * re) + (im * im)), exponent);
                }
            }
        }

        var all = expected.Cast<double>().ToArray();
        Near(all, Run(linear, _sound, 2, Samples), 1e-4);
        double[] decibels = [.. all.Select(power => 10 * Math.Log10(Math.Max(power, 1e-6)) - (10 * Math.Log10(2)))];
        Near([.. decibels.Select(value => Math.Max(value, decibels.Max() - 30))], Run(layer, _sound, 2, Samples), 1e-3);

        static int Mirrored(int i) => i < 0 ? -i : i >= Samples ? (2 * (Samples - 1)) - i : i;

        static double Mel(double hertz) => 2595 * Math.Log10(1 + (hertz / 700));

        static double Share(int band, double hertz)
        {
            if (hertz == 0) return 0;
            double Edge(int i) => Mel(50) + ((Mel(3500) - Mel(50)) * i / (Bands + 1));
            var mel = Mel(hertz);
            return Math.Max(0, Math.Min((mel - Edge(band)) / (Edge(band + 1) - Edge(band)), (Edge(band + 2) - mel) / (Edge(band + 2) - Edge(band + 1))));
        }
    }

    [TestMethod]
    public void A_sound_of_unknown_length_has_the_same_spectrogram_and_a_file_holds_few_constants()
    {
        var layer = new MelSpectrogram(128, 24, powerToDb: false);
        var open = Model.Input([null]);
        var model = new Model(open, layer.Call(open));
        var sound = NDArray.Create(_sound, Shape.Of(2, Samples));
        CollectionAssert.AreEqual(Run(new MelSpectrogram(128, 24, powerToDb: false), _sound, 2, Samples), model.Predict(sound).ToArray());
        using var folder = new TemporaryFolder();
        model.ExportOnnx(folder.File("open.onnx"));

        // As matrices of waves, the constants would be of 16.8 MB.
        var known = Model.Input([16000]);
        new Model(known, new MelSpectrogram().Call(known)).ExportOnnx(folder.File("mel.onnx"));
        Assert.IsLessThan(1_100_000, new FileInfo(folder.File("mel.onnx")).Length);
    }

    [TestMethod]
    public void A_pure_tone_is_loudest_in_its_band()
    {
        float[] tone = [.. Enumerable.Range(0, 16000).Select(i => (float)Math.Sin(2 * Math.PI * 1000 * i / 16000))];
        var y = Run(new MelSpectrogram(), tone, 1, 16000);
        var frames = y.Length / 128;
        Assert.AreEqual(1 + (16000 / 512), frames);

        // 128 bands from 20 Hz to 8 kHz in mel: 1000 Hz lies at the center of the band whose number this is.
        double Mel(double hertz) => Math.Log(1 + (hertz / 700));
        var place = ((Mel(1000) - Mel(20)) / (Mel(8000) - Mel(20)) * 129) - 1;
        var loudest = Enumerable.Range(0, 128).MaxBy(band => y[(band * frames) + (frames / 2)]);
        Assert.AreEqual(place, loudest, 1);
        Assert.AreEqual(80, y.Max() - y.Min(), 1e-3);
        Assert.Contains("at each end", Assert.Throws<ModelException>(() => new MelSpectrogram().Call(Model.Input([1000]))).Message);
        Assert.Contains("1 to fftLength", Assert.Throws<ModelException>(() => new MelSpectrogram(16, sequenceLength: 20)).Message);
        Assert.Contains("hann, hamming", Assert.Throws<ModelException>(() => new MelSpectrogram(window: "bartlett")).Message);
    }

    [TestMethod]
    [DataRow(null, null, false)]
    [DataRow("hann", WindowScaling.Density, false)]
    [DataRow("hann", WindowScaling.Density, true)]
    [DataRow("blackman", WindowScaling.Spectrum, false)]
    [DataRow("bartlett", WindowScaling.Density, true)]
    public void A_transform_is_that_of_its_definition_in_all_modes(string? window, WindowScaling? scaling, bool periodic)
    {
        const int Frame = 10, Step = 4, Length = 12, Bins = (Length / 2) + 1, Frames = ((Samples - Frame) / Step) + 1;
        double[] weights = [.. Enumerable.Range(0, Frame).Select(i => Weight(window, i, periodic ? Frame : Frame - 1))];
        var scale = scaling switch
        {
            WindowScaling.Density => Math.Sqrt(weights.Sum(w => w * w)),
            WindowScaling.Spectrum => weights.Sum(),
            _ => 1,
        };

        // One sample of two channels: the two halves of the sound.
        float[] x = [.. Enumerable.Range(0, Samples).SelectMany(i => new[] { _sound[i], _sound[Samples + i] })];
        var (re, im) = (new double[Frames, 2, Bins], new double[Frames, 2, Bins]);
        for (var t = 0; t < Frames; t++)
        {
            for (var c = 0; c < 2; c++)
            {
                for (var k = 0; k < Bins; k++)
                {
                    for (var i = 0; i < Frame; i++)
                    {
                        var value = x[(((t * Step) + i) * 2) + c] * weights[i] / scale;
                        re[t, c, k] += value * Math.Cos(2 * Math.PI * k * i / Length);
                        im[t, c, k] -= value * Math.Sin(2 * Math.PI * k * i / Length);
                    }
                }
            }
        }

        (double Re, double Im)[] all = [.. re.Cast<double>().Zip(im.Cast<double>())];
        StftSpectrogram Of(SpectrogramMode mode, bool expand = false) => new(mode, Frame, Step, Length, window, periodic, scaling, expandDims: expand);
        Near([.. all.Select(z => z.Re)], Run(Of(SpectrogramMode.Real), x, 1, Samples, 2), 1e-4);
        Near([.. all.Select(z => z.Im)], Run(Of(SpectrogramMode.Imag), x, 1, Samples, 2), 1e-4);
        Near([.. all.Select(z => Math.Sqrt((z.Re * z.Re) + (z.Im * z.Im)))], Run(Of(SpectrogramMode.Magnitude), x, 1, Samples, 2), 1e-3);
        double[] powers = [.. all.Select((z, i) => ((z.Re * z.Re) + (z.Im * z.Im)) * (i % Bins is 0 or Bins - 1 ? 1 : 2))];
        Near(powers, Run(Of(SpectrogramMode.Psd), x, 1, Samples, 2), 1e-3);
        double[] both = [.. all.Chunk(Bins).SelectMany(row => row.Select(z => z.Re).Concat(row.Select(z => z.Im)))];
        Near(both, Run(Of(SpectrogramMode.Stft), x, 1, Samples, 2), 1e-4);
        var logs = Run(Of(SpectrogramMode.Log), x, 1, Samples, 2);
        var angles = Run(Of(SpectrogramMode.Angle), x, 1, Samples, 2);
        for (var i = 0; i < all.Length; i++)
        {
            var magnitude = Math.Sqrt((all[i].Re * all[i].Re) + (all[i].Im * all[i].Im));
            if (magnitude < 0.05) continue;
            Assert.AreEqual(Math.Log(magnitude), logs[i], 1e-3);
            var turn = Math.Abs(Math.Atan2(all[i].Im, all[i].Re) - angles[i]);
            Assert.AreEqual(0, Math.Min(turn, (2 * Math.PI) - turn), 1e-3);
        }

        // With an axis each for frequencies and channels, in this order.
        var apart = Run(Of(SpectrogramMode.Real, true), x, 1, Samples, 2);
        for (var i = 0; i < all.Length; i++)
            Assert.AreEqual(all[i].Re, apart[(((i / (2 * Bins) * Bins) + (i % Bins)) * 2) + (i / Bins % 2)], 1e-4);
    }

    [TestMethod]
    public void A_transform_refuses_what_it_cannot_do()
    {
        Assert.Contains("at least frameLength", Assert.Throws<ModelException>(() => new StftSpectrogram(fftLength: 8)).Message);
        Assert.Contains("1 to frameLength", Assert.Throws<ModelException>(() => new StftSpectrogram(frameStep: 300)).Message);
        Assert.Contains("Valid or Same", Assert.Throws<ModelException>(() => new StftSpectrogram(padding: Padding.Causal)).Message);
        Assert.Contains("'sinus'", Assert.Throws<ModelException>(() => new StftSpectrogram(window: "sinus")).Message);
        var dense = new Dense(2, kernelInitializer: new Stft());
        dense.Call(Model.Input([3]));
        Assert.Contains("(length, 1, frequencies)", Assert.Throws<ModelException>(() => dense.GetWeights()).Message);
    }

    /// <summary>A window by its formula, with a period of that length.</summary>
    private static double Weight(string? window, int i, int period) => window switch
    {
        "hann" => 0.5 - (0.5 * Math.Cos(2 * Math.PI * i / period)),
        "hamming" => 0.54 - (0.46 * Math.Cos(2 * Math.PI * i / period)),
        "blackman" => 0.42 - (0.5 * Math.Cos(2 * Math.PI * i / period)) + (0.08 * Math.Cos(4 * Math.PI * i / period)),
        "bartlett" => i <= period / 2.0 ? 2.0 * i / period : 2 - (2.0 * i / period),
        _ => 1,
    };

    private static float[] Run(Layer layer, float[] x, params int[] shape)
    {
        var input = Model.Input(Shape.Of(shape.AsSpan(1)));
        return new Model(input, layer.Call(input)).Predict(NDArray.Create(x, Shape.Of(shape))).ToArray();
    }

    private static void Near(double[] expected, float[] actual, double tolerance)
    {
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], tolerance * (1 + Math.Abs(expected[i])), $"element {i}");
    }
}
