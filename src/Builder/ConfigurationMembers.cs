using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>What files read and set of an object by name, and a trimmer therefore keeps: constructors and properties.</summary>
internal static class ConfigurationMembers
{
    public const DynamicallyAccessedMemberTypes Kept = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;
}
