namespace OnnxFunctional.Tests.Cases;

/// <summary>Groups of unusual numbers, and where engine and ONNX Runtime make different things of them.</summary>
internal static class SpecialValues
{
    private static readonly Dictionary<string, float[]> s_values = new()
    {
        ["NaN"] = [float.NaN],
        ["infinities"] = [float.PositiveInfinity, float.NegativeInfinity],
        ["denormals"] = [float.Epsilon, -float.Epsilon, 1e-40f, -1e-40f],
        ["zeros"] = [0f, -0f],
        ["largest numbers"] = [float.MaxValue, float.MinValue],
    };

    public static IReadOnlyList<string> Kinds => [.. s_values.Keys];

    /// <summary>All known deviations; whatever is not listed is the same on both sides.</summary>
    public static IReadOnlyList<SpecialDeviation> Deviations { get; } =
    [
        new("NaN", ["ArgMax", "ArgMin"], "the engine never chooses NaN; ONNX Runtime chooses it if it comes first"),
        new("NaN", ["TopK"], "the engine ranks NaN last, ONNX Runtime first"),
        new(
            "NaN",
            ["ReduceMax", "ReduceMin", "MaxPool", "SoftmaxCrossEntropy"],
            "NaN in the engine, as in Keras; ONNX Runtime keeps or drops it depending on its place"),
        new("NaN", ["MaxPoolGradient"], "the file compares each element with the maximum, and NaN equals nothing"),
        new("NaN", ["Cast"], "to an integer: 0 in the engine; the smallest integer in ONNX Runtime on x64. Not defined by ONNX"),
        new("NaN", ["Resize", "ResizeGradient"], "in files pixels are also multiplied by weights of 0; the engine reads only those it needs"),
        new("NaN", ["ConvTranspose", "ConvInputGradient"], "the engine multiplies padding zeros by weights that are NaN"),
        new("NaN", ["Lstm", "Gru", "Rnn", "RecurrentGradient"], "activations inside ONNX Runtime's recurrent operators make numbers of NaN, which is wrong"),
        new(
            "NaN",
            ["QuantizeLinear", "DynamicQuantizeLinear"],
            "0 in the engine; a bound of the type in ONNX Runtime, which depends on the processor. Not defined by ONNX"),
        new(
            "NaN",
            ["GridSample", "Lrn"],
            "the engine multiplies what it does not need by 0 too; ONNX Runtime leaves it out, or adds in another order"),
        new("infinities", ["Clip"], "ONNX Runtime takes an absent bound for the largest finite number, which is wrong"),
        new("infinities", ["Gelu", "Mish", "Softsign"], "the limit in the engine; NaN in ONNX Runtime, which is wrong"),
        new("infinities", ["Mod"], "the divisor if signs differ, as in Python; the formula in the file gives NaN"),
        new("infinities", ["Cast"], "to an integer: the nearest one in the engine; the smallest in ONNX Runtime on x64. Not defined by ONNX"),
        new("infinities", ["MaxPool"], "where all elements are -Infinity, ONNX Runtime gives the smallest finite number, which is wrong"),
        new("infinities", ["BatchNormalization"], "the engine scales x - mean; ONNX Runtime scales both and subtracts, which may be Infinity - Infinity"),
        new("infinities", ["LayerNormalization"], "the mean is infinite in the engine, NaN in ONNX Runtime; the result is NaN on both sides"),
        new("infinities", ["SoftmaxCrossEntropyGradient"], "the file multiplies at another place, which may be Infinity * 0"),
        new("infinities", ["Resize", "ResizeGradient"], "as for NaN"),
        new("infinities", ["ConvTranspose", "ConvInputGradient"], "as for NaN"),
        new("infinities", ["Lstm", "Gru", "Rnn", "RecurrentGradient"], "as for NaN: Infinity - Infinity"),
        new("infinities", ["QuantizeLinear", "DynamicQuantizeLinear"], "a scale that is infinite gives NaN: as for NaN"),
        new("infinities", ["GridSample", "Lrn"], "as for NaN: Infinity * 0"),
        new("infinities", ["InstanceNormalization"], "as for LayerNormalization"),
        new("denormals", ["Mod"], "the quotient overflows in the formula of the file"),
        new("zeros", ["Celu", "Log1p", "Selu"], "-0 of -0 in the engine; 0 in ONNX Runtime"),
        new("zeros", ["Gelu"], "0 of -0 in the engine; -0 in ONNX Runtime"),
        new(
            "zeros",
            ["Max", "Min", "MaxPool", "ReduceMax", "ReduceMin", "SoftmaxCrossEntropy"],
            "0 and -0 are equal, so either may be chosen; which one depends on the processor")
        { ByProcessor = true },
        new(
            "zeros",
            ["BatchNormalization", "RecurrentGradient", "Resize", "ResizeGradient", "SoftmaxCrossEntropyGradient"],
            "the sign of a sum of zeros depends on its form and on the processor")
        { ByProcessor = true },
        new("zeros", ["QuantizeLinear"], "a scale of 0 gives NaN: as for NaN"),
        new("zeros", ["GridSample"], "-0 of -0 in the engine; 0 in ONNX Runtime"),
        new("largest numbers", ["Cast"], "as for infinities"),
    ];

    public static bool MayDeviate(string op, string kind) => Deviations.Any(deviation => deviation.Kind == kind && deviation.Operators.Contains(op));

    /// <summary>The usual elements of an input with unusual ones in about a third of all places.</summary>
    public static double[] Fill(OpInput input, string kind, Random random)
    {
        var values = (double[])input.Fill(random).Clone();
        if (input.Type != DType.Float32) return values;
        var special = s_values[kind];
        for (var i = 0; i < values.Length; i++)
        {
            if (random.Next(3) == 0) values[i] = special[random.Next(special.Length)];
        }

        return values;
    }
}

/// <summary>
/// Operators whose results for a kind of numbers may differ between engine and ONNX Runtime, and why. By processor: their kernels choose by the
/// instruction set, so an operator of the row may agree on one machine and differ on another.
/// </summary>
internal sealed record SpecialDeviation(string Kind, string[] Operators, string Reason)
{
    public bool ByProcessor { get; init; }
}
