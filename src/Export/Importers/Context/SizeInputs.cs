using System.Collections.Frozen;

namespace OnnxFunctional.Export.Importers;

/// <summary>The inputs of operators that say a size, so that only what is known of them before the run matters.</summary>
internal static class SizeInputs
{
    private static readonly FrozenSet<(string Op, int Input)> s_all = FrozenSet.Create<(string Op, int Input)>(
        null,
        ("ConstantOfShape", 0), ("Expand", 1), ("Range", 1), ("Reshape", 1), ("Resize", 3), ("Slice", 1), ("Slice", 2), ("Slice", 3), ("Slice", 4),
        ("Tile", 1));

    public static bool Contains(string op, int input) => s_all.Contains((op, input));
}
