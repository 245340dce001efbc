using System.Globalization;
using System.Security;
using System.Text;
using OnnxFunctional.Visualization.Layouts;

namespace OnnxFunctional.Visualization.Drawings;

/// <summary>Writes a drawing as SVG: styles inline, no script, each text with the width that was measured, so that it fits whatever font draws it.</summary>
internal static class SvgWriter
{
    /// <summary>The document.</summary>
    /// <param name="drawing">The drawing.</param>
    /// <param name="isInteractive">Whether it is part of a page in which groups with a path are buttons; otherwise it is one picture.</param>
    public static string Write(Drawing drawing, bool isInteractive = false)
    {
        var svg = new StringBuilder();
        string width = Number(drawing.Width), height = Number(drawing.Height);
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" ");
        svg.Append(CultureInfo.InvariantCulture, $"viewBox=\"0 0 {width} {height}\" role=\"{(isInteractive ? "group" : "img")}\" ");

        // A title is a tooltip over the whole picture, also where a button is.
        if (isInteractive) svg.Append(CultureInfo.InvariantCulture, $"aria-label=\"{Escaped(drawing.Title)}\" ");
        svg.Append(CultureInfo.InvariantCulture, $"font-family=\"{PictureFont.Family}\">\n");
        if (!isInteractive)
            svg.Append(CultureInfo.InvariantCulture, $"<title>{Escaped(drawing.Title)}</title>\n<desc>{Escaped(drawing.Description)}</desc>\n");
        foreach (var group in drawing.Groups)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"{group.Kind}\"");
            if (group.Name.Length > 0) svg.Append(CultureInfo.InvariantCulture, $" data-name=\"{Escaped(group.Name)}\"");
            if (isInteractive) svg.Append(Behavior(group));
            svg.Append(">\n");
            foreach (var figure in group.Figures) Write(figure, svg);
            svg.Append("</g>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Behavior(FigureGroup group) => group.Path is null
        ? " aria-hidden=\"true\""
        : $" data-path=\"{Escaped(group.Path)}\" role=\"button\" tabindex=\"0\" aria-pressed=\"false\" aria-label=\"{Escaped(group.Description)}\"";

    private static void Write(Figure figure, StringBuilder svg)
    {
        switch (figure)
        {
            case Rectangle { IsRoundAboveOnly: true } area:
                svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Number(area.X)} {Number(area.Y + area.Height)}v{Number(area.Radius - area.Height)}");
                svg.Append(CultureInfo.InvariantCulture, $"a{Number(area.Radius)} {Number(area.Radius)} 0 0 1 {Number(area.Radius)} {Number(-area.Radius)}");
                svg.Append(CultureInfo.InvariantCulture, $"h{Number(area.Width - 2 * area.Radius)}");
                svg.Append(CultureInfo.InvariantCulture, $"a{Number(area.Radius)} {Number(area.Radius)} 0 0 1 {Number(area.Radius)} {Number(area.Radius)}");
                svg.Append(CultureInfo.InvariantCulture, $"v{Number(area.Height - area.Radius)}z\"");
                Paint(area.Fill, area.Stroke, area.StrokeWidth, svg);
                svg.Append("/>\n");
                break;
            case Rectangle area:
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Number(area.X)}\" y=\"{Number(area.Y)}\" ");
                svg.Append(CultureInfo.InvariantCulture, $"width=\"{Number(area.Width)}\" height=\"{Number(area.Height)}\"");
                if (area.Radius > 0) svg.Append(CultureInfo.InvariantCulture, $" rx=\"{Number(area.Radius)}\"");
                Paint(area.Fill, area.Stroke, area.StrokeWidth, svg);
                if (area.IsDashed) svg.Append(" stroke-dasharray=\"5 3\"");
                svg.Append("/>\n");
                break;
            case Line line:
                svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Number(line.Route.Start.X)} {Number(line.Route.Start.Y)}");
                var from = line.Route.Start;
                foreach (var curve in line.Route.Curves)
                {
                    if (IsStraight(from, curve)) svg.Append(CultureInfo.InvariantCulture, $"L{Number(curve.End.X)} {Number(curve.End.Y)}");
                    else
                    {
                        svg.Append(CultureInfo.InvariantCulture, $"C{Number(curve.Control1.X)} {Number(curve.Control1.Y)} {Number(curve.Control2.X)} ");
                        svg.Append(CultureInfo.InvariantCulture, $"{Number(curve.Control2.Y)} {Number(curve.End.X)} {Number(curve.End.Y)}");
                    }

                    from = curve.End;
                }

                svg.Append(line.Fill is null ? "\"" : "z\"");
                Paint(line.Fill, line.Stroke, line.StrokeWidth, svg);
                svg.Append("/>\n");
                break;
            case Circle circle:
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{Number(circle.X)}\" cy=\"{Number(circle.Y)}\" r=\"{Number(circle.Radius)}\"");
                Paint(circle.Fill, circle.Stroke, 1, svg);
                svg.Append("/>\n");
                break;
            case Label label:
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Number(label.X)}\" y=\"{Number(label.Baseline)}\" font-size=\"{Number(label.Size)}\" ");
                svg.Append(CultureInfo.InvariantCulture, $"fill=\"{label.Color}\" textLength=\"{Number(label.Width)}\" lengthAdjust=\"spacingAndGlyphs\"");
                if (label.Text.Contains("  ", StringComparison.Ordinal)) svg.Append(" xml:space=\"preserve\"");
                svg.Append(CultureInfo.InvariantCulture, $">{Escaped(label.Text)}</text>\n");
                break;
            default:
                throw new InvalidOperationException($"No SVG is written for {figure.GetType().Name}.");
        }
    }

    private static void Paint(string? fill, string? stroke, double strokeWidth, StringBuilder svg)
    {
        svg.Append(CultureInfo.InvariantCulture, $" fill=\"{fill ?? "none"}\"");
        if (stroke is not null) svg.Append(CultureInfo.InvariantCulture, $" stroke=\"{stroke}\" stroke-width=\"{Number(strokeWidth)}\"");
    }

    /// <summary>Whether both control points lie on the line to the end, so that the curve is that line.</summary>
    private static bool IsStraight(Point from, Curve curve)
    {
        double x = curve.End.X - from.X, y = curve.End.Y - from.Y;
        return IsOn(curve.Control1) && IsOn(curve.Control2);

        bool IsOn(Point point) => Math.Abs((point.X - from.X) * y - (point.Y - from.Y) * x) < 1e-6 * (1 + Math.Abs(x) + Math.Abs(y));
    }

    private static string Number(double value) => Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Text as XML. Characters that XML cannot hold, which a name of a file may have, are replaced.</summary>
    private static string Escaped(string text)
    {
        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var isAllowed = rune.Value is '\t' or '\n' or '\r' or (>= 0x20 and <= 0xD7FF) or (>= 0xE000 and <= 0xFFFD) or >= 0x10000;
            kept.Append(isAllowed ? rune.ToString() : "\uFFFD");
        }

        return SecurityElement.Escape(kept.ToString()) ?? "";
    }
}
