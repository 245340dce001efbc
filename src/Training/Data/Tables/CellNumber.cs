using System.Globalization;

namespace OnnxFunctional.Training.Data;

/// <summary>What a cell is that should be a number.</summary>
internal enum CellKind
{
    /// <summary>A number.</summary>
    Number,

    /// <summary>Digits beyond the range of float.</summary>
    Beyond,

    /// <summary>Something else.</summary>
    Other,
}

/// <summary>Numbers of cells as float32, rounded as <see cref="float.Parse(string)"/> does.</summary>
internal static class CellNumber
{
    // As many digits as a long surely holds.
    private const int MostDigits = 18;
    private const int LongestNumber = 256;

    // Between these, midpoints of floats have one form, and a rounding to float gives no infinity.
    private const double Smallest = 2e-38;
    private const double Largest = 3e38;

    /// <summary>The powers that a double holds exactly.</summary>
    private static readonly double[] s_powers =
        [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>Parses the usual forms of numbers, -12.5e-3, without spaces; false says nothing about others.</summary>
    /// <remarks>
    /// The digits are divided or multiplied by a power of ten in double, with an error of two units in the last place at most. That decides the float, unless
    /// a midpoint between two floats is as near.
    /// </remarks>
    /// <param name="cell">The text.</param>
    /// <param name="point">The character before decimals.</param>
    /// <param name="value">The number.</param>
    public static bool TryParseUsual(ReadOnlySpan<char> cell, char point, out float value)
    {
        value = 0;
        var i = cell.Length > 0 && cell[0] == '-' ? 1 : 0;
        var first = i;
        var digits = 0L;
        var scale = 0;
        for (; i < cell.Length && (uint)(cell[i] - '0') <= 9; i++) digits = unchecked((digits * 10) + (cell[i] - '0'));
        var count = i - first;
        if (i < cell.Length && cell[i] == point)
        {
            var start = ++i;
            for (; i < cell.Length && (uint)(cell[i] - '0') <= 9; i++) digits = unchecked((digits * 10) + (cell[i] - '0'));
            scale = start - i;
            count -= scale;
        }

        if (count is 0 or > MostDigits) return false;
        if (i < cell.Length)
        {
            if (!TryParseExponent(cell[i..], out var exponent)) return false;
            scale += exponent;
        }

        if ((uint)(scale + s_powers.Length - 1) > 2 * (uint)(s_powers.Length - 1)) return false;
        var number = scale < 0 ? digits / s_powers[-scale] : digits * s_powers[scale];
        if (digits != 0)
        {
            // The 29 bits that a float has not, and how far they are from a half.
            const int Half = 1 << 28, Error = 4;
            var rest = (int)(BitConverter.DoubleToInt64Bits(number) & ((1 << 29) - 1));
            if ((uint)(rest - Half + Error) <= 2 * Error || number is < Smallest or > Largest) return false;
        }

        value = (float)(first == 0 ? number : -number);
        return true;
    }

    /// <summary>Parses a number with spaces around it, or a word: NaN, Infinity.</summary>
    /// <param name="cell">The text.</param>
    /// <param name="point">The character before decimals.</param>
    /// <param name="thousands">A character that may stand between digits before it.</param>
    /// <param name="value">The number.</param>
    public static CellKind Parse(ReadOnlySpan<char> cell, char point, char? thousands, out float value)
    {
        Span<char> plain = stackalloc char[LongestNumber];
        scoped var text = cell.Trim();
        if (point != '.' || thousands is not null)
        {
            value = 0;
            if (!TryMakePlain(text, point, thousands, plain, out var length)) return CellKind.Other;
            text = plain[..length];
        }

        if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)) return CellKind.Other;

        // Parsing gives infinity if the digits exceed the range of float; written as a word, infinity is intended.
        return float.IsInfinity(value) && text.IndexOfAnyInRange('0', '9') >= 0 ? CellKind.Beyond : CellKind.Number;
    }

    private static bool TryParseExponent(ReadOnlySpan<char> text, out int exponent)
    {
        exponent = 0;
        if (text[0] is not ('e' or 'E') || text.Length is < 2 or > 5) return false;
        var i = text[1] is '-' or '+' ? 2 : 1;
        if (i == text.Length) return false;
        for (; i < text.Length; i++)
        {
            if ((uint)(text[i] - '0') > 9) return false;
            exponent = (exponent * 10) + (text[i] - '0');
        }

        if (text[1] == '-') exponent = -exponent;
        return true;
    }

    /// <summary>Writes a number with a point and no separators of thousands.</summary>
    private static bool TryMakePlain(ReadOnlySpan<char> text, char point, char? thousands, Span<char> plain, out int length)
    {
        length = 0;
        if (text.Length > plain.Length) return false;
        var hasPoint = false;
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (character == thousands)
            {
                if (hasPoint || i == 0 || i + 1 == text.Length || !char.IsAsciiDigit(text[i - 1]) || !char.IsAsciiDigit(text[i + 1])) return false;
                continue;
            }

            if (character == '.' && point != '.') return false;
            hasPoint |= character == point;
            plain[length++] = character == point ? '.' : character;
        }

        return true;
    }
}
