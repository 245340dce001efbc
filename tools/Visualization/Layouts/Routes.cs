namespace OnnxFunctional.Visualization.Layouts;

/// <summary>
/// The lines of edges. Between two ranks every line is the same curve, stretched sidewards, so two lines cross there once if their ends are in opposite order
/// and never otherwise; within a rank, lines are vertical.
/// </summary>
internal sealed class Routes(IReadOnlyList<Column> columns, Passages passages)
{
    private const double Corner = 10;

    /// <summary>The line along a chain, from the lower side of the box where it starts to the upper side of the one where it ends.</summary>
    public Route Of(Chain chain)
    {
        var path = new PathBuilder();
        var vertex = chain.Links[0].Upper;
        path.Start = new Point(vertex.Center + chain.Links[0].UpperOffset, ColumnOf(vertex).BottomOf(vertex));
        var wasDown = true;
        foreach (var link in chain.Links)
        {
            var isDown = link.Upper == vertex;
            if (isDown != wasDown) path.Turn(isDown ? link.Upper.Center + link.UpperOffset : link.Lower.Center + link.LowerOffset, goesOver: isDown);
            Follow(path, link, isDown);
            vertex = isDown ? link.Lower : link.Upper;
            wasDown = isDown;
        }

        path.LineTo(path.End.X, ColumnOf(vertex).TopOf(vertex));
        return new Route(path.Start, path.Curves);
    }

    private Column ColumnOf(Vertex vertex) => columns.First(column => column.Has(vertex));

    private void Follow(PathBuilder path, Link link, bool isDown)
    {
        Column from = ColumnOf(link.Upper), to = ColumnOf(link.Lower);
        var upper = new Point(link.Upper.Center + link.UpperOffset, from.RankBottom(link.Upper));
        var lower = new Point(link.Lower.Center + link.LowerOffset, to.RankTop(link.Lower) - Column.Arrow);
        if (from != to)
        {
            var (below, beside, above) = passages.LaneOf(link);
            path.Corners(
                Corner,
                new Point(upper.X, from.Bottom + below),
                new Point(from.Right + beside, from.Bottom + below),
                new Point(from.Right + beside, to.Top - Column.Arrow - above),
                new Point(lower.X, to.Top - Column.Arrow - above),
                lower);
            return;
        }

        var (start, end) = isDown ? (upper, lower) : (lower, upper);
        path.LineTo(start.X, start.Y);
        path.Bow(end);
    }

    /// <summary>Collects the pieces of a line.</summary>
    private sealed class PathBuilder
    {
        private readonly List<Curve> _curves = [];

        public Point Start { get; set; }

        public Point End => _curves.Count == 0 ? Start : _curves[^1].End;

        public IReadOnlyList<Curve> Curves => _curves;

        public void LineTo(double x, double y)
        {
            Point from = End, to = new(x, y);
            if (Distance(from, to) < 0.01) return;
            _curves.Add(new Curve(Between(from, to, 1 / 3.0), Between(from, to, 2 / 3.0), to));
        }

        /// <summary>A curve that is vertical at both ends.</summary>
        public void Bow(Point end)
        {
            var from = End;
            if (Math.Abs(from.X - end.X) < 0.01)
            {
                LineTo(end.X, end.Y);
                return;
            }

            var middle = (from.Y + end.Y) / 2;
            _curves.Add(new Curve(new Point(from.X, middle), new Point(end.X, middle), end));
        }

        /// <summary>A half circle, more or less, to a point at the same height.</summary>
        public void Turn(double x, bool goesOver)
        {
            var from = End;
            var depth = goesOver ? -Layering.TurnWidth * 2 / 3 : Layering.TurnWidth * 2 / 3;
            _curves.Add(new Curve(new Point(from.X, from.Y + depth), new Point(x, from.Y + depth), new Point(x, from.Y)));
        }

        /// <summary>Straight lines with rounded corners.</summary>
        public void Corners(double radius, params ReadOnlySpan<Point> points)
        {
            for (var i = 0; i < points.Length; i++)
            {
                var (corner, from) = (points[i], End);
                if (i == points.Length - 1)
                {
                    LineTo(corner.X, corner.Y);
                    return;
                }

                var next = points[i + 1];
                var cut = Math.Min(radius, Math.Min(Distance(from, corner), Distance(corner, next)) / 2);
                if (cut < 0.5)
                {
                    LineTo(corner.X, corner.Y);
                    continue;
                }

                Point before = Between(corner, from, cut / Distance(from, corner)), after = Between(corner, next, cut / Distance(corner, next));
                LineTo(before.X, before.Y);
                _curves.Add(new Curve(Between(before, corner, 0.55), Between(after, corner, 0.55), after));
            }
        }

        private static double Distance(Point a, Point b) => Math.Sqrt((a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y));

        private static Point Between(Point a, Point b, double share) => new(a.X + (b.X - a.X) * share, a.Y + (b.Y - a.Y) * share);
    }
}
