using System.Globalization;
using System.Numerics;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data.Tables;

[TestClass]
public sealed class CellNumberTests
{
    private static readonly string[] s_odd =
    [
        "0", "-0", "-0.0", "1", "-1.5", ".5", "5.", "00012.50", "16777217", "16777219", "33554433", "3.4028235e38", "3.4028236e38", "3.40282357e38", "3.5e38",
        "1e39", "1.1754944e-38", "1.1754942e-38", "1.4e-45", "7e-46", "1e-60", "0e99", "1e-22", "1e22", "1e23", "1E5", "1e+5", "1e05", "9007199254740993",
        "999999999999999999", "9999999999999999999", "0.1000000000000000055511151231257827",
        "123456789012345678901234567890", "0.000000000000000001", "0.0000000000000000001",
    ];

    private static readonly string[] s_refused =
        ["", ".", "-", "--1", "1e", "1e+", "e5", "1.2.3", "1,5", "0x10", "1 2", "1e5.0", "\u0661", "1f", "1_000", "$1"];

    [TestMethod]
    public void Odd_numbers_are_those_of_the_framework()
    {
        foreach (var text in s_odd) Compare(text);
    }

    [TestMethod]
    public void What_is_no_number_is_refused()
    {
        foreach (var text in s_refused)
        {
            Assert.IsFalse(CellNumber.TryParseUsual(text, '.', out _), text);
            Assert.AreEqual(CellKind.Other, CellNumber.Parse(text, '.', null, out _), text);
        }
    }

    [TestMethod]
    public void Random_numbers_are_those_of_the_framework()
    {
        var random = new Random(1);
        var usual = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var digits = string.Concat(Enumerable.Range(0, random.Next(1, 22)).Select(_ => (char)('0' + random.Next(10))));
            var point = random.Next(-1, digits.Length + 1);
            var text = (random.Next(2) == 0 ? "-" : "") + (point < 0 ? digits : digits.Insert(point, "."));
            if (random.Next(3) == 0) text += "e" + random.Next(-50, 50).ToString(CultureInfo.InvariantCulture);
            if (Compare(text)) usual++;
        }

        Assert.IsGreaterThan(100_000, usual);
    }

    [TestMethod]
    public void Midpoints_between_floats_and_their_neighbours_are_those_of_the_framework()
    {
        var random = new Random(2);
        for (var i = 0; i < 50_000; i++)
        {
            // A float of up to 24 bits, and a half of its last bit: exact as a decimal.
            var low = (random.Next(1 << 23, 1 << 24) * 2L) + 1;
            var halvings = random.Next(0, 8);
            var scaled = new BigInteger(low) * BigInteger.Pow(5, halvings);
            foreach (var offset in new[] { -1, 0, 1 })
            {
                var digits = ((scaled * 10) + offset).ToString(CultureInfo.InvariantCulture);
                var decimals = halvings + 1;
                Compare(digits[..^decimals] + "." + digits[^decimals..]);
            }
        }
    }

    [TestMethod]
    public void Spaces_words_commas_and_thousands_are_read()
    {
        Assert.AreEqual((CellKind.Number, 1.5f), Read(" 1.5\t"));
        Assert.AreEqual((CellKind.Number, float.NaN), Read("NaN"));
        Assert.AreEqual((CellKind.Number, float.NegativeInfinity), Read("-Infinity"));
        Assert.AreEqual(CellKind.Beyond, Read("1e99").Kind);
        Assert.AreEqual((CellKind.Number, 1234.5f), Read("1.234,5", ',', '.'));
        Assert.AreEqual((CellKind.Number, -1234567f), Read("-1 234 567", ',', ' '));
        Assert.AreEqual((CellKind.Number, 1.5e-3f), Read(" 1,5e-3", ','));
        foreach (var text in new[] { "1.5", "1,2,3", "1,,2", "1..2" }) Assert.AreEqual(CellKind.Other, Read(text, ',').Kind, text);
        Assert.AreEqual(CellKind.Beyond, Read("1e12345678901").Kind);
        foreach (var text in new[] { ".1", "1.", "1..2", "1,2.3", "1.a" }) Assert.AreEqual(CellKind.Other, Read(text, ',', '.').Kind, text);
        Assert.AreEqual(CellKind.Other, Read(new string('1', 300), ',').Kind);
    }

    private static (CellKind Kind, float Value) Read(string text, char point = '.', char? thousands = null) =>
        (CellNumber.Parse(text, point, thousands, out var value), value);

    /// <summary>Compares with the framework; true if it was a usual number.</summary>
    private static bool Compare(string text)
    {
        var expected = float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        var kind = CellNumber.Parse(text, '.', null, out var parsed);
        Assert.AreEqual(float.IsInfinity(expected) ? CellKind.Beyond : CellKind.Number, kind, text);
        Assert.AreEqual(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(parsed), text);
        if (!CellNumber.TryParseUsual(text, '.', out var value)) return false;
        Assert.AreEqual(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(value), text);
        if (text.Contains('.', StringComparison.Ordinal))
        {
            Assert.IsTrue(CellNumber.TryParseUsual(text.Replace('.', ','), ',', out var withComma), text);
            Assert.AreEqual(value, withComma, text);
            Assert.IsFalse(CellNumber.TryParseUsual(text, ',', out _), text);
        }

        return true;
    }
}
