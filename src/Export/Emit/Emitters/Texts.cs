using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Operators on text, by ONNX's StringSplit, StringConcat and StringNormalizer (opset 20) and the LabelEncoder of ai.onnx.ml.</summary>
internal static class Texts
{
    private const int FirstOpset = 20;

    public static void Indices(Emission emission, Node node, TokenIndices op)
    {
        if (Tokens(emission, node, op.Rules, op.Words) is not { } tokens) return;
        var open = new TensorSpec(Shape.Of(Shape.Unknown, Shape.Unknown), DType.Int64);
        var indices = Lookup(emission, tokens, op.Words, WordTable.Refused, open);

        // As many zeros as there may be indices, then the first of all.
        var padded = emission.Add("Pad", open, [indices, emission.Constant("pads", [0, 0, 0, op.Length])]);
        string[] cut = [padded, emission.Constant("starts", 0), emission.Constant("ends", op.Length), emission.Constant("axes", 1)];
        emission.Result(node.Outputs[0], Layout.Identity(2), "Slice", cut);
    }

    public static void Counts(Emission emission, Node node, CountTokens op)
    {
        if (Tokens(emission, node, op.Rules, op.Words) is not { } tokens) return;

        // Padding is counted in a column of its own, which is cut off.
        var (open, size) = (new TensorSpec(Shape.Of(Shape.Unknown, Shape.Unknown), DType.Int64), op.Words.Size);
        var indices = Lookup(emission, tokens, op.Words, size, open);
        var lengths = emission.Add("Shape", new TensorSpec(Shape.Of(2), DType.Int64), [indices]);
        var ones = Filled(emission, lengths, 1, open with { Type = DType.Float32 });
        var rows = emission.Add("Gather", new TensorSpec(Shape.Of(1), DType.Int64), [lengths, emission.Constant("axes", 0)], Attributes.Int("axis", 0));
        var shape = emission.Add(
            "Concat", new TensorSpec(Shape.Of(2), DType.Int64), [rows, emission.Constant("columns", size + 1)], Attributes.Int("axis", 0));
        var whole = new TensorSpec(Shape.Of(Shape.Unknown, size + 1), DType.Float32);
        var zeros = Filled(emission, shape, 0, whole);
        var counts = emission.Add(
            "ScatterElements", whole, [zeros, indices, ones], Attributes.Int("axis", 1), Attributes.Text("reduction", "add"));
        string[] cut = [counts, emission.Constant("starts", 0), emission.Constant("ends", size), emission.Constant("axes", 1)];
        emission.Result(node.Outputs[0], Layout.Identity(2), "Slice", cut);
    }

    public static void Lookup(Emission emission, Node node, LookupText op)
    {
        if (!HasIndices(emission, node, op.Words)) return;
        emission.Result(
            node.Outputs[0],
            Layout.Identity(node.Outputs[0].Spec.Shape.Rank),
            OnnxGraph.LabelEncoder,
            [emission.Read(node.Inputs[0])],
            Table(op.Words, WordTable.Refused));
    }

    public static void Words(Emission emission, Node node, WordsAt op) => emission.Result(
        node.Outputs[0],
        Layout.Identity(node.Outputs[0].Spec.Shape.Rank),
        OnnxGraph.LabelEncoder,
        [emission.Read(node.Inputs[0])],
        Attributes.Longs("keys_int64s", op.Words.Select((_, index) => (long)index)),
        Attributes.Texts("values_strings", op.Words),
        Attributes.Text("default_string", op.Other));

    public static void Hash(Emission emission, Node node, HashText op) => emission.Refuse(
        node, $"ONNX has no hash of text, so {op.Bins} bins have no form in it. Use StringLookup, or hash before the model.");

    public static void Cross(Emission emission, Node node, CrossHash op) => emission.Refuse(
        node, $"ONNX has no hash of text, so {op.Bins} bins of crossed features have no form in it. Cross them before the model.");

    /// <summary>The tokens of each text, those of shorter ones padded with empty ones; null if the file cannot hold that.</summary>
    private static string? Tokens(Emission emission, Node node, TextRules rules, WordTable words)
    {
        if (!HasIndices(emission, node, words)) return null;
        var why = emission.Opset < FirstOpset ? $"operators on text came with opset {FirstOpset}, which ONNX Runtime has since 1.17; raise ExportOptions.Opset"
            : rules.Split == TextSplit.Character ? "ONNX cannot split a text into characters; use TextSplit.Whitespace, or vectorize before the model"
            : rules.Ngrams is not null ? "ONNX has no n-grams of text; leave ngrams out, or vectorize before the model"
            : rules.Split == TextSplit.None && rules.Strips ? "a text that is not split keeps its punctuation in ONNX; choose another standardize"
            : null;
        if (why is not null)
        {
            emission.Refuse(node, why + ".");
            return null;
        }

        var spec = node.Inputs[0].Spec;
        var text = emission.Read(node.Inputs[0]);
        if (rules.Lowers)
        {
            // The locale whose letters are those of ASCII; every machine has it.
            text = emission.Add("StringNormalizer", spec, [text], Attributes.Text("case_change_action", "LOWER"), Attributes.Text("locale", "C"));
        }

        var tokens = new TensorSpec(Shape.Of(Shape.Unknown, Shape.Unknown), DType.String);
        if (rules.Split == TextSplit.None) return emission.Add("Unsqueeze", tokens, [text, emission.Constant("axes", 1)]);

        // A blank at the end leaves at least one part of a text that is split.
        var blank = Word(emission, "blank", " ");
        text = emission.Add("StringConcat", spec, [text, blank]);
        if (rules.Strips) text = Replaced(emission, text, TextRules.Punctuation, Word(emission, "nothing", ""), spec);
        text = Replaced(emission, text, TextRules.OtherSpaces, blank, spec);
        return Split(emission, text, "", tokens);
    }

