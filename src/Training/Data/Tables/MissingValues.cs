namespace OnnxFunctional.Training.Data;

/// <summary>What becomes of a missing value of a table.</summary>
public readonly record struct MissingValues
{
    private MissingValues(MissingKind kind, float value = 0) => (Kind, Value) = (kind, value);

    /// <summary>It is an error that names line and column.</summary>
    public static MissingValues Refuse { get; }

    /// <summary>It is NaN, for a model that deals with it.</summary>
    public static MissingValues NaN { get; } = new(MissingKind.Filled, float.NaN);

    /// <summary>It is the mean of the column, which a first pass over the files finds.</summary>
    public static MissingValues Mean { get; } = new(MissingKind.Mean);

    /// <summary>Its row is skipped.</summary>
    public static MissingValues SkipRow { get; } = new(MissingKind.SkipRow);

    internal MissingKind Kind { get; }

    internal float Value { get; }

    /// <summary>It is a number.</summary>
    /// <param name="value">The number.</param>
    public static MissingValues Fill(float value) => new(MissingKind.Filled, value);
}
