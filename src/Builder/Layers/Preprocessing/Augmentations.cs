namespace OnnxFunctional.Layers;

/// <summary>The augmentations among which <see cref="RandAugment"/> and <see cref="AugMix"/> choose.</summary>
internal sealed class Augmentations
{
    private readonly Func<SymbolicTensor, SymbolicTensor>[] _all;

    /// <param name="range">The smallest and the largest value of an image.</param>
    /// <param name="factor">The bounds of the strength.</param>
    /// <param name="interpolation">How values between known positions are computed.</param>
    /// <param name="seed">The seed of their random numbers.</param>
    /// <param name="all">Whether those are among them that AugMix leaves out on request.</param>
    public Augmentations(DoubleValues range, (float Low, float High) factor, Interpolation interpolation, int? seed, bool all)
    {
        DoubleValues bounds = [factor.Low, factor.High];
        var most = Math.Max(1, (int)(8 * factor.High));
        RandomImageLayer[] always =
        [
            new RandomShear(bounds, bounds, interpolation, seed: seed),
            new RandomTranslation(bounds, bounds, interpolation: interpolation, seed: seed),
            new RandomRotation(bounds, interpolation: interpolation, seed: seed),
            new RandomPosterization(most, range, seed),
            new Solarization(bounds, bounds, range, seed),
            new Equalization(range),
        ];
        RandomImageLayer[] others =
        [
            new RandomBrightness(bounds, range, seed),
            new RandomColorDegeneration(bounds, range, seed),
            new RandomContrast(bounds, range, seed),
            new RandomSharpness(bounds, range, seed),
        ];
        RandomImageLayer[] layers = all ? [.. always, .. others] : always;
        _all = [.. layers.Select(layer => (Func<SymbolicTensor, SymbolicTensor>)layer.Changed), new AutoContrast(range).Stretched];
    }

    /// <summary>The number of augmentations.</summary>
    public int Count => _all.Length;

    /// <summary>The images after one augmentation; as they are for a number of <see cref="Count"/> or more.</summary>
    /// <param name="x">The images.</param>
    /// <param name="number">A number from 0, of which only the whole part counts: ().</param>
    public SymbolicTensor One(SymbolicTensor x, SymbolicTensor number)
    {
        var (chosen, result) = (Ops.Floor(number), x);
        for (var i = 0; i < _all.Length; i++) result = Ops.Where(Ops.Equal(chosen, i), _all[i](x), result);
        return result;
    }
}
