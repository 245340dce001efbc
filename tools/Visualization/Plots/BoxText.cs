using System.Text;
using OnnxFunctional.Visualization.Drawings;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>Sizes and colors of boxes, and their lines of text, none of which is cut.</summary>
internal static class BoxText
{
    public const double HeadingSize = 12;
    public const double LineSize = 11;
    public const double HeadingHeight = 24;
    public const double LineHeight = 17;
    public const double Padding = 10;

    /// <summary>The space for the numbers of ports.</summary>
    public const double LabelStrip = 14;

    public const double LabelSize = 9;

    /// <summary>The least distance of two ports.</summary>
    public const double PortSpace = 20;

    private const double LeastWidth = 64;
    private const double GreatestWidth = 280;

    /// <summary>The color of a box's heading; white text on each has a contrast of at least 4.5 to 1.</summary>
    public static string Color(BoxKind kind) => kind switch
    {
        BoxKind.Input => "#37474f",
        BoxKind.Weights => "#1a56a8",
        BoxKind.Normalization => "#2e6b34",
        BoxKind.Activation => "#a0342f",
        BoxKind.Merge => "#6a3d9a",
        BoxKind.Model => "#7a4b12",
        _ => "#5b5b5b",
    };

    /// <summary>A box's lines, broken where they are too wide, and its size.</summary>
    public static (IReadOnlyList<string> Heading, IReadOnlyList<string> Lines, double Width, double Height) Measure(PlotBox box, PictureFont font)
    {
        List<string> heading = [.. Broken(box.Lines[0], HeadingSize, font)];
        List<string> lines = [.. box.Lines.Skip(1).SelectMany(line => Broken(line, LineSize, font))];
        var widest = Math.Max(heading.Max(line => font.Width(line, HeadingSize)), lines.Select(line => font.Width(line, LineSize)).DefaultIfEmpty(0).Max());
        var width = Math.Max(LeastWidth, Math.Ceiling(widest) + 2 * Padding);
        var height = HeadingHeight + (heading.Count - 1) * LineHeight + lines.Count * LineHeight + (lines.Count > 0 ? 6 : 0);
        return (heading, lines, width, height);
    }

    /// <summary>Text without characters that are not seen.</summary>
    public static string Visible(string text)
    {
        var visible = new StringBuilder();
        foreach (var rune in text.EnumerateRunes()) visible.Append(Rune.IsControl(rune) ? "\uFFFD" : rune.ToString());
        return visible.ToString();
    }

    /// <summary>Breaks a line after separators where there are any, otherwise anywhere.</summary>
    private static IEnumerable<string> Broken(string line, double size, PictureFont font)
    {
        var rest = Visible(line);
        while (font.Width(rest, size) > GreatestWidth)
        {
            // The longest start that fits, by halving: widths grow with length.
            var (fits, tooLong) = (1, rest.Length);
            while (tooLong - fits > 1)
            {
                var middle = (fits + tooLong) / 2;
                if (font.Width(rest[..middle], size) <= GreatestWidth) fits = middle;
                else tooLong = middle;
            }

            var separator = rest[..fits].LastIndexOfAny([' ', '/', '.', '_', ',', ';']);
            var length = separator >= fits / 2 ? separator + 1 : fits;
            if (length > 1 && char.IsHighSurrogate(rest[length - 1])) length--;
            yield return rest[..length].TrimEnd();
            rest = rest[length..].TrimStart();
        }

        if (rest.Length > 0 || line.Length == 0) yield return rest;
    }
}
