namespace OnnxFunctional;

/// <content>Parts by index.</content>
public sealed partial class SymbolicTensor
{
    /// <summary>A part of the tensor, as in NumPy: a position or a range for each axis; axes that are not named are kept whole.</summary>
    /// <param name="indices">Positions, which drop their axis, and ranges.</param>
    /// <exception cref="ModelException">There are more indices than axes, or a position does not exist.</exception>
    /// <example><c>x[.., t, ..]</c> is Keras' <c>x[:, t, :]</c>; <c>x[.., ^1]</c> is its <c>x[:, -1]</c>; <c>x[.., 1..]</c> its <c>x[:, 1:]</c>.</example>
    public SymbolicTensor this[params ReadOnlySpan<AxisIndex> indices]
    {
        get
        {
            if (indices.Length > Rank)
                throw new ModelException($"the index [{string.Join(", ", indices.ToArray())}] covers {indices.Length} axes, but {Shape} has {Rank}.");
            var part = this;
            var dropped = new List<int>();
            for (var axis = 0; axis < indices.Length; axis++)
            {
                var index = indices[axis];
                if (index.IsWhole) continue;
                if (index.IsPosition) dropped.Add(axis);
                part = index.IsPosition ? Ops.Position(part, axis, index.Start) : Ops.Slice(part, axis, index.Start, index.End);
            }

            return dropped.Count > 0 ? Ops.Squeeze(part, Axes.Create([.. dropped])) : part;
        }
    }
}
