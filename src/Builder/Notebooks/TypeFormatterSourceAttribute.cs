using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional.Notebooks;

/// <summary>Tells notebooks how to show a type.</summary>
/// <remarks>
/// .NET Interactive, which runs C# in Jupyter and Polyglot notebooks, finds the attribute by this name in any namespace, and members by theirs, so that no
/// library needs to reference it: github.com/dotnet/interactive/blob/main/docs/formatting.md.
/// </remarks>
/// <param name="formatterSourceType">A type with a parameterless constructor and a method CreateTypeFormatters.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor | DynamicallyAccessedMemberTypes.PublicMethods)]
    Type formatterSourceType) : Attribute
{
    /// <summary>The type that creates the formatters.</summary>
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor | DynamicallyAccessedMemberTypes.PublicMethods)]
    public Type FormatterSourceType { get; } = formatterSourceType;
}
