namespace OnnxFunctional.Training.Simd;

/// <summary>The sizes of a 3x3 convolution of stride 1 in the Winograd form, in one direction.</summary>
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

    /// <summary>The number of tiles that are transformed together, so that a panel of weights loaded from L2 serves all of them.</summary>
    public required int TilesPerBatch { get; init; }

    public int TileRows => (Height + WinogradTransform.TileSize - 1) / WinogradTransform.TileSize;
    public int TileColumns => (Width + WinogradTransform.TileSize - 1) / WinogradTransform.TileSize;
    public int Tiles => Batch * TileRows * TileColumns;
    public int Batches => (Tiles + TilesPerBatch - 1) / TilesPerBatch;

    /// <summary>The distance between two places of the transformed source tiles. The odd cache line keeps the places in different cache sets.</summary>
    public int SourcePlacePitch => TilesPerBatch * SourceChannels + 16;

    /// <summary>The distance between two places of the transformed destination tiles.</summary>
    public int PlacePitch => TilesPerBatch * Channels + 16;

    /// <summary>The number of tiles of a batch; the last batch may have fewer.</summary>
    public int TilesOf(int batch) => Math.Min(TilesPerBatch, Tiles - batch * TilesPerBatch);

    /// <summary>The size of a padded patch of the source or tile of the destination, in floats.</summary>
    public int PatchLength => WinogradTransform.Places * Math.Max(SourceChannels, Channels);

    /// <summary>The scratch memory of one part, in floats.</summary>
    public int BufferLength => PatchStart + PatchLength;

    /// <summary>The offset of the padded patch in the scratch memory, after the places of source and destination.</summary>
    public int PatchStart => WinogradTransform.Places * (SourcePlacePitch + PlacePitch);

    /// <summary>The size of the transformed weights, in floats.</summary>
    public int WeightsLength => WinogradTransform.Places * SourceChannels * Channels;

    /// <summary>The image and the first pixel of a tile.</summary>
    public (int Image, int Y, int X) Tile(int index)
    {
        var column = index % TileColumns;
        var row = index / TileColumns;
        return (row / TileRows, row % TileRows * WinogradTransform.TileSize, column * WinogradTransform.TileSize);
    }
}
