namespace OnnxFunctional.Training.Data;

/// <summary>The kinds of <see cref="TableColumn"/>.</summary>
internal enum ColumnKind
{
    /// <summary>Numbers.</summary>
    Number,

    /// <summary>Whole numbers.</summary>
    Integer,

    /// <summary>Text as it is.</summary>
    Text,

    /// <summary>Words as indices.</summary>
    Category,

    /// <summary>Words as vectors.</summary>
    OneHot,

    /// <summary>Dates and times.</summary>
    Date,
}
