using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One or more axes; negative ones count from the end, and an empty list means all axes.</summary>
[CollectionBuilder(typeof(Axes), nameof(Create))]
public readonly struct Axes : IEnumerable<int>
{
    private Axes(IntList list) => List = list;

    internal IntList List { get; }

    /// <summary>Creates the list; called by collection expressions.</summary>
    /// <param name="axes">The axes.</param>
    public static Axes Create(ReadOnlySpan<int> axes) => new(IntList.Create(axes));

    /// <summary>A list of one.</summary>
    public static implicit operator Axes(int axis) => new([axis]);

    /// <summary>Enumerates the axes in order.</summary>
    public IEnumerator<int> GetEnumerator() => List.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
