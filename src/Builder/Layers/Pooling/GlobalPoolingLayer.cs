using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the global poolings: one value per channel over all positions.</summary>
/// <remarks>No weights. Keras: https://keras.io/api/layers/pooling_layers/</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GlobalPoolingLayer : Layer
{
    private protected GlobalPoolingLayer(int rank, DataFormat dataFormat, bool keepdims, string? name)
        : base(name)
    {
        SpatialRank = rank;
        DataFormat = dataFormat;
        Keepdims = keepdims;
    }

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; }

    /// <summary>Whether the axes of the positions are kept, with size 1.</summary>
    public bool Keepdims { get; }

    private protected int SpatialRank { get; }

    private protected Axes Positions => Axes.Create([.. Enumerable.Range(DataFormat == DataFormat.ChannelsLast ? 1 : 2, SpatialRank)]);

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, SpatialRank, DataFormat);
        return Pool(x);
    }

    private protected abstract SymbolicTensor Pool(SymbolicTensor x);
}
