using System.Collections.Frozen;
using System.Text.Json;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions as operators, one row per function in the table of its module.</summary>
internal static class KerasFunctions
{
    /// <summary>The module name of operators that Keras lacks.</summary>
    public const string OwnModule = "onnx_functional.ops";

    private static readonly FrozenDictionary<string, Rule> s_einops = new Dictionary<string, Rule>
    {
        ["Rearrange"] = call => Ops.Rearrange(call.Tensor(0, "tensor"), call.ArgumentText(1, "pattern"), [.. call.NamedIntegers()]),
    }.ToFrozenDictionary();

    private static readonly (string Module, FrozenDictionary<string, Rule>[] Tables)[] s_modules =
    [
        ("keras.src.ops.numpy", [ElementwiseFunctions.Rules, ReductionFunctions.Rules, ShapingFunctions.Rules, ProductFunctions.Rules]),
        ("keras.src.ops.nn", [ActivationFunctions.Rules, NetworkFunctions.Rules]),
        ("keras.src.ops.math", [MathFunctions.Rules]),
        ("keras.src.ops.core", [CoreFunctions.Rules]),
        ("keras.src.ops.linalg", [LinearAlgebraFunctions.Rules]),
        ("keras.src.ops.image", [ImageFunctions.Rules]),
        ("keras.src.ops.einops", [s_einops]),
    ];

    private static readonly FrozenDictionary<string, (string Module, Rule Rule)> s_rules = s_modules
        .SelectMany(module => module.Tables.SelectMany(table => table).Select(row => KeyValuePair.Create(row.Key, (module.Module, row.Value))))
        .ToFrozenDictionary();

    /// <summary>Operators that Keras has no function for.</summary>
    private static readonly FrozenDictionary<string, Rule> s_ownRules = new Dictionary<string, Rule>
    {
        ["IntegerDivide"] = Binary(Ops.Divide),
        ["TransposedMatmul"] = call =>
            Ops.Make(new MatMul(call.Flag("transpose_x1"), call.Flag("transpose_x2")), call.Tensor(0, "x1"), call.Tensor(1, "x2")),
        ["GroupedConv"] = NetworkFunctions.GroupedConvolution,
        ["HardSigmoid"] = call => Ops.Make(new HardSigmoid(call.Number("alpha", 1f / 6), call.Number("beta", 0.5f)), call.Tensor(0, "x")),
        ["Mish"] = Unary(Activation.Mish.Apply),
        ["Phase"] = call => Ops.WhenTraining(call.Tensor(0, "training"), call.Tensor(1, "otherwise")),
        ["Shrink"] = call => Ops.Make(new Shrink(call.Number("threshold", 0.5f), call.Number("bias", 0)), call.Tensor(0, "x")),
        ["Size"] = call => Ops.Size(call.Tensor(0, "x"), call.Axis),
    }.ToFrozenDictionary();

    public static bool IsModule(string module) =>
        module == OwnModule || module.StartsWith("keras.src.ops.", StringComparison.Ordinal) || module.StartsWith("keras.ops", StringComparison.Ordinal);

    /// <summary>Whether Keras has a function of this class that is known here.</summary>
    public static bool Knows(string className) => s_rules.ContainsKey(className);

    /// <summary>The class that Keras makes of a call of a function: <c>LogSoftmax</c> of <c>log_softmax</c>; null if it is not known here.</summary>
    public static string? ClassOf(string function)
    {
        var wanted = function.Replace("_", "", StringComparison.Ordinal);
        return s_rules.Keys.FirstOrDefault(name => string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The module of a function in Keras.</summary>
    public static string ModuleOf(string className) => s_rules[className].Module;

    /// <summary>A function from its description in a file.</summary>
    /// <exception cref="ModelException">There is no row for it.</exception>
    public static KerasFunction Make(string module, string className, JsonElement config, string name)
    {
        var rule = module == OwnModule ? s_ownRules.GetValueOrDefault(className) : s_rules.GetValueOrDefault(className).Rule;
        if (rule is null)
        {
            var nearest = Naming.Nearest(className, module == OwnModule ? s_ownRules.Keys : s_rules.Keys);
            throw new ModelException(
                $"function '{className}' of {module} is not supported."
                + (nearest is null ? "" : $" Did you mean '{nearest}'?")
                + " Rewrite it with supported functions, or as a custom layer, before saving.");
        }

        var options = config.EnumerateObject().Where(entry => entry.Name != "name");
        return new(module, className, [.. options.Select(entry => KeyValuePair.Create(entry.Name, CallValue.Read(entry.Value, null)))], rule, name);
    }
}
