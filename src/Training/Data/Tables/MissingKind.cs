namespace OnnxFunctional.Training.Data;

/// <summary>The kinds of <see cref="MissingValues"/>.</summary>
internal enum MissingKind
{
    /// <summary>An error.</summary>
    Refused,

    /// <summary>A number, which may be NaN.</summary>
    Filled,

    /// <summary>The mean of the column.</summary>
    Mean,

    /// <summary>The row is skipped.</summary>
    SkipRow,
}
