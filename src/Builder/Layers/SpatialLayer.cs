using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>A layer over the positions of sequences, images or volumes.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SpatialLayer : Layer
{
    private protected SpatialLayer(int rank, DataFormat dataFormat, string? name)
        : base(name) => (SpatialRank, DataFormat) = (rank, dataFormat);

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; }

    /// <summary>The number of axes of positions.</summary>
    private protected int SpatialRank { get; }

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, SpatialRank, DataFormat);
        return Compute(x);
    }

    /// <summary>Builds the layer's computation on a tensor of the right rank.</summary>
    private protected abstract SymbolicTensor Compute(SymbolicTensor x);
}
