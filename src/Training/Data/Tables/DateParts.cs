namespace OnnxFunctional.Training.Data;

/// <summary>The numbers that a date becomes, one feature each, in the order below.</summary>
[Flags]
public enum DateParts
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The year, 2026.</summary>
    Year = 1,

    /// <summary>The month, 1 to 12.</summary>
    Month = 2,

    /// <summary>The day of the month, 1 to 31.</summary>
    Day = 4,

    /// <summary>The day of the week, 0 (Monday) to 6, as in pandas.</summary>
    DayOfWeek = 8,

    /// <summary>The day of the year, 1 to 366.</summary>
    DayOfYear = 16,

    /// <summary>The hour, 0 to 23.</summary>
    Hour = 32,

    /// <summary>The minute, 0 to 59.</summary>
    Minute = 64,

    /// <summary>The second, 0 to 59.</summary>
    Second = 128,

    /// <summary>The seconds since 1970-01-01 in UTC; float32 holds them to one or two minutes today.</summary>
    SecondsSinceEpoch = 256,
}
