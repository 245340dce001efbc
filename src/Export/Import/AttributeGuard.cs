using OnnxFunctional.Export.Proto;
using Kind = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;

namespace OnnxFunctional.Export.Import;

/// <summary>Attributes: one value, of the declared kind; sizes are positive and their product fits an int.</summary>
internal static class AttributeGuard
{
    // TfIdfVectorizer tries every distance up to the largest, whatever the length of its input.
    private const int LongestGram = 1 << 16;

    public static void CheckType(AttributeProto attribute, string owner, GuardContext context)
    {
        var name = $"the attribute {GuardContext.Quote(attribute.Name)} of {owner}";
        if (attribute.Name.Length == 0) throw context.Refuse($"{owner} has an attribute without a name");
        var kinds = Present(attribute);
        if (attribute.RefAttrName.Length > 0)
        {
            if (kinds.Count > 0) throw context.Refuse($"{name} has a value and refers to another attribute");
            return;
        }

        if (kinds.Count > 1) throw context.Refuse($"{name} has several values");

        // An empty list leaves no trace in the file but its kind.
        if (kinds.Count == 1 && attribute.HasType && attribute.Type != kinds[0]) throw context.Refuse($"{name} declares {attribute.Type} and holds {kinds[0]}");
        if (kinds.Count == 0 && attribute.Type is Kind.Tensor or Kind.Graph or Kind.SparseTensor or Kind.TypeProto && !HasMessage(attribute))
            throw context.Refuse($"{name} declares {attribute.Type} and holds nothing");
        if (!Enum.IsDefined(attribute.Type)) throw context.Refuse($"{name} is of the unknown kind {(int)attribute.Type}");
    }

    /// <summary>Sizes of windows, groups and states.</summary>
    public static void CheckNumbers(NodeProto node, GuardContext context)
    {
        foreach (var attribute in node.Attribute)
        {
            switch (attribute.Name)
            {
                case "num_outputs" when node.OpType == "Split" && attribute.I != node.Output.Count:
                    throw Refuse(attribute, node, attribute.I, context);
                case "kernel_shape" or "strides" or "dilations":
                    CheckSizes(attribute, node, context);
                    break;
                case "group" or "hidden_size" or "blocksize" or "num_groups" or "num_heads" or "q_num_heads" or "kv_num_heads" or "num_outputs"
                    when attribute.Type == Kind.Int:
                    // A number that is not there is zero: writers of protobuf's third version leave zeros out.
                    if (attribute.I is <= 0 or > int.MaxValue) throw Refuse(attribute, node, attribute.I, context);
                    break;
                case "batch_dims" or "sample_size" or "sampling_ratio" when attribute.I is < 0 or > int.MaxValue:
                    throw Refuse(attribute, node, attribute.I, context);
                case "max_skip_count" or "max_gram_length" or "min_gram_length" when attribute.I is < 0 or > LongestGram:
                    throw Refuse(attribute, node, attribute.I, context);
                case "num_scan_inputs" when attribute.I < 1 || attribute.I > node.Input.Count:
                    throw Refuse(attribute, node, attribute.I, context);
                case "pads" or "output_padding" or "output_shape":
                    foreach (var value in attribute.Ints)
                    {
                        if (value is < -int.MaxValue or > int.MaxValue) throw Refuse(attribute, node, value, context);
                    }

                    break;
            }
        }
    }

    private static void CheckSizes(AttributeProto attribute, NodeProto node, GuardContext context)
    {
        var product = 1L;
        foreach (var value in attribute.Ints)
        {
            if (value is <= 0 or > int.MaxValue) throw Refuse(attribute, node, value, context);
            product *= value;
            if (product > int.MaxValue)
                throw context.Refuse($"the attribute {GuardContext.Quote(attribute.Name)} of {GuardContext.Describe(node)} multiplies to more than 2^31");
        }
    }

    private static OnnxFileException Refuse(AttributeProto attribute, NodeProto node, long value, GuardContext context) =>
        context.Refuse($"the attribute {GuardContext.Quote(attribute.Name)} of {GuardContext.Describe(node)} is {value}");

    private static bool HasMessage(AttributeProto attribute) =>
        attribute.T is not null || attribute.G is not null || attribute.SparseTensor is not null || attribute.Tp is not null;

    private static List<Kind> Present(AttributeProto attribute)
    {
        var result = new List<Kind>(1);
        Add(attribute.HasF, Kind.Float);
        Add(attribute.HasI, Kind.Int);
        Add(attribute.HasS, Kind.String);
        Add(attribute.T is not null, Kind.Tensor);
        Add(attribute.G is not null, Kind.Graph);
        Add(attribute.SparseTensor is not null, Kind.SparseTensor);
        Add(attribute.Tp is not null, Kind.TypeProto);
        Add(attribute.Floats.Count > 0, Kind.Floats);
        Add(attribute.Ints.Count > 0, Kind.Ints);
        Add(attribute.Strings.Count > 0, Kind.Strings);
        Add(attribute.Tensors.Count > 0, Kind.Tensors);
        Add(attribute.Graphs.Count > 0, Kind.Graphs);
        Add(attribute.SparseTensors.Count > 0, Kind.SparseTensors);
        Add(attribute.TypeProtos.Count > 0, Kind.TypeProtos);
        return result;

        void Add(bool present, Kind kind)
        {
            if (present) result.Add(kind);
        }
    }
}
