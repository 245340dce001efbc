using OnnxFunctional.Serialization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>What a loss takes as targets, for predictions of a shape.</summary>
internal sealed record LossForm(KerasType Type, Func<Shape, Draw, NDArray> Targets)
{
    private static readonly Dictionary<string, (Func<Shape, bool> Fits, Func<Shape, Draw, NDArray> Targets)> s_forms = new()
    {
        ["BinaryCrossentropy"] = (AnyShape, Shares),
        ["BinaryFocalCrossentropy"] = (AnyShape, Shares),
        ["CategoricalCrossentropy"] = (HasClasses, OneHot),
        ["CategoricalFocalCrossentropy"] = (HasClasses, OneHot),
        ["CategoricalGeneralizedCrossEntropy"] = (HasClasses, Indices),
        ["CategoricalHinge"] = (HasClasses, OneHot),
        ["Circle"] = (shape => shape.Rank == 2 && HasClasses(shape), Indices),
        ["CosineSimilarity"] = (AnyShape, Signed),
        ["CTC"] = (shape => shape.Rank == 3 && shape[1] is >= 3 && shape[2] is >= 3, Labels),
        ["Dice"] = (AnyShape, Shares),
        ["Hinge"] = (AnyShape, Signs),
        ["Huber"] = (AnyShape, Signed),
        ["KLDivergence"] = (AnyShape, Shares),
        ["LogCosh"] = (AnyShape, Signed),
        ["MeanAbsoluteError"] = (AnyShape, Signed),
        ["MeanAbsolutePercentageError"] = (AnyShape, (shape, draw) => Fill(shape, () => draw.Between(1f, 2f))),
        ["MeanSquaredError"] = (AnyShape, Signed),
        ["MeanSquaredLogarithmicError"] = (AnyShape, Shares),
        ["Poisson"] = (AnyShape, Shares),
        ["SparseCategoricalCrossentropy"] = (HasClasses, Indices),
        ["SquaredHinge"] = (AnyShape, Signs),
        ["Tversky"] = (AnyShape, Shares),
    };

    // Their logarithm or power of a negative prediction is not a number, or they divide by a sum that may be 0 for what are no shares.
    private static readonly string[] s_ofShares = ["Poisson", "CategoricalGeneralizedCrossEntropy", "Dice", "Tversky"];

    public static IEnumerable<string> Names => s_forms.Keys;

    public static LossForm MeanSquaredError => new(CompileTypes.Losses["MeanSquaredError"], Signed);

    /// <summary>A loss for a prediction.</summary>
    public static LossForm Fitting(SymbolicTensor prediction, Draw draw)
    {
        var shape = prediction.Shape;
        var shares = OnnxFunctional.Training.Losses.Targets.LogitsOfSoftmax(prediction) is not null;
        // Losses that any network is trained with count more than rare ones.
        var fitting = s_forms.Where(form => form.Value.Fits(shape) && (shares || !s_ofShares.Contains(form.Key))).Select(form => form.Key);
        var name = draw.For("plain").Chance(0.3) ? "MeanSquaredError" : draw.Of<string>([.. fitting]);
        return new(CompileTypes.Losses[name], s_forms[name].Targets);
    }

    private static bool AnyShape(Shape shape) => true;

    private static bool HasClasses(Shape shape) => shape.Rank > 1 && shape[^1] is > 1;

    private static NDArray Signed(Shape shape, Draw draw) => Fill(shape, () => draw.Between(-1f, 1f));

    private static NDArray Shares(Shape shape, Draw draw) => Fill(shape, () => draw.Between(0f, 1f));

    private static NDArray Signs(Shape shape, Draw draw) => Fill(shape, () => draw.Of(-1, 1));

    private static NDArray Fill(Shape shape, Func<float> value) =>
        NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => value())], shape);

    private static NDArray Indices(Shape shape, Draw draw)
    {
        var rows = shape.Slice(0, shape.Rank - 1);
        return NDArray.Create([.. Enumerable.Range(0, (int)rows.ElementCount).Select(_ => (long)draw.Below(shape.Dims[^1]))], rows);
    }

    private static NDArray OneHot(Shape shape, Draw draw)
    {
        var classes = shape.Dims[^1];
        var values = new float[shape.ElementCount];
        for (var row = 0; row < values.Length / classes; row++) values[(row * classes) + draw.Below(classes)] = 1;
        return NDArray.Create(values, shape);
    }

    /// <summary>One label per sample, so that every sequence is long enough.</summary>
    private static NDArray Labels(Shape shape, Draw draw) =>
        NDArray.Create([.. Enumerable.Range(0, shape.Dims[0]).Select(_ => (long)draw.Between(1, shape.Dims[2] - 1))], Shape.Of(shape.Dims[0], 1));
}
