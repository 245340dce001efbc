using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OnnxFunctional.Visualization;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Reads the texts of charts.</summary>
internal static partial class ChartTexts
{
    /// <summary>The texts of a chart's SVG, all of whose letters are on the page; no text overlaps another.</summary>
    public static string[] Of(Chart chart, int width = 800, int? height = null)
    {
        using var folder = new TemporaryFolder();
        chart.Save(folder.File("c.svg"), width, height);
        var texts = new List<string>();
        var areas = new List<SvgPicture.Area>();
        var page = XDocument.Load(folder.File("c.svg"));
        var bottom = Number(page.Root!.Attribute("height")!.Value)[0];
        foreach (var element in page.Descendants().Where(element => element.Name.LocalName == "text"))
        {
            var text = element.Value.Trim();
            texts.Add(text);
            var size = Number(element.Attribute("font-size")!.Value)[0];
            Assert.IsGreaterThanOrEqualTo(11, size, text);
            double[] x = Number(element.Attribute("x")!.Value), y = Number(element.Attribute("y")!.Value);
            var transform = element.Attribute("transform")?.Value ?? "translate(0 0)";
            var given = Number(transform);
            for (var i = 0; i < x.Length; i++)
            {
                var (localX, localY) = (x[i], y[Math.Min(i, y.Length - 1)]);
                var (atX, atY) = transform.StartsWith("matrix", StringComparison.Ordinal)
                    ? (given[0] * localX + given[2] * localY + given[4], given[1] * localX + given[3] * localY + given[5])
                    : transform.Contains("rotate", StringComparison.Ordinal)
                        ? (given[0] + localY, given[1] - localX)
                        : (given[0] + localX, given[1] + localY);
                Assert.IsTrue(atX >= 0 && atX < width - 2 && atY > 2 && atY <= bottom, $"'{text}' has a letter at {atX}, {atY}: {transform}");
            }

            if (transform.StartsWith("translate", StringComparison.Ordinal) && !transform.Contains("rotate", StringComparison.Ordinal))
                areas.Add(new SvgPicture.Area(text, given[0] + x[0], given[1] + y[0] - 0.7 * size, given[0] + x[^1] + 0.5 * size, given[1] + y[0]));
        }

        foreach (var (i, area) in areas.Index())
        {
            foreach (var other in areas.Skip(i + 1)) Assert.IsFalse(area.Overlaps(other), $"{area} and {other} overlap");
        }

        return [.. texts];
    }

    private static double[] Number(string text) =>
        [.. NumberPattern().Matches(text).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"-?\d+(\.\d+)?(e-?\d+)?")]
    private static partial Regex NumberPattern();
}
