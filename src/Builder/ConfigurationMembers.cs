using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>The members of an object that files access by name, so that trimming must keep them: constructors and properties.</summary>
internal static class ConfigurationMembers
{
    public const DynamicallyAccessedMemberTypes Kept = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;
}
