using OnnxFunctional.Layers;

namespace OnnxFunctional;

/// <content>Checks of the tensors a layer is called on.</content>
internal static partial class Check
{
    public static void MinimumRank(SymbolicTensor x, int rank, string expected)
    {
        if (x.Rank < rank)
            throw new ModelException($"expected {expected}, at least {rank} dimensions, but got {x.Shape}. "
                + "The shape given to Model.Input excludes the batch: write Model.Input([8]) for vectors of 8.");
    }

    public static void Rank(
        SymbolicTensor x,
        int rank,
        string expected,
        string remedy = "The shape given to Model.Input excludes the batch; a Reshape adds a missing axis.")
    {
        if (x.Rank != rank) throw new ModelException($"expected {expected}, {rank} dimensions, but got {x.Shape} with {x.Rank}. {remedy}");
    }

    /// <summary>Checks that a tensor holds sequences, images or volumes, with <paramref name="rank"/> axes of positions.</summary>
    public static void Positions(
        SymbolicTensor x,
        int rank,
        DataFormat format,
        string remedy = "A Reshape adds a missing axis; the shape given to Model.Input excludes the batch.")
    {
        string[] positions = rank switch { 1 => ["steps"], 2 => ["height", "width"], _ => ["depth", "height", "width"] };
        string[] order = format == DataFormat.ChannelsLast ? ["batch", .. positions, "channels"] : ["batch", "channels", .. positions];
        Rank(x, rank + 2, "(" + string.Join(", ", order) + ")", remedy);
    }
}
