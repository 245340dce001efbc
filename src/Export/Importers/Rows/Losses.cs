using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Losses of classes along axis 1: of scores, or of logarithms of probabilities.</summary>
internal static class Losses
{
    public static FileResult[] SoftmaxCrossEntropy(FileNode node)
    {
        var log = Ops.Make(new LogSoftmax(1), node.In(0));
        var loss = Of(node, log);
        return node.Gives(1) ? [loss, log] : [loss];
    }

    public static FileResult[] NegativeLogLikelihood(FileNode node) => [Of(node, node.In(0))];

    private static SymbolicTensor Of(FileNode node, SymbolicTensor log)
    {
        var labels = Ops.Cast(node.In(1), DType.Int64);
        var ignored = node.IntOrNull("ignore_index");
        var counts = ignored is { } index ? Elementwise.Equal(labels, Parts.Number(index, labels.DType)) : null;

        // Labels that are ignored may lie outside the classes.
        var safe = counts is null ? labels : Ops.Make(new Where(), counts, Parts.Number(0, labels.DType), labels);
        var chosen = Ops.Squeeze(Ops.Make(new GatherElements(1), log, Ops.ExpandDims(safe, 1)), 1);
        var weight = node.Has(2) ? Ops.Take(node.In(2), safe, 0) : null;
        if (counts is not null)
        {
            var kept = Ops.Cast(Ops.Make(new Not(), counts), DType.Float32);
            weight = weight is null ? kept : weight * kept;
        }

        var losses = Ops.Make(new Neg(), weight is null ? chosen : chosen * weight);
        if (counts is not null) losses = Ops.Make(new Where(), counts, Ops.Constant(0), losses);
        return node.Choice("reduction", "mean", "sum", "none") switch
        {
            "none" => losses,
            "sum" => Ops.Sum(losses),
            _ => weight is null ? Ops.Mean(losses) : Ops.Sum(losses) / Ops.Sum(weight),
        };
    }
}
