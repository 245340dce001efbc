using OnnxFunctional.Export;
using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Builder;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Functions of keras.ops that Keras saved as steps of a model: its numbers in the engine, saved again, and in ONNX Runtime; and gradients.</summary>
[TestClass]
public sealed class KerasOperationTests
{
    // Functions that are refused; each by a sentence that names it.
    private static readonly string[] s_refused = ["gammainc", "view"];

    // Functions that jump, bend everywhere, stop the gradient, or are infinite here: differences are no gradient.
    private static readonly string[] s_jumping =
    [
        "ceil", "ctc_decode", "ctc_decode merged", "ctc_decode repeated", "dot_product_attention mask", "floor", "floor_divide", "heaviside", "histogram",
        "histogram range", "hsv_to_rgb", "inv needs exchanges", "mod", "round decimals", "segment_max", "segment_min", "select", "sign", "stop_gradient", "tan",
    ];

    // Functions that bend somewhere, or are given NaN: numbers well apart and away from 0 stand in for their inputs.
    private static readonly Dictionary<string, (double Low, double High)> s_bending = new()
    {
        ["divide_no_nan"] = (0.5, 2),
        ["erfinv"] = (-0.9, 0.9),
        ["rgb_to_hsv"] = (0.1, 3),
        ["sqrt"] = (0.2, 2),
    };

    private static readonly string[] s_bent =
    [
        "absolute", "angle", "arctan2", "fabs", "fmax", "fmin", "logaddexp", "max initial", "nanmax", "nanmean", "nanmedian", "nanmin",
        "nanquantile", "nanstd", "nanvar", "normalize l1", "quantile higher", "quantile midpoint", "scatter_update min", "sort last",
        "top_k", "where numbers",
    ];

    private static readonly WorkerPool s_pool = new(1);

    public static IEnumerable<object[]> Names => KerasOperation.Names.Except(s_refused).Select(name => new object[] { name });

    public static IEnumerable<object[]> Smooth => KerasOperation.Names.Except(s_refused).Except(s_jumping).Select(name => new object[] { name });

    public static IEnumerable<object[]> Refused => s_refused.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Numbers_are_those_of_Keras_in_the_engine_and_saved_again(string name)
    {
        var operation = KerasOperation.Named(name);
        var model = operation.Read();
        var outputs = operation.Run(model);
        operation.AreOfKeras(outputs);
        var again = Model.FromJson(model.ToJson());
        Assert.AreEqual(model.ToJson(), again.ToJson());
        foreach (var (before, after) in outputs.Zip(operation.Run(again))) CollectionAssert.AreEqual(before.Values, after.Values);
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Numbers_are_those_of_Keras_in_ONNX_Runtime(string name)
    {
        var operation = KerasOperation.Named(name);
        var outputs = operation.Read().Emit().Run([.. operation.Inputs.Select(input => OpAgreementTests.Value(input, input.Values!))]);
        operation.AreOfKeras([.. outputs.Select(numbers => numbers.Select(number => (double)number).ToArray())]);
    }

    [TestMethod]
    [DynamicData(nameof(Smooth))]
    public void Gradients_are_those_of_differences(string name)
    {
        var operation = KerasOperation.Named(name);
        var model = operation.Read();
        var inputs = operation.Inputs;
        if (s_bent.Contains(name) || s_bending.ContainsKey(name))
        {
            var (low, high) = s_bending.GetValueOrDefault(name, (-2, 2));
            inputs = [.. inputs.Select(input =>
                input.Type == DType.Float32 ? input with { Values = null, Low = low, High = high, Distinct = true, Kinks = [0] } : input)];
        }

        var random = new Random(7);
        double[][] values = [.. inputs.Select(input => input.Fill(random))];
        var row = new OpCase(name, new Identity(), [.. inputs]) { Build = x => model.Call(x), UnknownBatch = false };
        new DifferenceCheck(s_pool, values, 7).Run(row, training: false);
    }

    [TestMethod]
    public void Functions_of_bits_are_refused_in_files_older_than_they_are()
    {
        using var folder = new TemporaryFolder();
        var model = KerasOperation.Named("bitwise_xor").Read();
        var options = new ExportOptions { Opset = 17 };
        var refusal = Assert.ThrowsExactly<ExportException>(() => model.ExportOnnx(folder.File("model.onnx"), options));
        Assert.Contains("functions of bits came with opset 18", refusal.Message);
    }

    [TestMethod]
    [DataRow("bincount", "minlength", "0", "Give minlength")]
    [DataRow("segment_sum", "num_segments", "null", "Give num_segments")]
    [DataRow("quantile", "method", "\"weibull\"", "'linear' or 'lower' or 'higher' or 'midpoint' or 'nearest'")]
    [DataRow("dot_product_attention", "attn_logits_soft_cap", "2.5", "attn_logits_soft_cap is 2.5, an option of DotProductAttention that is not supported")]
    [DataRow("layer_normalization", "rms_scaling", "true", "RMSNorm")]
    [DataRow("ctc_decode", "strategy", "\"beam_search\"", "expected 'greedy'")]
    [DataRow("pinv", "rcond", "0.1", "rcond is 0.1, an option of Pinv that is not supported")]
    [DataRow("resize", "fill_mode", "\"reflect\"", "expected 'constant'")]
    [DataRow("resize", "interpolation", "\"gaussian\"", "'bilinear' or 'nearest' or 'bicubic' or 'lanczos3' or 'lanczos5' or 'area'")]
    [DataRow("one_hot", "sparse", "true", "expected sparse=False")]
    [DataRow("stft", "window", "\"kaiser\"", "'hann', 'hamming', None or a list")]
    [DataRow("pad reflect", "mode", "\"wrap\"", "constant, reflect, symmetric or edge")]
    public void An_option_that_is_not_here_is_refused_by_a_sentence(string name, string key, string value, string part)
    {
        var refusal = Assert.ThrowsExactly<ModelException>(() => KerasOperation.Named(name).Read(key, value));
        Assert.Contains(part, refusal.Message);
    }

    [TestMethod]
    [DynamicData(nameof(Refused))]
    public void A_function_that_is_not_here_is_refused_by_a_sentence(string name)
    {
        var refusal = Assert.ThrowsExactly<ModelException>(() => KerasOperation.Named(name).Read());
        Assert.Contains("is not supported", refusal.Message);
    }
}
