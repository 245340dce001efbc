namespace OnnxFunctional.Training.Simd;

/// <summary>A 3x3 convolution of stride 1 in the Winograd form, as plain numbers; source and destination are those of one direction.</summary>
internal sealed class WinogradPass
{
    public required int Batch { get; init; }
    public required int SourceHeight { get; init; }
    public required int SourceWidth { get; init; }
    public required int SourceChannels { get; init; }
    public required int Height { get; init; }
    public required int Width { get; init; }
    public required int Channels { get; init; }
    public required int PadTop { get; init; }
    public required int PadLeft { get; init; }

    /// <summary>Tiles that are transformed together, so that a panel of weights fetched from the second-level cache serves all of them.</summary>
    public required int TilesPerBatch { get; init; }

    public int TileRows => (Height + WinogradTransform.TileSize - 1) / WinogradTransform.TileSize;
    public int TileColumns => (Width + WinogradTransform.TileSize - 1) / WinogradTransform.TileSize;
    public int Tiles => Batch * TileRows * TileColumns;
    public int Batches => (Tiles + TilesPerBatch - 1) / TilesPerBatch;

    /// <summary>From one place to the next of transformed source tiles; the odd cache line keeps the places in different sets of the cache.</summary>
    public int SourcePlacePitch => TilesPerBatch * SourceChannels + 16;

    /// <summary>From one place to the next of transformed destination tiles.</summary>
    public int PlacePitch => TilesPerBatch * Channels + 16;

    /// <summary>Tiles of a batch; the last batch may have fewer.</summary>
    public int TilesOf(int batch) => Math.Min(TilesPerBatch, Tiles - batch * TilesPerBatch);

    /// <summary>Floats of a padded patch of the source or tile of the destination.</summary>
    public int PatchLength => WinogradTransform.Places * Math.Max(SourceChannels, Channels);

    /// <summary>Floats of scratch memory of one part.</summary>
    public int BufferLength => PatchStart + PatchLength;

    /// <summary>Where the padded patch begins in it, behind the places of source and destination.</summary>
    public int PatchStart => WinogradTransform.Places * (SourcePlacePitch + PlacePitch);

    /// <summary>Floats of transformed weights.</summary>
    public int WeightsLength => WinogradTransform.Places * SourceChannels * Channels;

    /// <summary>Where a tile lies.</summary>
    public (int Image, int Y, int X) Tile(int index)
    {
        var column = index % TileColumns;
        var row = index / TileColumns;
        return (row / TileRows, row % TileRows * WinogradTransform.TileSize, column * WinogradTransform.TileSize);
    }
}
