using OnnxFunctional.Layers;

namespace OnnxFunctional;

/// <content>Checks of the tensors a layer is called on.</content>
internal static partial class Check
{
    public static void MinimumRank(SymbolicTensor x, int rank, string expected)
    {
        if (x.Rank < rank) throw new ModelException($"expected {expected}, at least {rank} dimensions, but came {x.Shape}. Model.Input's shape does not count the batch: write Model.Input([8]) for vectors of 8.");
    }

    public static void Rank(SymbolicTensor x, int rank, string expected, string remedy = "Model.Input's shape does not count the batch; a Reshape adds a missing axis.")
    {
        if (x.Rank != rank) throw new ModelException($"expected {expected}, {rank} dimensions, but came {x.Shape} with {x.Rank}. {remedy}");
    }

    /// <summary>Images, sequences or volumes of that many axes of positions.</summary>
    public static void Positions(SymbolicTensor x, int rank, DataFormat format, string remedy = "A Reshape adds a missing axis; Model.Input's shape does not count the batch.")
    {
        string[] positions = rank switch { 1 => ["steps"], 2 => ["height", "width"], _ => ["depth", "height", "width"] };
        string[] order = format == DataFormat.ChannelsLast ? ["batch", .. positions, "channels"] : ["batch", "channels", .. positions];
        Rank(x, rank + 2, "(" + string.Join(", ", order) + ")", remedy);
    }

    /// <summary>A dimension a layer must know to build its weights or its computation.</summary>
    public static int Known(SymbolicTensor x, int axis, string what) =>
        x.Shape.Dim(axis) is var dim and not Shape.Unknown
            ? dim
            : throw new ModelException($"needs to know {what}, axis {(axis < 0 ? axis + x.Rank : axis)} of {x.Shape}. Give Model.Input that size instead of null.");
}
