namespace OnnxFunctional.Tests.Training.Data.Tables;

/// <summary>A reader of tables that is written to be obviously right: one character after the other.</summary>
internal sealed class PlainTable(string text, char separator, char? quote)
{
    private int _position;
    private int _line = 1;

    /// <summary>The rows that are not empty, each with the line in which it begins; null behind the first row that is damaged.</summary>
    public List<(int Line, string[]? Cells)> Read()
    {
        var rows = new List<(int Line, string[]? Cells)>();
        while (_position < text.Length)
        {
            if (text[_position] is '\r' or '\n')
            {
                EndLine();
                continue;
            }

            var line = _line;
            var cells = new List<string>();
            while (true)
            {
                var cell = _position < text.Length && text[_position] == quote ? QuotedCell() : Cell();
                if (cell is null || (rows.Count > 0 && cells.Count == rows[0].Cells!.Length))
                {
                    rows.Add((line, null));
                    return rows;
                }

                cells.Add(cell);
                if (_position == text.Length || text[_position] != separator) break;
                _position++;
            }

            var isRagged = rows.Count > 0 && cells.Count != rows[0].Cells!.Length;
            rows.Add((line, isRagged ? null : [.. cells]));
            if (isRagged) return rows;
            EndLine();
        }

        return rows;
    }

    private string Cell()
    {
        var start = _position;
        while (_position < text.Length && text[_position] != separator && text[_position] is not ('\r' or '\n')) _position++;
        return text[start.._position];
    }

    private string? QuotedCell()
    {
        var cell = "";
        for (_position++; _position < text.Length; _position++)
        {
            var isQuote = text[_position] == quote;
            if (isQuote && _position + 1 < text.Length && text[_position + 1] == quote) _position++;
            else if (isQuote) return ++_position == text.Length || text[_position] == separator || text[_position] is '\r' or '\n' ? cell : null;
            if (text[_position] == '\n' || (text[_position] == '\r' && !IsLineFeed(_position + 1))) _line++;
            cell += text[_position];
        }

        return null;
    }

    private void EndLine()
    {
        if (_position == text.Length) return;
        if (text[_position] == '\r' && IsLineFeed(_position + 1)) _position++;
        _position++;
        _line++;
    }

    private bool IsLineFeed(int position) => position < text.Length && text[position] == '\n';
}
