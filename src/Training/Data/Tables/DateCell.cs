using System.Globalization;

namespace OnnxFunctional.Training.Data;

/// <summary>Dates and times, a number for each part.</summary>
internal sealed class DateCell(string column, MissingValues missing, DateParts parts, string? format) : CellReader(column, missing)
{
    private static readonly string[] s_iso =
        ["yyyy-MM-dd", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private readonly string[] _formats = format is null ? s_iso : [format];
    private readonly DateParts[] _parts = [.. Enum.GetValues<DateParts>().Where(part => part != DateParts.None && parts.HasFlag(part))];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => [.. _parts.Select(part => $"{Column}.{part}")];

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, Span<float> values)
    {
        if (!DateTimeOffset.TryParseExact(cell.Trim(), _formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)) return false;
        for (var i = 0; i < _parts.Length; i++)
        {
            values[i] = _parts[i] switch
            {
                DateParts.Year => date.Year,
                DateParts.Month => date.Month,
                DateParts.Day => date.Day,
                DateParts.DayOfWeek => ((int)date.DayOfWeek + 6) % 7,
                DateParts.DayOfYear => date.DayOfYear,
                DateParts.Hour => date.Hour,
                DateParts.Minute => date.Minute,
                DateParts.Second => date.Second,
                _ => (float)(date - DateTimeOffset.UnixEpoch).TotalSeconds,
            };
        }

        return true;
    }

    /// <inheritdoc/>
    public override (string Problem, string Remedy) Complaint(ReadOnlySpan<char> cell) =>
        ($"no date{(format is null ? " of ISO 8601" : $" like {format}")}", "Write dates like 2026-11-30, or give TableColumn.Date the format");
}
