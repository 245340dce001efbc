using System.Globalization;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Export;

/// <summary>One dimension of an input or output: a number, a name that stands for any number, or unknown.</summary>
/// <param name="Value">The number, null if the file leaves it open.</param>
/// <param name="Name">The symbolic name, null if there is none. The same name means the same number within one run.</param>
public readonly record struct OnnxDimension(long? Value, string? Name)
{
    /// <summary>The number, the name, or <c>?</c>.</summary>
    public override string ToString() => Value?.ToString(CultureInfo.InvariantCulture) ?? Name ?? "?";
}

/// <summary>Name, element type and shape of an input or output of a model.</summary>
public sealed class OnnxTensorInfo
{
    internal OnnxTensorInfo(string name, Type elementType, IReadOnlyList<OnnxDimension> dimensions)
    {
        Name = name;
        ElementType = elementType;
        Dimensions = dimensions;
    }

    /// <summary>The name in the file.</summary>
    public string Name { get; }

    /// <summary>The .NET type of an element: <c>typeof(float)</c>, <c>typeof(long)</c>, <c>typeof(string)</c> ...</summary>
    public Type ElementType { get; }

    /// <summary>The dimensions, outermost first; empty for a scalar, and if the file leaves the rank open.</summary>
    public IReadOnlyList<OnnxDimension> Dimensions { get; }

    /// <summary>For example <c>image: float[batch, 28, 28, 1]</c>.</summary>
    public override string ToString() => $"{Name}: {OnnxElementType.NameOf(ElementType)}{ShapeText}";

    internal string ShapeText => "[" + string.Join(", ", Dimensions) + "]";
}
