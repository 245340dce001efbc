namespace OnnxFunctional.Training.Data;

/// <summary>The characters of a table in the form that Sep splits as RFC 4180 says, whatever its quote and separator are.</summary>
/// <remarks>
/// Sep takes each " for one that opens or closes, wherever it stands, and only some characters as a separator. Here a quote in the middle of a cell becomes
/// a stand-in, and quotes and separators of other kinds become Sep's; <see cref="Restore"/> turns them back.
/// </remarks>
internal sealed class CsvText : TextReader
{
    // Two of the code points that Unicode keeps out of texts.
    private const char QuoteStandIn = '\uFFFF';
    private const char SeparatorStandIn = '\uFFFE';
    private const char SepQuote = '"';
    private const char OtherSeparator = '\u001F';

    private readonly TextReader _text;
    private readonly string _name;
    private readonly char? _quote;
    private readonly char _separator;
    private State _state;
    private char _last = '\n';
    private int _line;
    private int _openedIn;

    /// <param name="text">The text of the file.</param>
    /// <param name="name">The name of the file in messages.</param>
    /// <param name="options">Quote, separator and lines to skip.</param>
    public CsvText(TextReader text, string name, CsvOptions options)
    {
        (_text, _name, _quote, _separator) = (text, name, options.Quote, options.Separator);
        Separator = _separator is '\t' or (>= ' ' and <= '~' and not ('#' or '"')) ? _separator : OtherSeparator;
        for (_line = 1; _line <= options.SkipLines && text.ReadLine() is not null; _line++)
        {
        }

        FirstLine = _line;
    }

    private enum State
    {
        /// <summary>In cells without quotes.</summary>
        Outside,

        /// <summary>Between quotes.</summary>
        Inside,

        /// <summary>Behind a quote that closes, or is the first of two.</summary>
        Closing,
    }

    /// <summary>The line in which the table begins, counted from 1.</summary>
    public int FirstLine { get; }

    /// <summary>The separator that Sep finds.</summary>
    public char Separator { get; }

    /// <summary>The separator in the file.</summary>
    public char WrittenSeparator => _separator;

    /// <summary>Whether cells may have quotes around them.</summary>
    public bool HasQuotes => _quote is not null;

    /// <summary>Whether characters were read as others.</summary>
    public bool HasStandIns { get; private set; }

    /// <summary>The line of a quote that is open; null outside quotes.</summary>
    public int? OpenQuote => _state == State.Inside ? _openedIn : null;

    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    public override int Read(Span<char> buffer)
    {
        // Sep 0.17.1 loses the first of two carriage returns if a read that gives less than it asks for ends between them.
        var count = _text.ReadBlock(buffer);
        if (count > 0) Translate(buffer[..count]);
        else if (OpenQuote is { } line) throw Unclosed(line);
        return count;
    }

    /// <summary>Writes the characters of the file in place of stand-ins.</summary>
    public void Restore(Span<char> cell)
    {
        if (_quote is { } quote && quote != SepQuote) cell.Replace(SepQuote, quote);
        cell.Replace(QuoteStandIn, SepQuote);
        if (Separator == _separator) return;
        cell.Replace(OtherSeparator, _separator);
        cell.Replace(SeparatorStandIn, OtherSeparator);
    }

    /// <summary>What is wrong with a quote that is never closed.</summary>
    public DataException Unclosed(int line) => new(
        $"{_name}, line {line}: a quote is opened and never closed. Close it, or set quote: null if quotes are ordinary text.");

    protected override void Dispose(bool disposing)
    {
        if (disposing) _text.Dispose();
        base.Dispose(disposing);
    }

    private void Translate(Span<char> text)
    {
        if (Separator != _separator)
        {
            if (text.Contains(SeparatorStandIn)) throw NoText(SeparatorStandIn);
            text.Replace(OtherSeparator, SeparatorStandIn);
            text.Replace(_separator, OtherSeparator);
            HasStandIns = true;
        }

        if (_quote is not { } quote) return;
        if (quote != SepQuote)
        {
            if (text.Contains(QuoteStandIn)) throw NoText(QuoteStandIn);
            text.Replace(SepQuote, QuoteStandIn);
            HasStandIns = true;
        }

        FindQuotes(text, quote);
    }

    private void FindQuotes(Span<char> text, char quote)
    {
        var counted = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (_state == State.Closing)
            {
                var isEscape = text[i] == quote;
                if (!isEscape && text[i] != Separator && text[i] is not ('\r' or '\n')) throw Misplaced(LineAt(text, i, ref counted));
                if (isEscape) text[i] = SepQuote;
                _state = isEscape ? State.Inside : State.Outside;
                continue;
            }

            var next = quote == SepQuote ? text[i..].IndexOfAny(quote, QuoteStandIn) : text[i..].IndexOf(quote);
            if (next < 0) break;
            i += next;
            if (text[i] == QuoteStandIn) throw NoText(QuoteStandIn);
            if (_state == State.Inside)
            {
                (text[i], _state) = (SepQuote, State.Closing);
            }
            else if ((i > 0 ? text[i - 1] : _last) is '\r' or '\n' || (i > 0 ? text[i - 1] : _last) == Separator)
            {
                (text[i], _state, _openedIn) = (SepQuote, State.Inside, LineAt(text, i, ref counted));
            }
            else if (quote == SepQuote)
            {
                text[i] = QuoteStandIn;
                HasStandIns = true;
            }
        }

        LineAt(text, text.Length, ref counted);
        _last = text[^1];
    }

    /// <summary>The line of a place, counted on from the place before it.</summary>
    private int LineAt(ReadOnlySpan<char> text, int place, ref int counted)
    {
        var part = text[counted..place];
        var before = counted > 0 ? text[counted - 1] : _last;
        _line += part.Count('\n');

        // A carriage return ends a line too, together with a line feed behind it.
        for (var i = part.IndexOf('\r'); i >= 0;)
        {
            _line++;
            if (i + 1 < part.Length && part[i + 1] == '\n') _line--;
            var next = part[(i + 1)..].IndexOf('\r');
            i = next < 0 ? -1 : i + 1 + next;
        }

        if (part.Length > 0 && part[0] == '\n' && before == '\r') _line--;
        counted = place;
        return _line;
    }

    private DataException Misplaced(int line) => new(
        $"{_name}, line {line}: text follows a closing quote. Double quotes inside quotes, or set quote: null if quotes are ordinary text.");

    private DataException NoText(char character) => new(
        $"{_name} holds U+{(int)character:X4}, which is no character of texts. Save it as UTF-8 without it.");
}
