namespace OnnxFunctional.MLNet.Tables;

/// <summary>How dates and times are written, which is how <c>TableColumn.Date</c> reads them.</summary>
internal static class TimeFormats
{
    public const string Date = "yyyy-MM-dd";

    /// <summary>Of times without an offset: what the clock of the machine differs from UTC does not count.</summary>
    public const string Time = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF";

    public const string TimeWithOffset = Time + "K";
}
