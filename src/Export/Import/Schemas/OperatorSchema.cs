using Kind = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;

namespace OnnxFunctional.Export.Import.Schemas;

/// <summary>How often an input or output of an operator occurs.</summary>
internal enum Occurrence
{
    /// <summary>Exactly once.</summary>
    Required,

    /// <summary>Once, or left out: an empty name, or the end of the list.</summary>
    Optional,

    /// <summary>The rest of the list, at least one.</summary>
    OneOrMore,

    /// <summary>The rest of the list, maybe nothing.</summary>
    Any,
}

/// <summary>An input or output.</summary>
/// <param name="Name">Its name in the specification.</param>
/// <param name="Occurrence">How often it occurs.</param>
internal sealed record SchemaValue(string Name, Occurrence Occurrence)
{
    /// <summary>Whether it stands for the rest of the list.</summary>
    public bool IsVariadic => Occurrence is Occurrence.OneOrMore or Occurrence.Any;
}

/// <summary>An attribute.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">The kind of its value.</param>
/// <param name="IsRequired">Whether every node must have it.</param>
/// <param name="Default">What counts if a node has none, as text: a number, a word, numbers or words with commas; null if there is no default.</param>
internal sealed record SchemaAttribute(string Name, Kind Kind, bool IsRequired, string? Default);

/// <summary>What the specification says of one operator in one version: what a node of it must have and may have.</summary>
/// <param name="Since">The version of its domain that introduced it in this form.</param>
/// <param name="Inputs">The inputs in their order.</param>
/// <param name="Outputs">The outputs in their order.</param>
/// <param name="Attributes">The attributes.</param>
internal sealed record OperatorSchema(
    int Since,
    IReadOnlyList<SchemaValue> Inputs,
    IReadOnlyList<SchemaValue> Outputs,
    IReadOnlyList<SchemaAttribute> Attributes)
{
    /// <summary>The attribute of that name, null if there is none.</summary>
    public SchemaAttribute? Attribute(string name)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.Name == name) return attribute;
        }

        return null;
    }
}
