using OnnxFunctional.Visualization.Layouts;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>Turns a layout, whose ranks go downward, to the direction that was asked for.</summary>
/// <param name="direction">Where data flows to.</param>
/// <param name="width">The layout's width, across the ranks.</param>
/// <param name="height">The layout's height, along the flow.</param>
/// <param name="margin">The empty border.</param>
internal readonly struct Page(RankDirection direction, double width, double height, double margin)
{
    public double Width => (IsUpright(direction) ? width : height) + 2 * margin;

    public double Height => (IsUpright(direction) ? height : width) + 2 * margin;

    /// <summary>Whether data flows up or down.</summary>
    public static bool IsUpright(RankDirection direction) => direction is RankDirection.TopToBottom or RankDirection.BottomToTop;

    /// <summary>A point of the layout on the page.</summary>
    public Point Place(Point point)
    {
        var along = direction is RankDirection.BottomToTop or RankDirection.RightToLeft ? height - point.Y : point.Y;
        return IsUpright(direction) ? new Point(point.X + margin, along + margin) : new Point(along + margin, point.X + margin);
    }

    /// <summary>The left upper corner and the size on the page of an area of the layout.</summary>
    public (double X, double Y, double Width, double Height) Place(double x, double y, double areaWidth, double areaHeight)
    {
        Point a = Place(new Point(x, y)), b = Place(new Point(x + areaWidth, y + areaHeight));
        return (Math.Min(a.X, b.X), Math.Min(a.Y, b.Y), Math.Abs(a.X - b.X), Math.Abs(a.Y - b.Y));
    }

    /// <summary>A line of the layout on the page.</summary>
    public Route Place(Route route)
    {
        var page = this;
        return new Route(
            Place(route.Start),
            [.. route.Curves.Select(curve => new Curve(page.Place(curve.Control1), page.Place(curve.Control2), page.Place(curve.End)))]);
    }
}
