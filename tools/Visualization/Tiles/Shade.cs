namespace OnnxFunctional.Visualization.Tiles;

/// <summary>Colors of numbers from 0 to 1; NaN has that of 0.</summary>
internal static class Shade
{
    private static readonly ScottPlot.IColormap s_viridis = new ScottPlot.Colormaps.Viridis();
    private static readonly ScottPlot.IColormap s_inferno = new ScottPlot.Colormaps.Inferno();
    private static readonly ScottPlot.IColormap s_turbo = new ScottPlot.Colormaps.Turbo();

    /// <summary>Black to white.</summary>
    public static Rgb Gray(double share)
    {
        var level = Level(share);
        return new(level, level, level);
    }

    /// <summary>Dark violet to yellow.</summary>
    public static Rgb Viridis(double share) => Of(s_viridis, share);

    /// <summary>Black over red to light yellow.</summary>
    public static Rgb Inferno(double share) => Of(s_inferno, share);

    /// <summary>Blue over green to red.</summary>
    public static Rgb Turbo(double share) => Of(s_turbo, share);

    /// <summary>White to dark blue.</summary>
    public static Rgb Blue(double share)
    {
        var light = 1 - Bounded(share);
        return new((byte)(26 + 229 * light), (byte)(86 + 169 * light), (byte)(168 + 87 * light));
    }

    /// <summary>The level of a channel.</summary>
    public static byte Level(double share) => (byte)Math.Round(255 * Bounded(share));

    private static double Bounded(double share) => double.IsNaN(share) ? 0 : Math.Clamp(share, 0, 1);

    private static Rgb Of(ScottPlot.IColormap map, double share)
    {
        var color = map.GetColor(Bounded(share));
        return new(color.R, color.G, color.B);
    }
}

/// <summary>A color.</summary>
internal readonly record struct Rgb(byte Red, byte Green, byte Blue)
{
    /// <summary>This color with a share of another one over it.</summary>
    public Rgb Below(Rgb other, double share) => new(
        (byte)Math.Round(Red + (other.Red - Red) * share),
        (byte)Math.Round(Green + (other.Green - Green) * share),
        (byte)Math.Round(Blue + (other.Blue - Blue) * share));
}
