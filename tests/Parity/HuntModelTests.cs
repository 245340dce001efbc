using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Tests.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Models of tests/Reference/keras-hunt: Keras' outputs in the engine, after saving and loading, and in ONNX Runtime.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class HuntModelTests
{
    public static IEnumerable<object[]> Models => HuntFolder.Models(
        "bool_add_crash",
        "conv_zp_maxpool",
        "eye_resave",
        "functions",
        "int_divide",
        "int_input_dense",
        "int_input_layers",
        "mask_sequential_inner",
        "maxpool_after_zeropadding",
        "nested_dict_call",
        "nested_functional_refused",
        "norm_inf_json",
        "rescaling_uint8",
        "resizing_pad",
        "save_nested",
        "squareplus_b",
        "squeeze_none");

    /// <summary>Functions of numbers near 0, whose absolute error says nothing.</summary>
    public static IEnumerable<object[]> SmallNumbers =>
        HuntFolder.Models("expm1_log1p").Where(row => !((string)row[0]).Contains("erf", StringComparison.Ordinal));

    /// <summary>Outputs of functions/functions_float.keras that are smooth almost everywhere.</summary>
    public static IEnumerable<object[]> SmoothOutputs =>
        Enumerable.Range(0, 49).Except([8, 16, 17, 18, 25, 26, 27, 31, 32, 33, 38, 42, 44, 45])
            .Select(output => new object[] { output });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Predictions_are_those_of_Keras(string file) => ParityModel.Read(HuntFolder.PathOf(file)).PredictsAsKeras();

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Predictions_are_equal_after_saving_and_loading(string file) => ParityModel.Read(HuntFolder.PathOf(file)).PredictsTheSameWhenSavedAgain();

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void The_exported_file_gives_what_Keras_does(string file) => ParityExportTests.Compare(ParityModel.Read(HuntFolder.PathOf(file)));

    [TestMethod]
    [DynamicData(nameof(SmallNumbers))]
    public void Numbers_near_0_keep_their_digits(string file)
    {
        var model = ParityModel.Read(HuntFolder.PathOf(file));
        model.PredictsAsKeras(absolute: 0, relative: 4e-7);
        ParityExportTests.Compare(model, absolute: 0, relative: 1e-6f);
    }

    /// <summary>The function is that of x * 1e-5; Keras' own numbers (PyTorch) are 1 % off.</summary>
    [TestMethod]
    public void Erf_near_0_keeps_its_digits()
    {
        var file = ParityModel.Read(HuntFolder.PathOf("expm1_log1p/erf_small.keras"));
        file.PredictsAsKeras(absolute: 1e-6);
        float[] exact = [.. file.Inputs[0].ToTensor().ToArray().Select(x => (float)(2 / Math.Sqrt(Math.PI) * (x * 1e-5f)))];
        ParityArray.AreWithin(exact, file.Model.PredictAll(file.Inputs)[0].ToArray(), 0, 4e-7, "erf");
    }

    [TestMethod]
    [DynamicData(nameof(SmoothOutputs))]
    public void Functions_have_the_gradient_of_finite_differences(int output)
    {
        var functions = Model.Load(HuntFolder.PathOf("functions/functions_float.keras"));
        var input = Model.Input([4, 5]);
        var result = functions.Call([new Scale().Call(input)])[output];
        var random = new Random(5);
        NDArray x = Tensor.Create([.. Enumerable.Range(0, 40).Select(_ => (random.NextSingle() * 3) - 1.5f)], [2, 4, 5]);
        var predicted = new Model(input, result).Predict(x);
        var y = NDArray.Create([.. predicted.ToArray().Select(_ => random.NextSingle())], predicted.Shape);
        var report = GradientCheck.Run(new Model(input, result), Loss.MeanSquaredError, x, y);
        Assert.IsTrue(report.Passed, report.ToString());
    }

    [TestMethod]
    public void Accumulated_gradients_act_as_in_Keras() => AccumulatesAsKeras(HuntFolder.PathOf("gradient_accumulation/opt_Adam_acc.keras"));

    /// <summary>Fails if a training with accumulated gradients has other losses or weights than Keras' one.</summary>
    internal static void AccumulatesAsKeras(string path)
    {
        var arrays = Npz.ReadAll<float>(Path.ChangeExtension(path, ".npz"));
        var model = Model.Load(path);
        var trainer = model.Compile(new Adam(1e-2, gradientAccumulationSteps: 2), Loss.MeanSquaredError);
        var history = trainer.Fit(arrays["X"], arrays["Y"], batchSize: 4, epochs: 3, shuffle: false, verbose: Verbosity.Silent);
        ParityArray.AreWithin(arrays["loss"].ToArray(), [.. history["loss"].Select(value => (float)value)], 0, 1e-5, "loss");
        for (var i = 0; i < model.Weights.Count; i++) ParityArray.AreWithin(arrays["w" + i].ToArray(), model.Weights[i].Storage, 1e-5, 1e-4, $"weight {i}");
    }

    private sealed class Scale : Layer
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => x * Weight("scale", x.Shape.Slice(1, x.Rank - 1), Initializer.Ones);
    }
}
