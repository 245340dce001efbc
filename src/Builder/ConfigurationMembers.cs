using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>The members that files read and set by name, and that a trimmer must therefore keep: constructors and properties.</summary>
internal static class ConfigurationMembers
{
    public const DynamicallyAccessedMemberTypes Kept = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;
}
