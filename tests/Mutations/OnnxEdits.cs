using System.Collections;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using OnnxFunctional.Export.Import.Schemas;
using OnnxFunctional.Export.Proto;
using AttributeType = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Changes of an ONNX file that leave it well-formed protobuf: any field of any message, and what operators ask for.</summary>
internal static class OnnxEdits
{
    private const int MostMessages = 20_000;

    private static readonly string[] s_words =
        ["", "NOTSET", "SAME_UPPER", "VALID", "bidirectional", "reverse", "linear", "cubic", "wrap", "x", "tf_crop_and_resize"];

    public static byte[] Change(byte[] content, Random random)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(content);
        }
        catch (InvalidProtocolBufferException)
        {
            return Edits.Bytes(content, random);
        }

        var messages = new List<IMessage>();
        Collect(model, messages);
        var nodes = messages.OfType<NodeProto>().ToList();
        var texts = model.MetadataProps.Where(entry => entry.Value.StartsWith('{')).ToList();
        switch (random.Next(10))
        {
            case 0 when nodes.Count > 0:
                random.One(nodes).OpType = random.One<string>([.. OperatorSchemas.Names]).Split('.')[^1];
                break;
            case 1 or 2 when nodes.Count > 0:
                ChangeAttribute(random.One(nodes), model, random);
                break;
            case 3 when nodes.Count > 0:
                ChangeValues(random.One(nodes), nodes, random);
                break;
            case 4 when texts.Count > 0:
                var text = random.One(texts);
                text.Value = Encoding.UTF8.GetString(JsonEdits.Change(Encoding.UTF8.GetBytes(text.Value), random));
                break;
            default:
                ChangeField(random.One(messages), messages, random);
                break;
        }

        return model.ToByteArray();
    }

    private static void Collect(IMessage message, List<IMessage> messages)
    {
        if (messages.Count > MostMessages) return;
        messages.Add(message);
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != FieldType.Message) continue;
            var value = field.Accessor.GetValue(message);
            if (value is IMessage inner) Collect(inner, messages);
            if (value is IList list)
            {
                foreach (IMessage item in list) Collect(item, messages);
            }
        }
    }

    /// <summary>Sets an attribute that the operator knows, to a value of its kind or of another, or to none.</summary>
    private static void ChangeAttribute(NodeProto node, ModelProto model, Random random)
    {
        var version = model.OpsetImport.FirstOrDefault()?.Version ?? 21;
        var known = OperatorSchemas.Find("", node.OpType, version)?.Attributes;
        if (known is not { Count: > 0 }) return;
        var schema = random.One(known);
        var attribute = node.Attribute.FirstOrDefault(attribute => attribute.Name == schema.Name);
        if (attribute is null) node.Attribute.Add(attribute = new AttributeProto { Name = schema.Name });
        attribute.Type = random.Next(10) == 0 ? (AttributeType)random.Next(12) : schema.Kind;
        attribute.ClearI();
        attribute.ClearF();
        attribute.ClearS();
        var count = random.Next(5);
        if (random.Next(10) == 0) return;
        switch (attribute.Type)
        {
            case AttributeType.Int:
                attribute.I = random.Number();
                break;
            case AttributeType.Float:
                attribute.F = random.One([0f, -1, 1e30f, float.NaN, float.PositiveInfinity, 1e-30f, 2]);
                break;
            case AttributeType.String:
                attribute.S = ByteString.CopyFromUtf8(random.One(s_words));
                break;
            case AttributeType.Ints:
                attribute.Ints.Clear();
                for (var i = 0; i < count; i++) attribute.Ints.Add(random.Number());
                break;
            case AttributeType.Floats:
                attribute.Floats.Clear();
                for (var i = 0; i < count; i++) attribute.Floats.Add(random.NextSingle());
                break;
        }
    }

    /// <summary>Changes what a node takes or returns: left out, one more, one of another node.</summary>
    private static void ChangeValues(NodeProto node, List<NodeProto> nodes, Random random)
    {
        var list = random.Next(4) == 0 ? node.Output : node.Input;
        if (list.Count == 0) return;
        var index = random.Next(list.Count);
        switch (random.Next(4))
        {
            case 0:
                list[index] = "";
                break;
            case 1:
                list.RemoveAt(index);
                break;
            case 2:
                list.Insert(index, list[random.Next(list.Count)]);
                break;
            default:
                var other = random.One(nodes);
                list[index] = random.One<string>([.. other.Input, .. other.Output, "q"]);
                break;
        }
    }

    private static void ChangeField(IMessage message, List<IMessage> messages, Random random)
    {
        var fields = message.Descriptor.Fields.InDeclarationOrder();
        var present = fields.Where(field => field.IsRepeated ? ((IList)field.Accessor.GetValue(message)).Count > 0 : field.Accessor.HasValue(message)).ToList();
        var field = present.Count > 0 && random.Next(4) > 0 ? random.One(present) : random.One<FieldDescriptor>([.. fields]);
        if (field.IsRepeated)
        {
            ChangeList(field, (IList)field.Accessor.GetValue(message), messages, random);
            return;
        }

        if (random.Next(5) == 0) field.Accessor.Clear(message);
        else field.Accessor.SetValue(message, Value(field, field.Accessor.GetValue(message), messages, random));
    }

    private static void ChangeList(FieldDescriptor field, IList list, List<IMessage> messages, Random random)
    {
        var index = list.Count == 0 ? 0 : random.Next(list.Count);
        switch (random.Next(list.Count == 0 ? 1 : 6))
        {
            case 0:
                list.Insert(index, Value(field, null, messages, random));
                break;
            case 1:
                list.RemoveAt(index);
                break;
            case 2:
                list.Insert(index, list[random.Next(list.Count)] is IMessage inner ? Copy(inner) : list[random.Next(list.Count)]);
                break;
            case 3:
                list.Clear();
                break;
            default:
                list[index] = Value(field, list[index], messages, random);
                break;
        }
    }

    private static object Value(FieldDescriptor field, object? old, List<IMessage> messages, Random random) => field.FieldType switch
    {
        FieldType.Int64 => random.Number(),
        FieldType.UInt64 => unchecked((ulong)random.Number()),
        FieldType.Int32 => random.Next(3) > 0 ? random.Next(30) : unchecked((int)random.Number()),
        FieldType.Enum => random.Next(20),
        FieldType.Float => random.One([0f, -1, 1e30f, float.NaN, float.NegativeInfinity, 1e-40f]),
        FieldType.Double => random.One([0.0, -1, 1e300, double.NaN, double.NegativeInfinity]),
        FieldType.Bytes => ByteString.CopyFrom(Edits.Bytes(((ByteString?)old ?? ByteString.Empty).ToByteArray(), random)),
        FieldType.String => Text(field, (string?)old ?? "", messages, random),
        _ => Message(field, old as IMessage, messages, random),
    };

    private static string Text(FieldDescriptor field, string old, List<IMessage> messages, Random random)
    {
        var same = messages.Where(message => message.Descriptor == field.ContainingType).ToList();
        return random.Next(4) switch
        {
            0 => random.One(["", "x", "ai.onnx.ml", "com.microsoft", "\0", "..", new string('n', 300)]),
            1 => Encoding.Latin1.GetString(Edits.Text(Encoding.Latin1.GetBytes(old), random)),
            _ when !field.IsRepeated && same.Count > 0 => (string)field.Accessor.GetValue(random.One(same)),
            _ => random.One(messages.OfType<NodeProto>().SelectMany(node => node.Input.Concat(node.Output)).Append(old).ToList()),
        };
    }

    private static IMessage Message(FieldDescriptor field, IMessage? old, List<IMessage> messages, Random random)
    {
        var same = messages.Where(message => message.Descriptor == field.MessageType && message != old).ToList();
        return same.Count > 0 && random.Next(4) > 0 ? Copy(random.One(same)) : field.MessageType.Parser.ParseFrom(ByteString.Empty);
    }

    private static IMessage Copy(IMessage message) => message.Descriptor.Parser.ParseFrom(message.ToByteString());
}
