using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the poolings: a window that slides over the positions and yields one value per channel.</summary>
/// <remarks>
/// <para>Output positions along an axis: valid <c>floor((n - window) / stride) + 1</c>, same <c>ceil(n / stride)</c>. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/pooling_layers/</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class PoolingLayer : SpatialLayer
{
    private protected PoolingLayer(int rank, IntValues poolSize, IntValues? strides, Padding padding, DataFormat dataFormat, string? name)
        : base(rank, dataFormat, name)
    {
        PoolSize = poolSize.Count == 0 ? IntValues.Repeat(2, rank) : poolSize.For(rank, GetType().Name, nameof(poolSize));
        Strides = strides?.For(rank, GetType().Name, nameof(strides)) ?? PoolSize;
        Padding = padding != Padding.Causal ? padding : throw Check.Option(GetType().Name, nameof(padding), nameof(Padding.Causal), "Valid or Same");
    }

    /// <summary>The size of the window along each axis.</summary>
    public IntValues PoolSize { get; }

    /// <summary>The stride between windows along each axis; the window's size by default.</summary>
    public IntValues Strides { get; }

    /// <summary>How the border is treated; padded positions never count.</summary>
    public Padding Padding { get; }

    private protected sealed override SymbolicTensor Compute(SymbolicTensor x)
    {
        return ChannelOrder.FromLast(Ops.Make(Pool(Padding), ChannelOrder.ToLast(x, DataFormat)), DataFormat);
    }

    private protected abstract Op Pool(Padding padding);
}
