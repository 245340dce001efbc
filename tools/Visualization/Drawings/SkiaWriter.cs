using OnnxFunctional.Visualization.Layouts;
using SkiaSharp;

namespace OnnxFunctional.Visualization.Drawings;

/// <summary>Draws a drawing by SkiaSharp: as the pixels of a PNG file, or as a page of a PDF file.</summary>
internal static class SkiaWriter
{
    /// <summary>The pixels that a side of a picture may have.</summary>
    public const int GreatestSide = 32_000;

    /// <summary>The pixels that a picture may have.</summary>
    public const long GreatestArea = 400_000_000;

    /// <summary>A PNG file.</summary>
    /// <param name="drawing">The drawing.</param>
    /// <param name="font">The font of its labels.</param>
    /// <param name="dpi">Pixels per inch; the drawing is made for 96.</param>
    /// <exception cref="ModelException">The picture would have too many pixels.</exception>
    public static byte[] Png(Drawing drawing, PictureFont font, double dpi) =>
        Png(drawing.Width, drawing.Height, dpi, canvas => Draw(drawing, font, canvas));

    /// <summary>A PDF file of one page.</summary>
    public static byte[] Pdf(Drawing drawing, PictureFont font) =>
        Pdf(drawing.Width, drawing.Height, drawing.Title, drawing.Description, canvas => Draw(drawing, font, canvas));

    /// <summary>A PNG file of what is drawn on a white canvas.</summary>
    /// <param name="width">The width in pixels at 96 per inch.</param>
    /// <param name="height">The height.</param>
    /// <param name="dpi">Pixels per inch.</param>
    /// <param name="draw">Draws.</param>
    /// <exception cref="ModelException">The picture would have too many pixels.</exception>
    public static byte[] Png(double width, double height, double dpi, Action<SKCanvas> draw)
    {
        double across = Math.Ceiling(width * dpi / 96), down = Math.Ceiling(height * dpi / 96);
        if (across > GreatestSide || down > GreatestSide || across * down > GreatestArea)
        {
            throw new ModelException(
                $"The picture would have {across:F0} x {down:F0} pixels at {dpi:0.#} dpi; at most {GreatestSide} per side and {GreatestArea} in all are drawn. "
                + "Write it as .svg or .pdf, or take a lower dpi.");
        }

        using var surface = SKSurface.Create(new SKImageInfo((int)across, (int)down, SKColorType.Rgba8888, SKAlphaType.Opaque))
            ?? throw new ModelException($"There is no memory for a picture of {across:F0} x {down:F0} pixels. Write it as .svg or .pdf, or take a lower dpi.");
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale((float)(dpi / 96));
        draw(surface.Canvas);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>A PDF file of one page.</summary>
    public static byte[] Pdf(double width, double height, string title, string description, Action<SKCanvas> draw)
    {
        const float PointsPerPixel = 72 / 96f;
        using var stream = new SKDynamicMemoryWStream();
        using (var document = SKDocument.CreatePdf(stream, new SKDocumentPdfMetadata { Title = title, Subject = description, RasterDpi = 144 }))
        {
            using var canvas = document.BeginPage((float)width * PointsPerPixel, (float)height * PointsPerPixel);
            canvas.Scale(PointsPerPixel);
            draw(canvas);
            document.EndPage();
            document.Close();
        }

        using var data = stream.DetachAsData();
        return data.ToArray();
    }

    private static void Draw(Drawing drawing, PictureFont font, SKCanvas canvas)
    {
        foreach (var figure in drawing.Groups.SelectMany(group => group.Figures)) Draw(figure, font, canvas);
    }

    private static void Draw(Figure figure, PictureFont font, SKCanvas canvas)
    {
        switch (figure)
        {
            case Rectangle area:
                using (var outline = new SKRoundRect())
                {
                    var bounds = new SKRect((float)area.X, (float)area.Y, (float)(area.X + area.Width), (float)(area.Y + area.Height));
                    var radius = new SKPoint((float)area.Radius, (float)area.Radius);
                    var below = area.IsRoundAboveOnly ? default : radius;
                    outline.SetRectRadii(bounds, [radius, radius, below, below]);
                    Fill(area.Fill, paint => canvas.DrawRoundRect(outline, paint));
                    Stroke(area.Stroke, area.StrokeWidth, area.IsDashed, paint => canvas.DrawRoundRect(outline, paint));
                }

                break;
            case Line line:
                using (var path = Path(line.Route))
                {
                    Fill(line.Fill, paint => canvas.DrawPath(path, paint));
                    Stroke(line.Stroke, line.StrokeWidth, isDashed: false, paint => canvas.DrawPath(path, paint));
                }

                break;
            case Circle circle:
                Fill(circle.Fill, paint => canvas.DrawCircle((float)circle.X, (float)circle.Y, (float)circle.Radius, paint));
                Stroke(circle.Stroke, 1, isDashed: false, paint => canvas.DrawCircle((float)circle.X, (float)circle.Y, (float)circle.Radius, paint));
                break;
            case Label label:
                using (var sized = font.OfSize(label.Size))
                    Fill(label.Color, paint => canvas.DrawText(label.Text, (float)label.X, (float)label.Baseline, SKTextAlign.Left, sized, paint));
                break;
            default:
                throw new InvalidOperationException($"{figure.GetType().Name} is not drawn.");
        }
    }

    private static SKPath Path(Route route)
    {
        var path = new SKPath();
        path.MoveTo(Of(route.Start));
        foreach (var curve in route.Curves) path.CubicTo(Of(curve.Control1), Of(curve.Control2), Of(curve.End));
        return path;

        static SKPoint Of(Point point) => new((float)point.X, (float)point.Y);
    }

    private static void Fill(string? color, Action<SKPaint> draw)
    {
        if (color is null) return;
        using var paint = new SKPaint { Color = SKColor.Parse(color), IsAntialias = true };
        draw(paint);
    }

    private static void Stroke(string? color, double width, bool isDashed, Action<SKPaint> draw)
    {
        if (color is null) return;
        using var dashes = isDashed ? SKPathEffect.CreateDash([5, 3], 0) : null;
        using var paint = new SKPaint
        {
            Color = SKColor.Parse(color),
            IsAntialias = true,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = (float)width,
            PathEffect = dashes,
        };
        draw(paint);
    }
}
