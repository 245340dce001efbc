using OnnxFunctional.Export;

namespace OnnxFunctional.Tests.Parity;

/// <summary>
/// All models of the folder keras-hunt (KERAS_HUNT_DIR), which Keras wrote and computed: Keras' numbers in the engine, saved again, and in the verified file.
/// </summary>
[TestClass]
[TestCategory(DataFolder.Category)]
public sealed class KerasHuntTests
{
    private const string Variable = "KERAS_HUNT_DIR";

    [TestMethod]
    [DataRow("bool_add_crash")]
    [DataRow("conv_zp_maxpool")]
    [DataRow("expm1_log1p")]
    [DataRow("eye_resave")]
    [DataRow("int_divide")]
    [DataRow("int_input_dense")]
    [DataRow("legacy_h5")]
    [DataRow("mask_concat")]
    [DataRow("mask_sequential_inner")]
    [DataRow("maxpool_after_zeropadding")]
    [DataRow("mha_masked_query_rows")]
    [DataRow("nested_dict_call")]
    [DataRow("nested_functional_refused")]
    [DataRow("norm_inf_json")]
    [DataRow("random/models")]
    [DataRow("rescaling_uint8")]
    [DataRow("rnn_initial_state_mask")]
    [DataRow("save_nested")]
    [DataRow("squareplus_b")]
    [DataRow("squeeze_none")]
    public void Numbers_are_those_of_Keras(string folder)
    {
        var files = Directory.EnumerateFiles(PathOf(folder))
            .Where(file => file.EndsWith(".keras", StringComparison.Ordinal) || (file.EndsWith(".h5", StringComparison.Ordinal) && !IsOfWeights(file)))
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.IsNotEmpty(files);
        foreach (var file in files)
        {
            var model = ParityModel.Read(file);
            model.PredictsAsKeras();
            model.PredictsTheSameWhenSavedAgain();
            model.IsVerifiedWithKerasData();
        }
    }

    [TestMethod]
    public void Weights_of_h5_files_are_read_into_models_of_their_architecture()
    {
        foreach (var file in Directory.EnumerateFiles(PathOf("legacy_h5"), "*.weights.h5"))
        {
            var whole = ParityModel.Read(file.Replace(".weights.h5", ".h5", StringComparison.Ordinal));
            foreach (var weights in (string[])[file, whole.Path])
            {
                var copy = Model.FromJson(whole.Model.ToJson(), seed: 7);
                copy.LoadWeights(weights);
                whole.PredictsAsKeras(copy);
            }
        }
    }

    [TestMethod]
    public void A_model_without_stored_outputs_is_read_and_verified()
    {
        using var folder = new TemporaryFolder();
        Assert.IsTrue(Model.Load(PathOf("legacy.h5")).ExportOnnx(folder.File("legacy.onnx")).Passed);
    }

    [TestMethod]
    public void Accumulated_gradients_act_as_in_Keras() => HuntModelTests.AccumulatesAsKeras(PathOf("gradient_accumulation/opt_Adam_acc.keras"));

    private static bool IsOfWeights(string file) => file.EndsWith(".weights.h5", StringComparison.Ordinal);

    private static string PathOf(string entry)
    {
        var folder = DataFolder.Beside("keras-hunt", Variable);
        var path = Path.Combine(folder, entry);
        return Path.Exists(path) ? path : throw DataFolder.Missing(entry, folder, Variable);
    }
}
