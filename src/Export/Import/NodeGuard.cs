using Google.Protobuf.Collections;
using OnnxFunctional.Export.Import.Schemas;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Nodes have the inputs, outputs and attributes that the specification requires of their operators.</summary>
/// <remarks>
/// ONNX Runtime 1.31 counts inputs but does not ask whether a required one has a name: its kernels then read address 0. Operators that the table does not
/// know (com.microsoft, unknown names) are left to ONNX Runtime.
/// </remarks>
internal static class NodeGuard
{
    /// <param name="node">The node; it does not call a function of the file.</param>
    /// <param name="versions">The versions of operator sets that apply to it.</param>
    /// <param name="context">The file.</param>
    public static void Check(NodeProto node, IReadOnlyDictionary<string, long> versions, GuardContext context)
    {
        var domain = DomainGuard.Normalize(node.Domain);
        if (!versions.TryGetValue(domain, out var version))
        {
            var name = domain.Length == 0 ? "ai.onnx" : domain;
            throw context.Refuse(
                $"{GuardContext.Describe(node)} is an operator of {name}, but no version of {name} is imported",
                "Export the model again with an entry for this domain among its operator sets.");
        }

        if (OperatorSchemas.Find(domain, node.OpType, version) is not { } schema) return;
        CheckValues(node, node.Input, schema.Inputs, "input", context);
        RemoveEmptyEnd(node, schema, context);
        CheckValues(node, node.Output, schema.Outputs, "output", context);
        foreach (var attribute in schema.Attributes)
        {
            if (attribute.IsRequired && !node.Attribute.Any(own => own.Name == attribute.Name))
                throw context.Refuse($"{GuardContext.Describe(node)} has no attribute '{attribute.Name}', which its operator requires");
        }

        foreach (var own in node.Attribute)
        {
            if (schema.Attribute(own.Name) is { } attribute && own.HasType && own.Type != attribute.Kind)
                throw context.Refuse($"the attribute '{own.Name}' of {GuardContext.Describe(node)} is of the kind {own.Type}, expected {attribute.Kind}");
        }
    }

    // An input that is left out at the end may have an empty name or none. ONNX Runtime 1.31 reads address 0 for some with an empty name (the bias of
    // LayerNormalization), so the name is removed.
    private static void RemoveEmptyEnd(NodeProto node, OperatorSchema schema, GuardContext context)
    {
        if (schema.Inputs is [.., { IsVariadic: true }]) return;
        while (node.Input is [.., ""])
        {
            node.Input.RemoveAt(node.Input.Count - 1);
            context.IsRewritten = true;
        }
    }

    private static void CheckValues(NodeProto node, RepeatedField<string> names, IReadOnlyList<SchemaValue> expected, string role, GuardContext context)
    {
        var isVariadic = expected is [.., { IsVariadic: true }];
        if (names.Count > expected.Count && !isVariadic)
            throw context.Refuse($"{GuardContext.Describe(node)} has {names.Count} {role}s, expected at most {expected.Count}");
        for (var i = 0; i < expected.Count; i++)
        {
            if (expected[i].Occurrence is Occurrence.Optional or Occurrence.Any || (i < names.Count && names[i].Length > 0)) continue;
            throw context.Refuse($"{GuardContext.Describe(node)} has no {role} '{expected[i].Name}', which its operator requires");
        }

        // An output that nobody reads may go without a name, as for the last values of a Loop.
        if (!isVariadic || role == "output") return;
        for (var i = expected.Count - 1; i < names.Count; i++)
        {
            if (names[i].Length == 0) throw context.Refuse($"{GuardContext.Describe(node)} has no name at {role} {i}, one of '{expected[^1].Name}'");
        }
    }
}
