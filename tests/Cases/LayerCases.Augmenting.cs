using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Cases;

/// <content>Layers that change images, most of them in training only.</content>
public static partial class LayerCases
{
    private static IEnumerable<LayerCase> Augmenting =>
    [
        Image("RandomSaturation", () => new RandomSaturation([0.25, 0.5], s_range)),
        Image("RandomHue", () => new RandomHue(0.5, s_range)) with { Differentiable = false },
        Image("RandomColorJitter", () => new RandomColorJitter(s_range, 0.25, saturationFactor: 0.5)) with { Differentiable = false },
        Image("RandomColorJitter_none", () => new RandomColorJitter()),
        Image("RandomGrayscale", () => new RandomGrayscale(0.5)),
        Image("RandomColorDegeneration", () => new RandomColorDegeneration(0.5, s_range)),
        Image("RandomErasing", () => new RandomErasing([0.5, 0.5], [0.25, 0.75], 1, s_range)),
        Image("CutMix", () => new CutMix()),
        Image("MixUp", () => new MixUp(0.5)),
        Image("RandomShear", () => new RandomShear(0.25, [0.125, 0.5])),
        Image("RandomPerspective", () => new RandomPerspective(scale: 0.5)),
        Image("RandomSharpness", () => new RandomSharpness([0.25, 0.75], s_range)),
        Image("RandomGaussianBlur", () => new RandomGaussianBlur([0.5, 0.5], (3, 5), [0.5, 1], s_range)),
        Image("RandomPosterization", () => new RandomPosterization(4, s_range)) with { Differentiable = false },
        Image("RandomInvert", () => new RandomInvert(0.5, s_range)),
        Image("Solarization", () => new Solarization(0.25, 0.5, s_range)) with { Differentiable = false },
        Image("AutoContrast", () => new AutoContrast([-1, 1])),
        Image("Equalization", () => new Equalization(s_range, bins: 16)) with { Differentiable = false },
        Image("RandAugment", () => new RandAugment(s_range, numOps: 1)) with { Differentiable = false },
        Image("AugMix", () => new AugMix(s_range, numChains: 1, chainDepth: 1, allOps: false)) with { Differentiable = false },
        Image("RandomElasticTransform", () => new RandomElasticTransform(scale: 0.5, valueRange: s_range)) with { Differentiable = false },
        Image("MaxNumBoundingBoxes", () => new MaxNumBoundingBoxes(3)),
        Image(
            "ContrastLimitedAdaptiveHistogramEqualization",
            () => new ContrastLimitedAdaptiveHistogramEqualization([-1, 1], tileGridSize: 2)) with { Differentiable = false },
        Image("Pipeline", () => new Pipeline([new Rescaling(0.5), new RandomFlip(), new Conv2D(3, 1)]), 2),
    ];

    private static readonly DoubleValues s_range = [-9, 9];

    /// <summary>A layer that is called on small images of three channels, and returns such.</summary>
    private static LayerCase Image(string name, Func<LayerBase> create, int weights = 0) => new(name, create, [[3, 4, 3]], [null, 3, 4, 3], weights);

}
