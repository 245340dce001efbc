using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Tiles;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>Kernels as tiles.</summary>
internal static class FilterTiles
{
    /// <summary>Makes tiles of a kernel.</summary>
    /// <param name="kernel">(positions, in, out) or (height, width, in, out).</param>
    /// <param name="isTransposed">Whether the last axes are (out, in).</param>
    /// <param name="count">The number of tiles, at most.</param>
    /// <returns>The tiles, how many there would be, and what they are.</returns>
    public static (IReadOnlyList<Tile> Tiles, int All, string Text) Of(NDArray kernel, bool isTransposed, int count)
    {
        var (values, sizes) = (kernel.ToArray(), kernel.Shape.Dims.ToArray());
        var (inputs, outputs) = isTransposed ? (sizes[^1], sizes[^2]) : (sizes[^2], sizes[^1]);
        var places = sizes.Take(sizes.Length - 2).Aggregate(1, (product, size) => product * size);

        float At(int place, int input, int output) =>
            values[(place * inputs * outputs) + (isTransposed ? (output * inputs) + input : (input * outputs) + output)];

        if (sizes.Length == 3)
        {
            var lines = Enumerable.Range(0, Math.Min(count, outputs))
                .Select(output => Scaled(places, inputs, at => At(at % places, at / places, output), Number(output))).ToList();
            return (lines, outputs, $"{outputs} filters of {places} positions across and {inputs} channels down");
        }

        var (height, width) = (sizes[0], sizes[1]);
        if (inputs == 3)
        {
            var colors = Enumerable.Range(0, Math.Min(count, outputs)).Select(output =>
            {
                var (least, greatest) = Range(Enumerable.Range(0, places * 3).Select(i => At(i / 3, i % 3, output)));
                byte Level(int place, int channel) => Shade.Level(Share(At(place, channel, output), least, greatest));
                return new Tile(Pixels.Of(width, height, place => new Rgb(Level(place, 0), Level(place, 1), Level(place, 2))), Number(output));
            }).ToList();
            return (colors, outputs, $"{outputs} filters of {height} x {width} in the colors of their 3 channels");
        }

        // Filter by filter, so that a bounded number shows whole ones.
        var grays = Enumerable.Range(0, (int)Math.Min(count, (long)inputs * outputs)).Select(i =>
        {
            var (output, input) = (i / inputs, i % inputs);
            return Scaled(width, height, place => At(place, input, output), inputs == 1 ? Number(output) : $"{Number(output)}, {Number(input)}");
        }).ToList();
        var channels = inputs == 1 ? "" : $" for each of {inputs} channels (filter, channel)";
        return (grays, checked(inputs * outputs), $"{outputs} filters of {height} x {width}{channels}");
    }

    /// <summary>Where a number lies between two; the middle if they are equal.</summary>
    public static double Share(float value, float least, float greatest) => greatest > least ? ((double)value - least) / ((double)greatest - least) : 0.5;

    public static (float Least, float Greatest) Range(IEnumerable<float> values)
    {
        var finite = values.Where(float.IsFinite).DefaultIfEmpty().ToList();
        return (finite.Min(), finite.Max());
    }

    private static Tile Scaled(int width, int height, Func<int, float> valueAt, string caption)
    {
        var (least, greatest) = Range(Enumerable.Range(0, width * height).Select(valueAt));
        return new Tile(Pixels.Of(width, height, at => Shade.Gray(Share(valueAt(at), least, greatest))), caption);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
