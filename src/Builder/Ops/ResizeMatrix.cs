using OnnxFunctional.Layers;

namespace OnnxFunctional.Operators;

/// <summary>
/// Resizing along an axis as a product: (new size, old size). Keras' kernels, which antialiasing widens by as much as the axis shrinks, with weights that add
/// up to 1.
/// </summary>
internal static class ResizeMatrix
{
    // A position whose weights add up to less has none in Keras.
    private const double LeastSum = 1000 * 1.1920929e-7;

    public static SymbolicTensor Of(int from, int to, Interpolation interpolation, bool antialias)
    {
        var weights = new float[Sizes.Count(Shape.Of(to, from), "the matrix that resizes an axis", "Resize to a smaller size.")];
        for (var row = 0; row < to; row++)
        {
            var target = weights.AsSpan(row * from, from);
            if (interpolation == Interpolation.Area) Covered(target, (double)from / to * row, (double)from / to);
            else Sampled(target, ((row + 0.5) * from / to) - 0.5, antialias ? Math.Max((double)from / to, 1) : 1, interpolation);
        }

        return Ops.Constant(Shape.Of(to, from), weights);
    }

    /// <summary>The share of each old position in the interval that a new one covers.</summary>
    private static void Covered(Span<float> weights, double start, double length)
    {
        for (var i = 0; i < weights.Length; i++)
            weights[i] = (float)(Math.Max(0, Math.Min(i + 1, start + length) - Math.Max(i, start)) / length);
    }

    private static void Sampled(Span<float> weights, double place, double width, Interpolation interpolation)
    {
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++) sum += weights[i] = (float)Kernel(Math.Abs(place - i) / width, interpolation);
        for (var i = 0; i < weights.Length; i++) weights[i] = Math.Abs(sum) > LeastSum ? (float)(weights[i] / sum) : 0;
    }

    private static double Kernel(double x, Interpolation interpolation) => interpolation switch
    {
        Interpolation.Bilinear => Math.Max(0, 1 - x),
        Interpolation.Bicubic when x < 1 => (((1.5 * x) - 2.5) * x * x) + 1,
        Interpolation.Bicubic when x < 2 => ((((-0.5 * x) + 2.5) * x) - 4) * x + 2,
        Interpolation.Bicubic => 0,
        Interpolation.Lanczos3 => Lanczos(3, x),
        _ => Lanczos(5, x),
    };

    private static double Lanczos(double radius, double x) =>
        x > radius ? 0
        : x <= 1e-3 ? 1
        : radius * Math.Sin(Math.PI * x) * Math.Sin(Math.PI * x / radius) / (Math.PI * Math.PI * x * x);
}
