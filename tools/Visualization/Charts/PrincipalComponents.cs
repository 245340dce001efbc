namespace OnnxFunctional.Visualization;

/// <summary>The directions in which points differ most, found by power iterations on the centered points: none needs the matrix of covariances.</summary>
internal static class PrincipalComponents
{
    private const int Iterations = 500;
    private const double Converged = 1e-12;

    /// <summary>The coordinates of each point along the first directions, and the share of the variance in each.</summary>
    /// <param name="points">Points of one length.</param>
    /// <param name="count">The number of directions.</param>
    public static (double[][] Coordinates, double[] Shares) Of(double[][] points, int count)
    {
        var size = points[0].Length;
        var means = Enumerable.Range(0, size).Select(j => points.Average(point => point[j])).ToArray();
        double[][] centered = [.. points.Select(point => point.Select((value, j) => value - means[j]).ToArray())];
        var total = centered.Sum(point => point.Sum(value => value * value));
        var found = new List<double[]>();
        var shares = new List<double>();
        for (var k = 0; k < count; k++)
        {
            var (direction, variance) = Next(centered, found, size);
            found.Add(direction);
            shares.Add(total > 0 ? variance / total : 0);
        }

        return ([.. centered.Select(point => found.Select(direction => Dot(point, direction)).ToArray())], [.. shares]);
    }

    private static (double[] Direction, double Variance) Next(double[][] centered, List<double[]> found, int size)
    {
        // The point farthest from what is found already is no bad start, and the same every time.
        var farthest = centered.MaxBy(point => Rest(point, found).Sum(value => value * value))!;
        var direction = Normalized(Rest(farthest, found));
        for (var i = 0; i < Iterations; i++)
        {
            var next = new double[size];
            foreach (var point in centered)
            {
                var along = Dot(point, direction);
                for (var j = 0; j < size; j++) next[j] += along * point[j];
            }

            next = Normalized(Rest(next, found));
            var isDone = 1 - Math.Abs(Dot(next, direction)) < Converged;
            direction = next;
            if (isDone) break;
        }

        // Of the two signs, the one with the largest element above 0.
        var largest = direction.MaxBy(Math.Abs);
        if (largest < 0) direction = Array.ConvertAll(direction, value => -value);
        return (direction, centered.Sum(point => Dot(point, direction) * Dot(point, direction)));
    }

    private static double[] Rest(double[] vector, List<double[]> found)
    {
        var rest = (double[])vector.Clone();
        foreach (var direction in found)
        {
            var along = Dot(rest, direction);
            for (var j = 0; j < rest.Length; j++) rest[j] -= along * direction[j];
        }

        return rest;
    }

    private static double[] Normalized(double[] vector)
    {
        var length = Math.Sqrt(Dot(vector, vector));
        return length > 0 ? Array.ConvertAll(vector, value => value / length) : vector;
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var j = 0; j < a.Length; j++) sum += a[j] * b[j];
        return sum;
    }
}
