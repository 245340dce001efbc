using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>Charts of Braille characters, read dot by dot.</summary>
[TestClass]
public sealed class BrailleChartTests
{
    private const int Left = 10;

    /// <summary>Which dots of the chart are set, from the upper left.</summary>
    private static bool[,] Dots(IReadOnlyList<string> rows, int width, int height)
    {
        var dots = new bool[height * 4, (width - Left) * 2];
        for (var row = 0; row < height; row++)
        {
            var text = rows[row + 1].PadRight(width, '\u2800');
            for (var column = 0; column < width - Left; column++)
            {
                var bits = text[Left + column] - 0x2800;
                for (var y = 0; y < 4; y++)
                {
                    for (var x = 0; x < 2; x++) dots[row * 4 + y, column * 2 + x] = (bits & (y < 3 ? 1 << (y + 3 * x) : 0x40 << x)) != 0;
                }
            }
        }

        return dots;
    }

    private static int[] RowsOf(bool[,] dots, int column) => [.. Enumerable.Range(0, dots.GetLength(0)).Where(row => dots[row, column])];

    [TestMethod]
    [DataRow(20, 3)]
    [DataRow(38, 7)]
    [DataRow(76, 7)]
    public void A_falling_line_goes_from_the_upper_left_to_the_lower_right(int width, int height)
    {
        var rows = BrailleChart.Draw([new("loss", [5, 4, 3, 2, 1], IsDotted: false)], width, height, first: 1);
        Assert.HasCount(height + 2, rows);
        foreach (var row in rows) Assert.IsLessThanOrEqualTo(width, row.Length);
        var dots = Dots(rows, width, height);
        var (down, across) = (dots.GetLength(0), dots.GetLength(1));
        Assert.IsTrue(dots[0, 0] && dots[down - 1, across - 1]);
        for (var column = 0; column < across; column++)
        {
            var set = RowsOf(dots, column);
            Assert.IsNotEmpty(set, $"a gap at column {column}");
            Assert.AreEqual((down - 1) * column / (double)(across - 1), set.Average(), 2.5);
        }

        StringAssert.Contains(rows[0], "\u2500 loss");
        StringAssert.StartsWith(rows[1], "   5.0000\u2524");
        StringAssert.StartsWith(rows[height], "   1.0000\u2524");
        StringAssert.EndsWith(rows[^1], "5");
    }

    [TestMethod]
    public void Values_that_are_not_finite_leave_a_gap_and_a_dotted_line_has_fewer_dots()
    {
        double[] values = [1, 1, double.NaN, double.PositiveInfinity, 2, 2];
        var dots = Dots(BrailleChart.Draw([new("loss", values, IsDotted: false)], 40, 5, first: 1), 40, 5);
        Assert.IsEmpty(RowsOf(dots, dots.GetLength(1) / 2));
        Assert.IsNotEmpty(RowsOf(dots, 0));
        int Count(bool isDotted) => Dots(BrailleChart.Draw([new("loss", [1, 2, 3, 4], isDotted)], 40, 5, first: 1), 40, 5).Cast<bool>().Count(dot => dot);
        Assert.IsLessThan(Count(false) / 2, Count(true));
    }

    [TestMethod]
    public void Losses_that_fall_by_orders_of_magnitude_are_logarithmic()
    {
        var rows = BrailleChart.Draw([new("loss", [1000, 100, 10, 1, 0.1], IsDotted: false)], 40, 7, first: 1);
        StringAssert.Contains(rows[4], "log");
        var dots = Dots(rows, 40, 7);
        Assert.AreEqual(14, RowsOf(dots, dots.GetLength(1) / 2).Average(), 2);
    }

    [TestMethod]
    public void One_value_equal_values_none_and_no_room_are_drawn()
    {
        Assert.HasCount(7, BrailleChart.Draw([new("loss", [3], IsDotted: false)], 30, 5, first: 4));
        Assert.HasCount(7, BrailleChart.Draw([new("loss", [3, 3, 3], IsDotted: false)], 30, 5, first: 1));
        Assert.HasCount(1, BrailleChart.Draw([new("loss", [double.NaN], IsDotted: false)], 30, 5, first: 1));
        foreach (var row in BrailleChart.Draw([new("loss", [1, 2], IsDotted: false)], 1, 5, first: 1)) Assert.IsLessThanOrEqualTo(1, row.Length);
    }
}
