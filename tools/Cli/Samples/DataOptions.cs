namespace OnnxFunctional.Cli.Samples;

/// <summary>How data is read.</summary>
internal sealed record DataOptions
{
    /// <summary>The column of a table, the array of an .npz file, or the file of labels beside one of samples; null if it was not named.</summary>
    public string? Target { get; init; }

    /// <summary>What is learned; null to tell by the targets.</summary>
    public TaskKind? Task { get; init; }

    /// <summary>The character between the cells of a table; null to tell by its first line.</summary>
    public char? Separator { get; init; }

    /// <summary>Whether the first line of a table holds names.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>Whether quotes enclose cells of a table.</summary>
    public bool HasQuotes { get; init; } = true;

    /// <summary>Whether rows without a number where one is needed are left out.</summary>
    public bool DropsMissing { get; init; }

    /// <summary>Columns of a table to leave out.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>The height and width of images; null for those that the model takes.</summary>
    public (int Height, int Width)? ImageSize { get; init; }

    /// <summary>Whether images have one channel; null for what the model takes.</summary>
    public bool IsGrayscale { get; init; }

    /// <summary>The factor on pixels of 0 to 255.</summary>
    public double Scale { get; init; } = 1;
}
