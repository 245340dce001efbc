using System.Text;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data.Tables;

[TestClass]
public sealed class CsvCursorTests
{
    [TestMethod]
    [DataRow(',', '"')]
    [DataRow(';', '\'')]
    [DataRow('\t', null)]
    [DataRow('"', '\'')]
    [DataRow('#', '"')]
    [DataRow('\u0001', '|')]
    [DataRow('é', null)]
    public void Random_texts_are_split_as_a_plain_reader_does(char separator, char? quote)
    {
        var random = new Random(separator);
        var (whole, damaged) = (0, 0);
        for (var i = 0; i < 400; i++)
        {
            // Some are longer than the buffers of Sep.
            var text = Text(random, separator, quote, rows: i % 100 == 0 ? 8000 : random.Next(1, 30));
            var expected = new PlainTable(text, separator, quote).Read();
            if (expected.Count == 0) continue;
            var isDamaged = expected[^1].Cells is null;
            if (isDamaged) damaged++;
            else whole++;
            var read = Read(text, new() { Separator = separator, Quote = quote, HasHeader = false }, 1 + random.Next(40), out var error);
            Assert.AreEqual(isDamaged, error is not null, $"{error?.Message}\n{text}");

            // What stands behind the damage may be read in advance and found damaged first.
            if (!isDamaged) Assert.HasCount(expected.Count, read, text);
            for (var row = 0; row < read.Count; row++)
            {
                Assert.AreEqual(expected[row].Line, read[row].Line, text);
                CollectionAssert.AreEqual(expected[row].Cells, read[row].Cells, text);
            }
        }

        Assert.IsGreaterThan(50, whole);
        Assert.IsGreaterThan(50, damaged);
    }

    [TestMethod]
    public void A_quote_inside_a_cell_without_quotes_is_text()
    {
        var rows = Read("5\" pipe,3\n\"x\ny\",4\na\"b,\"c\"\"d,\"\n", new() { HasHeader = false }, 3, out var error);
        Assert.IsNull(error);
        CollectionAssert.AreEqual(new[] { "5\" pipe", "3", "x\ny", "4", "a\"b", "c\"d," }, rows.SelectMany(row => row.Cells).ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 4 }, rows.Select(row => row.Line).ToArray());
    }

    [TestMethod]
    public void Line_ends_of_all_kinds_are_counted_behind_skipped_lines()
    {
        var rows = Read("x\r\ny\rz\n\r\n\"a\r\nb\rc\"\r\r\nd\ne", new() { HasHeader = false, SkipLines = 2 }, 1, out var error);
        Assert.IsNull(error);
        CollectionAssert.AreEqual(new[] { "z", "a\r\nb\rc", "d", "e" }, rows.Select(row => row.Cells[0]).ToArray());
        CollectionAssert.AreEqual(new[] { 3, 5, 9, 10 }, rows.Select(row => row.Line).ToArray());
    }

    [TestMethod]
    public void Rows_longer_than_any_buffer_are_read()
    {
        var text = new StringBuilder("a,b\n");
        for (var i = 1; i <= 5; i++) text.Append(new string('x', 70_000 * i)).Append(",\"").Append(new string('"', 2 * i)).Append("\"\n");
        var rows = Read(text.ToString(), new(), 1 << 16, out var error);
        Assert.IsNull(error);
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 5 }, rows.Select(row => row.Cells[1].Length).ToArray());
        CollectionAssert.AreEqual(new[] { 70_000, 140_000, 210_000, 280_000, 350_000 }, rows.Select(row => row.Cells[0].Length).ToArray());
    }

    [TestMethod]
    public void A_row_that_never_ends_is_a_sentence()
    {
        Read("a\n" + new string('x', (1 << 24) + 1), new(), 1 << 16, out var error);
        StringAssert.Contains(error!.Message, "has a row of more than 16,777,216 characters (line 2 or after)");
        Read("a\n\"" + new string('x', (1 << 24) + 1), new(), 1 << 16, out error);
        StringAssert.Contains(error!.Message, "line 2: a quote is opened and never closed");
    }

    [TestMethod]
    public void Code_points_that_stand_for_others_are_refused_where_they_could_be_mistaken()
    {
        Read("a\n\uFFFF\n", new(), 9, out var error);
        StringAssert.Contains(error!.Message, "'t' holds U+FFFF, which is no character of texts");
        Read("a\u0001b\n\uFFFE\u0001\n", new() { Separator = '\u0001' }, 9, out error);
        StringAssert.Contains(error!.Message, "holds U+FFFE");
        Assert.AreEqual("\uFFFF", Read("a\n\uFFFF\n", new() { Quote = null }, 9, out error)[0].Cells[0]);
    }

    private static List<(int Line, string[] Cells)> Read(string text, CsvOptions options, int characters, out DataException? error)
    {
        var rows = new List<(int Line, string[] Cells)>();
        error = null;
        try
        {
            using var cursor = new CsvCursor(new Pieces(text, characters), "'t'", options);
            while (cursor.MoveNext()) rows.Add((cursor.Line, [.. Enumerable.Range(0, cursor.Columns).Select(column => cursor[column].ToString())]));
        }
        catch (DataException damaged)
        {
            error = damaged;
        }

        return rows;
    }

    /// <summary>A table with mistakes now and then: quotes where they do not belong, too many cells.</summary>
    private static string Text(Random random, char separator, char? quote, int rows)
    {
        var text = new StringBuilder();
        var columns = random.Next(1, 5);
        var mistakes = random.Next(2) == 0 ? 0 : 0.5 / rows;
        for (var row = 0; row < rows; row++)
        {
            for (var column = columns + (random.NextDouble() < mistakes ? 1 : 0); column > 0; column--)
            {
                text.Append(Cell(random, separator, quote, mistakes));
                if (column > 1) text.Append(separator);
            }

            text.Append(random.Next(5) switch { 0 => "\r\n", 1 => "\r", 2 => "\n\n", _ => "\n" });
        }

        return text.ToString();
    }

    private static string Cell(Random random, char separator, char? quote, double mistakes)
    {
        const string Plain = "abé1.\u001F'\"|";
        var inside = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => Plain[random.Next(Plain.Length)])).Replace(separator, 'x');
        if (quote is not { } mark || random.Next(3) > 0)
        {
            // A quote in the middle is text, one in front is not.
            return random.NextDouble() < mistakes ? inside : inside.TrimStart(quote ?? 'a');
        }

        inside = inside.Replace(mark.ToString(), $"{mark}{mark}", StringComparison.Ordinal);
        if (random.Next(3) == 0) inside += separator + "\n";
        if (random.Next(3) == 0) inside = "\r" + inside + "\r\n";
        return mark + inside + (random.NextDouble() < mistakes ? "" : mark);
    }

    /// <summary>A text that is given in small pieces.</summary>
    private sealed class Pieces(string text, int characters) : TextReader
    {
        private int _position;

        public override int Read(Span<char> buffer)
        {
            var count = Math.Min(Math.Min(characters, buffer.Length), text.Length - _position);
            text.AsSpan(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override int Read() => _position < text.Length ? text[_position++] : -1;

        public override int Peek() => _position < text.Length ? text[_position] : -1;
    }
}
