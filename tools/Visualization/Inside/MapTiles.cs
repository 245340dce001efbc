using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Tiles;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>What layers give, and pictures, as tiles.</summary>
internal static class MapTiles
{
    /// <summary>A tile per channel; of a sequence, one tile.</summary>
    public static (IReadOnlyList<Tile> Tiles, Planes Planes) Of(Model model, OneSample sample, NDArray output, Value value, int count)
    {
        if (output.Shape.Rank == 4)
        {
            var planes = Pictures.Of(model, sample, output, value);
            return ([.. planes.Channels.Take(count).Select((channel, i) => Map(planes, channel, i.ToString(CultureInfo.InvariantCulture)))], planes);
        }

        // (steps, channels), or the other way round.
        var (elements, sizes) = sample.Part(output);
        var isFirst = new ChannelPlaces(model).Of(value) == 1;
        var (steps, channels) = isFirst ? (sizes[1], sizes[0]) : (sizes[0], sizes[1]);
        var rows = Enumerable.Range(0, channels)
            .Select(c => Enumerable.Range(0, steps).Select(t => elements[isFirst ? (c * steps) + t : (t * channels) + c]).ToArray()).ToList();
        var whole = new Planes(channels, steps, [[.. rows.SelectMany(row => row)]]);
        return ([Map(whole, whole.Channels[0], "")], new Planes(1, steps, rows));
    }

    /// <summary>A picture: colors as they are, or the mean of channels that are no colors.</summary>
    /// <remarks>Numbers from 0 to 1 are levels, and whole numbers from 0 to 255; others go from the least to the greatest.</remarks>
    public static Pixels Picture(Planes planes)
    {
        IReadOnlyList<float[]> channels = planes.IsPicture
            ? planes.Channels
            : [[.. Enumerable.Range(0, planes.Width * planes.Height).Select(i => planes.Channels.Average(channel => channel[i]))]];
        var (least, greatest) = FilterTiles.Range(channels.SelectMany(channel => channel));
        if (least >= 0 && greatest <= 1) (least, greatest) = (0, 1);
        else if (least >= 0 && greatest <= 255 && channels.All(channel => channel.All(float.IsInteger))) (least, greatest) = (0, 255);
        byte Level(int channel, int at) => Shade.Level(FilterTiles.Share(channels[channel][at], least, greatest));
        var (green, blue) = channels.Count == 3 ? (1, 2) : (0, 0);
        return Pixels.Of(planes.Width, planes.Height, at => new Rgb(Level(0, at), Level(green, at), Level(blue, at)));
    }

    /// <summary>A picture with the colors of a map from 0 to 1 over it.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="map">The map, of its size.</param>
    /// <param name="colorOf">The color of a number.</param>
    /// <param name="shareOf">How much of the color is seen.</param>
    public static Pixels Over(Pixels picture, float[] map, Func<double, Rgb> colorOf, Func<double, double> shareOf) =>
        Pixels.Of(picture.Width, picture.Height, at => picture[at % picture.Width, at / picture.Width].Below(colorOf(map[at]), shareOf(map[at])));

    private static Tile Map(Planes planes, float[] channel, string caption)
    {
        var (least, greatest) = FilterTiles.Range(channel);
        var isConstant = least == greatest;
        return new Tile(Pixels.Of(planes.Width, planes.Height, at => Shade.Viridis(isConstant ? 0 : FilterTiles.Share(channel[at], least, greatest))), caption);
    }
}
