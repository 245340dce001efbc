using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Makes models of fewer bits.</summary>
internal static class SmallerModels
{
    public const string Int8 = "int8";

    private static readonly (string Word, QuantizationKind Kind)[] s_integers =
    [
        (Int8, QuantizationKind.StaticInt8), ("dynamic-int8", QuantizationKind.DynamicInt8), ("int8-weights", QuantizationKind.WeightOnlyInt8),
        ("int4-weights", QuantizationKind.WeightOnlyInt4),
    ];

    private static readonly (string Word, HalfKind Kind)[] s_halves =
    [
        ("float16", HalfKind.Float16), ("float16-weights", HalfKind.WeightOnlyFloat16), ("bfloat16-weights", HalfKind.WeightOnlyBFloat16),
    ];

    /// <summary>The types there are.</summary>
    public static string[] Types => [.. s_integers.Select(kind => kind.Word), .. s_halves.Select(half => half.Word)];

    /// <summary>Whether a type has scales.</summary>
    public static bool IsOfIntegers(string type) => Array.Exists(s_integers, entry => entry.Word == type);

    /// <summary>Makes the model.</summary>
    /// <param name="model">The model in float32.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="calibration">Typical data.</param>
    /// <param name="options">How integers are found; 16 bits take from it which layers stay float32.</param>
    /// <param name="gate">What it may cost.</param>
    /// <returns>The model, and its layers for programs.</returns>
    public static (ReducedPrecisionModel Made, JsonArray Layers) Of(
        Model model, string type, NDArrays calibration, QuantizationOptions options, QuantizationGate gate)
    {
        if (IsOfIntegers(type))
        {
            var integers = s_integers.First(entry => entry.Word == type).Kind;
            var quantized = model.Quantize(calibration, options with { Kind = integers }, gate);
            return (quantized, [.. quantized.Layers.Select(ToJson)]);
        }

        var kind = s_halves.First(half => half.Word == type).Kind;
        var made = model.ToHalf(calibration, new() { Kind = kind, KeepFloat = options.KeepFloat, BatchSize = options.BatchSize }, gate);
        return (made, [.. made.Layers.Select(ToJson)]);
    }

    private static JsonObject ToJson(QuantizedLayer layer) => new()
    {
        ["layer"] = layer.Layer,
        ["operator"] = layer.Operator,
        ["weights"] = layer.Weights,
        ["error"] = Report.Number(layer.Error),
        ["form"] = layer.Form,
    };

    private static JsonObject ToJson(HalfLayer layer) => new()
    {
        ["layer"] = layer.Layer,
        ["weights"] = layer.Weights,
        ["largest"] = Report.Number(layer.Largest),
        ["error"] = layer.Error is { } error ? Report.Number(error) : null,
        ["half"] = layer.IsHalf,
        ["reason"] = layer.Reason,
    };
}
