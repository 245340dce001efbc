namespace OnnxFunctional.Export.Quantizing;

/// <summary>
/// What rounding to integers adds to the results of layers whose inputs another layer gives, as a function of the scales of the channels between them:
/// <c>step² / 12</c> for each number that is rounded, times the energy of what it is multiplied with. The twelfth is left out.
/// </summary>
internal sealed class PairNoise
{
    private readonly ChannelStatistics _channels;
    private readonly QuantizationOptions _options;
    private readonly (QuantizedProduct Product, float[] Kernel)[] _second;
    private readonly double[] _own;
    private readonly double[] _squares;
    private readonly double _firstEnergy;

    /// <param name="first">The layer that gives the channels.</param>
    /// <param name="kernel">Its weights.</param>
    /// <param name="second">The layers that read them, and their weights.</param>
    /// <param name="channels">What calibration data says of the channels.</param>
    /// <param name="options">How weights are quantized.</param>
    public PairNoise(
        QuantizedProduct first, float[] kernel, (QuantizedProduct Product, float[] Kernel)[] second, ChannelStatistics channels, QuantizationOptions options)
    {
        (_second, _channels, _options) = (second, channels, options);
        (_own, _squares, Weighted) = (new double[channels.Count], new double[channels.Count], new double[channels.Count]);
        for (var i = 0; i < kernel.Length; i++) _own[i % _own.Length] = Math.Max(_own[i % _own.Length], Math.Abs(kernel[i]));
        _firstEnergy = channels.InputEnergy * (kernel.Length / _own.Length);
        foreach (var (product, weights) in second)
        {
            for (var i = 0; i < weights.Length; i++)
            {
                var channel = Equalization.ChannelOf(product, i);
                Weighted[channel] = Math.Max(Weighted[channel], Math.Abs(weights[i]));
                _squares[channel] += (double)weights[i] * weights[i];
            }
        }
    }

    /// <summary>The greatest magnitude of the weights that each channel is multiplied with.</summary>
    public double[] Weighted { get; }

    /// <summary>The noise if each channel is divided by its scale and weighted by it.</summary>
    public double Of(double[] scales)
    {
        var (range, own, weighted) = (0.0, 0.0, 0.0);
        for (var channel = 0; channel < scales.Length; channel++)
        {
            range = Math.Max(range, _channels.Greatest[channel] / scales[channel]);
            own = Math.Max(own, _own[channel] / scales[channel]);
            weighted += scales[channel] * scales[channel] * _squares[channel];
        }

        // Activations have 255 steps on both sides of 0 or on one; weights 127 on each.
        var noise = Squared(range / byte.MaxValue) * weighted;

        // With a scale for each channel, the first layer's weights are rounded to the same integers whatever the scales are.
        if (!_options.PerChannel) noise += Squared(own / sbyte.MaxValue) * _firstEnergy * weighted;
        return noise + _second.Sum(entry => OfWeights(entry.Product, entry.Kernel, scales));
    }

    private double OfWeights(QuantizedProduct product, float[] kernel, double[] scales)
    {
        var columns = product.Weights.Spec.Shape.Dims[^1];
        var greatest = new double[columns];
        for (var i = 0; i < kernel.Length; i++)
            greatest[i % columns] = Math.Max(greatest[i % columns], Math.Abs(kernel[i]) * scales[Equalization.ChannelOf(product, i)]);
        if (!_options.PerChannel) Array.Fill(greatest, greatest.Max());
        var noise = 0.0;
        for (var i = 0; i < kernel.Length; i++)
        {
            var channel = Equalization.ChannelOf(product, i);
            noise += Squared(greatest[i % columns] / sbyte.MaxValue) * _channels.Energy[channel] / Squared(scales[channel]);
        }

        return noise;
    }

    private static double Squared(double number) => number * number;
}
