using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One axis or several; negative ones count from the end, none at all means every axis.</summary>
[CollectionBuilder(typeof(Axes), nameof(Create))]
public readonly struct Axes : IEnumerable<int>
{
    private Axes(IntList list) => List = list;

    internal IntList List { get; }

    /// <summary>Makes the list; what a collection literal calls.</summary>
    public static Axes Create(ReadOnlySpan<int> axes) => new(IntList.Create(axes));

    /// <summary>A list of one.</summary>
    public static implicit operator Axes(int axis) => new([axis]);

    /// <summary>Goes through the axes in order.</summary>
    public IEnumerator<int> GetEnumerator() => List.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
