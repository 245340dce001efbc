namespace OnnxFunctional.Training.Data;

/// <summary>The positions of the cells of a table in its text; cells are parsed on demand.</summary>
internal sealed class CsvCells
{
    private readonly string _text;
    private readonly string _name;
    private readonly char _separator;
    private readonly char? _quote;
    private readonly List<(int Start, int Length, bool HasQuotes)> _cells = [];
    private readonly List<int> _lines = [];
    private int _columns;
    private int _position;
    private int _line = 1;

    private CsvCells(string text, string name, char separator, char? quote)
    {
        _text = text;
        _name = name;
        _separator = separator;
        _quote = quote;
    }

    /// <summary>The number of rows, including a header.</summary>
    public int Rows => _lines.Count;

    /// <summary>The number of cells in the first row, and thus in every row.</summary>
    public int Columns => _columns;

    /// <summary>The text of a cell, without the quotes around it.</summary>
    public ReadOnlySpan<char> this[int row, int column]
    {
        get
        {
            var (start, length, hasQuotes) = _cells[(row * _columns) + column];
            var span = _text.AsSpan(start, length);
            if (!hasQuotes) return span;
            var quote = _quote!.Value.ToString();
            return span.ToString().Replace(quote + quote, quote, StringComparison.Ordinal);
        }
    }

    /// <summary>The line in which a row starts, counted from 1.</summary>
    public int Line(int row) => _lines[row];

    /// <summary>Finds the cells.</summary>
    public static CsvCells Parse(string text, string name, char separator, char? quote, int skipLines)
    {
        var result = new CsvCells(text, name, separator, quote);
        for (var line = 0; line < skipLines && result._position < text.Length; line++) result.SkipLine();
        result.ReadRows();
        if (result.Rows == 0) throw new DataException($"{name} is empty. Use a file with at least one row.");
        return result;
    }

    private void ReadRows()
    {
        for (SkipEmptyLines(); _position < _text.Length; SkipEmptyLines())
        {
            var line = _line;
            var before = _cells.Count;
            do _cells.Add(Cell());
            while (TakeSeparator());
            if (_lines.Count == 0) _columns = _cells.Count;
            if (_cells.Count - before != _columns)
            {
                throw new DataException(
                    $"{_name}, line {line}: {_cells.Count - before} cells, expected {_columns} as in line {_lines[0]}. "
                    + $"Check the separator ('{_separator}'), quotes, and lines before the table.");
            }

            _lines.Add(line);
            EndLine();
        }
    }

    private (int Start, int Length, bool HasQuotes) Cell()
    {
        if (_position < _text.Length && _text[_position] == _quote) return QuotedCell(_quote.Value);
        var rest = _text.AsSpan(_position);
        var length = rest.IndexOfAny(_separator, '\r', '\n');
        if (length < 0) length = rest.Length;
        _position += length;
        return (_position - length, length, false);
    }

    private (int Start, int Length, bool HasQuotes) QuotedCell(char quote)
    {
        var start = ++_position;
        var line = _line;
        var hasQuotes = false;
        while (true)
        {
            if (_position >= _text.Length)
            {
                throw new DataException(
                    $"{_name}, line {line}: a quote is opened and never closed. Close it, or set quote: null if quotes are ordinary text.");
            }

            var character = _text[_position++];
            if (character == '\n') _line++;
            if (character != quote) continue;
            if (_position < _text.Length && _text[_position] == quote)
            {
                hasQuotes = true;
                _position++;
                continue;
            }

            if (_position < _text.Length && _text[_position] != _separator && _text[_position] is not ('\r' or '\n'))
            {
                throw new DataException(
                    $"{_name}, line {_line}: text follows a closing quote. Double quotes inside quotes, or set quote: null if quotes are ordinary text.");
            }

            return (start, _position - 1 - start, hasQuotes);
        }
    }

    private bool TakeSeparator()
    {
        if (_position >= _text.Length || _text[_position] != _separator) return false;
        _position++;
        return true;
    }

    private void SkipEmptyLines()
    {
        while (_position < _text.Length && _text[_position] is '\r' or '\n') EndLine();
    }

    private void SkipLine()
    {
        var length = _text.AsSpan(_position).IndexOfAny('\r', '\n');
        _position = length < 0 ? _text.Length : _position + length;
        EndLine();
    }

    // One line end: \n, \r\n or \r.
    private void EndLine()
    {
        if (_position >= _text.Length) return;
        if (_text[_position] == '\r' && _position + 1 < _text.Length && _text[_position + 1] == '\n') _position++;
        _position++;
        _line++;
    }
}
