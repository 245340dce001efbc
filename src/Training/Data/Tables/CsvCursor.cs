using System.Globalization;
using System.Text;
using nietras.SeparatedValues;

namespace OnnxFunctional.Training.Data;

/// <summary>The rows of a file from its beginning to its end, one at a time.</summary>
internal sealed class CsvCursor : TableCursor
{
    private const int ReadBytes = 1 << 16;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _name;
    private readonly CsvText _text;
    private readonly MissingWords _missing;
    private readonly char _point;
    private readonly SepReader _rows;
    private char[] _cell = [];
    private int _firstLine;
    private bool _isHeld;

    /// <param name="text">The text.</param>
    /// <param name="name">The name of the file in messages.</param>
    /// <param name="options">How the text is written.</param>
    /// <exception cref="DataException">There is no row, or the text is damaged.</exception>
    public CsvCursor(TextReader text, string name, CsvOptions options)
    {
        (_name, _missing, _point) = (name, new(options), options.Decimal);
        try
        {
            _text = new(text, name, options);
            _rows = Sep.New(_text.Separator)
                .Reader(sep => sep with { HasHeader = false, DisableColCountCheck = true, DisableQuotesParsing = options.Quote is null })
                .From(_text);
            Columns = MoveNext() ? _rows.Current.ColCount : throw new DataException($"{name} is empty. Use a file with at least one row.");
        }
        catch (DecoderFallbackException invalid)
        {
            throw NotUtf8(invalid);
        }
        catch (NotSupportedException)
        {
            throw TooLong();
        }

        Names = new string[Columns];
        for (var column = 0; column < Columns; column++)
            Names[column] = options.HasHeader ? this[column].ToString() : column.ToString(CultureInfo.InvariantCulture);
        _isHeld = !options.HasHeader;
    }

    /// <param name="file">The file, UTF-8.</param>
    /// <param name="options">How the text is written.</param>
    /// <param name="name">Its name in messages; by default that of the file.</param>
    /// <exception cref="DataException">There is no row, or the text is damaged.</exception>
    public CsvCursor(DataFile file, CsvOptions options, string? name = null)
        : this(new StreamReader(file.Stream, s_utf8, detectEncodingFromByteOrderMarks: true, ReadBytes, leaveOpen: true), name ?? file.Name, options)
    {
    }

    /// <summary>The number of cells in each row.</summary>
    public int Columns { get; }

    /// <summary>The names in the header; without a header <c>0</c>, <c>1</c>, <c>2</c> ...</summary>
    public string[] Names { get; }

    /// <summary>The line in which the row begins, counted from 1.</summary>
    public int Line
    {
        get
        {
            // Without a header of its own, Sep moves to the first row twice, and counts its lines both times.
            var row = _rows.Current;
            return _text.FirstLine + (row.RowIndex == 0 ? 0 : row.LineNumberFrom - 1);
        }
    }

    // Before the first row there is no reader.
    private int NextLine => (_text?.FirstLine ?? 1) + (_rows is null ? 0 : _rows.Current.LineNumberToExcl - 1);

    /// <summary>The text of a cell, without the quotes around it; valid until the next one is read.</summary>
    public override ReadOnlySpan<char> this[int column]
    {
        get
        {
            var cell = Raw(column);
            var isQuoted = cell.Length > 0 && cell[0] == '"' && _text.HasQuotes;
            if (isQuoted) cell = cell[1..^1];
            return _text.HasStandIns || (isQuoted && cell.Contains('"')) ? Written(cell, isQuoted) : cell;
        }
    }

    /// <summary>A cell as it stands in the file, up to stand-ins: for cells without quotes, which numbers are.</summary>
    public ReadOnlySpan<char> Raw(int column) => _rows.Current[column].Span;

    /// <summary>Moves to the next row that is not empty; false at the end.</summary>
    /// <exception cref="DataException">It has more or fewer cells than the first, or the text is damaged.</exception>
    public override bool MoveNext()
    {
        if (_isHeld)
        {
            _isHeld = false;
            return true;
        }

        try
        {
            do
            {
                if (!_rows.MoveNext()) return false;
            }
            while (_rows.Current.ColCount == 1 && Raw(0).IsEmpty);
        }
        catch (DecoderFallbackException invalid)
        {
            throw NotUtf8(invalid);
        }
        catch (NotSupportedException)
        {
            throw TooLong();
        }

        if (_rows.Current.ColCount == Columns) return true;
        if (Columns > 0) throw Ragged();
        _firstLine = Line;
        return true;
    }

    /// <inheritdoc/>
    public override bool IsMissing(int column) => _missing.Contains(this[column]);

    /// <inheritdoc/>
    public override bool TryReadNumber(int column, out float number)
    {
        if (!_missing.HaveNumbers) return CellNumber.TryParseUsual(Raw(column), _point, out number);
        number = 0;
        return false;
    }

    /// <inheritdoc/>
    public override DataException Bad(int column, string problem, string remedy)
    {
        var cell = this[column];
        var shown = cell.Length <= 40 ? cell.ToString() : cell[..40].ToString() + "...";
        return new DataException($"{_name}, line {Line}, column '{Names[column]}': '{shown}' is {problem}. {remedy}.");
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        // It disposes the text, not the stream.
        _rows.Dispose();
    }

    /// <summary>The text of a cell with doubled quotes or stand-ins in it.</summary>
    private Span<char> Written(ReadOnlySpan<char> cell, bool isQuoted)
    {
        if (_cell.Length < cell.Length) _cell = new char[cell.Length];
        var length = 0;
        for (var i = 0; i < cell.Length; i++)
        {
            _cell[length++] = cell[i];
            if (isQuoted && cell[i] == '"') i++;
        }

        var written = _cell.AsSpan(0, length);
        _text.Restore(written);
        return written;
    }

    private DataException Ragged() => new(
        $"{_name}, line {Line}: {_rows.Current.ColCount} cells, expected {Columns} as in line {_firstLine}. "
        + $"Check the separator ('{_text.WrittenSeparator}'), quotes, and lines before the table.");

    private DataException NotUtf8(DecoderFallbackException invalid) =>
        new($"{_name} is not UTF-8 text (line {NextLine} or after). Save it as UTF-8.", invalid);

    // Sep's limit, which an open quote reaches first.
    private DataException TooLong() => _text.OpenQuote is { } line
        ? _text.Unclosed(line)
        : new($"{_name} has a row of more than 16,777,216 characters (line {NextLine} or after). Check its line ends.");
}
