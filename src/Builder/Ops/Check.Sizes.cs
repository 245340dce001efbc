namespace OnnxFunctional;

/// <content>Checks of sizes.</content>
internal static partial class Check
{
    /// <summary>A dimension that a layer must know to create its weights or its computation.</summary>
    public static int Known(SymbolicTensor x, int axis, string what) =>
        x.Shape.Dim(axis) is var dim and not Shape.Unknown
            ? dim
            : throw new ModelException(
                $"needs to know {what}, axis {(axis < 0 ? axis + x.Rank : axis)} of {x.Shape}. Set that size in Model.Input instead of null.");
}