    /// <summary>A text with another one in place of each sign: split there, and joined again in a loop over the parts.</summary>
    private static string Replaced(Emission emission, string text, string signs, string by, TensorSpec spec)
    {
        var parts = new TensorSpec(Shape.Of(Shape.Unknown, Shape.Unknown), DType.String);
        foreach (var sign in signs) text = Joined(emission, Split(emission, text, sign.ToString(), parts), by, spec);
        return text;
    }

    private static string Word(Emission emission, string role, string word)
    {
        var name = emission.Graph.Reserve(emission.Prefix + "/" + role);
        emission.Node("Constant", [], [name], Attributes.Texts("value_strings", word));
        return name;
    }

    private static string Joined(Emission emission, string parts, string by, TensorSpec spec)
    {
        var number = new TensorSpec(Shape.Of(), DType.Int64);
        var lengths = emission.Add("Shape", new TensorSpec(Shape.Of(2), DType.Int64), [parts]);
        var count = emission.Add("Gather", number, [lengths, emission.Scalar("columns", 1L)], Attributes.Int("axis", 0));
        var more = emission.Add("Sub", number, [count, emission.Scalar("one", 1L)]);
        var start = emission.Add("Gather", spec, [parts, emission.Scalar("first", 0L)], Attributes.Int("axis", 1));

        var body = emission.Graph.Body(emission.Prefix + "/join");
        string Name(string role) => body.Reserve(emission.Prefix + "/join/" + role);
        var (step, go, soFar) = (Name("step"), Name("go"), Name("so_far"));
        var (next, part, longer, joined, going) = (Name("next"), Name("part"), Name("longer"), Name("joined"), Name("going"));
        body.Input(step, number);
        body.Input(go, new TensorSpec(Shape.Of(), DType.Bool));
        body.Input(soFar, spec);
        body.Node(emission.Prefix + "/join/Add", "Add", [step, emission.Scalar("one", 1L)], [next]);
        body.Node(emission.Prefix + "/join/Gather", "Gather", [parts, next], [part], Attributes.Int("axis", 1));
        body.Node(emission.Prefix + "/join/StringConcat", "StringConcat", [soFar, by], [longer]);
        body.Node(emission.Prefix + "/join/StringConcat", "StringConcat", [longer, part], [joined]);
        body.Node(emission.Prefix + "/join/Identity", "Identity", [go], [going]);
        body.Output(going, new TensorSpec(Shape.Of(), DType.Bool));
        body.Output(joined, spec);
        return emission.Add("Loop", spec, [more, "", start], Attributes.Graph("body", body.Proto));
    }

    private static string Split(Emission emission, string text, string delimiter, TensorSpec parts)
    {
        var (pieces, counts) = (emission.Graph.Reserve(emission.Prefix + "/pieces"), emission.Graph.Reserve(emission.Prefix + "/counts"));
        emission.Graph.Describe(pieces, parts);
        emission.Graph.Describe(counts, new TensorSpec(Shape.Of(Shape.Unknown), DType.Int64));
        emission.Node("StringSplit", [text], [pieces, counts], Attributes.Text("delimiter", delimiter));
        return pieces;
    }

    private static string Lookup(Emission emission, string tokens, WordTable words, int padding, TensorSpec spec) =>
        emission.Add(OnnxGraph.LabelEncoder, spec, [tokens], Table(words, padding));

    private static string Filled(Emission emission, string shape, float value, TensorSpec spec) => emission.Add(
        "ConstantOfShape", spec, [shape], Attributes.Tensor("value", value));

    /// <summary>The indices of words as attributes.</summary>
    /// <param name="words">The words.</param>
    /// <param name="padding">The index of padding where it has none of its own.</param>
    private static AttributeProto[] Table(WordTable words, int padding)
    {
        var entries = words.Entries.ToList();
        return
        [
            Attributes.Texts("keys_strings", entries.Select(entry => entry.Word)),
            Attributes.Longs("values_int64s", entries.Select(entry => (long)(entry.Index < 0 ? padding : entry.Index))),
            Attributes.Int("default_int64", words.UnknownIndex),
        ];
    }

    private static bool HasIndices(Emission emission, Node node, WordTable words)
    {
        if (words.Unknowns <= 1) return true;
        emission.Refuse(node, $"ONNX has no hash of text, so {words.Unknowns} indices of unknown words have no form in it. Use numOovIndices: 1.");
        return false;
    }
}
