using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder;

/// <summary>Warnings are given once per layer or file, and not for numbers that are not the user's.</summary>
[TestClass]
[DoNotParallelize]
public sealed class WarningsTests
{
    private static readonly float[,,] s_padded = { { { 1, 2 }, { 3, 4 }, { 0, 0 } }, { { 0, 0 }, { 0, 0 }, { 0, 0 } } };

    [TestMethod]
    public void A_sample_without_unmasked_steps_is_a_warning_once_per_layer_and_NaN_each_time()
    {
        var (model, twin) = (Pooled("padded_pool"), Pooled("other_pool"));
        using var heard = new Heard();
        for (var i = 0; i < 3; i++)
        {
            var y = model.Predict(s_padded);
            Assert.AreEqual(2, y[0, 0]);
            Assert.IsTrue(float.IsNaN(y[1, 0]));
        }

        // Another batch size has a plan of its own.
        model.Predict(s_padded, batchSize: 1);
        var warning = heard.Of("'padded_pool'").Single();
        Assert.AreEqual(WarningKind.NothingUnmasked, warning.Kind);
        StringAssert.Contains(warning.Message, "Leave such samples out");
        Assert.IsEmpty(heard.Of("'other_pool'"));
        twin.Predict(s_padded);
        Assert.HasCount(1, heard.Of("'other_pool'"));
    }

    [TestMethod]
    public void Samples_with_an_unmasked_step_and_verification_give_none()
    {
        using var folder = new TemporaryFolder();
        using var heard = new Heard();
        var model = Pooled("good_pool");
        model.Predict(new float[,,] { { { 1, 2 }, { 3, 4 }, { 0, 0 } } });
        model.ExportOnnx(folder.File("model.onnx"));
        OnnxFile.Verify(folder.File("model.onnx"));
        Assert.IsEmpty(heard.Of("'good_pool'"));
    }

    [TestMethod]
    public void Models_of_one_seed_inside_another_are_a_warning_and_others_are_not()
    {
        using var folder = new TemporaryFolder();
        using var heard = new Heard();
        var x = Model.Input([4]);
        var twins = new Model(x, new Average().Call(Member("twin_a").Call(x), Member("twin_b").Call(x)));
        var warning = heard.Of("'twin_b'").Single();
        Assert.AreEqual(WarningKind.EqualModels, warning.Kind);
        StringAssert.Contains(warning.Message, "'twin_a' and 'twin_b'");
        StringAssert.Contains(warning.Message, "seed: 1");

        var (first, second) = (Member("first", 1), Member("second", 2));
        var ensemble = new Model(x, new Average().Call(first.Call(x), second.Call(x), first.Call(x * 2)));
        ensemble.Save(folder.File("ensemble.keras"));
        Model.Load(folder.File("ensemble.keras"));
        ensemble.Prune(0.5f);
        Assert.IsEmpty(heard.Of("'second'"));

        var trained = Member("trained");
        trained.SetWeights([.. second.GetWeights()]);
        new Model(x, new Average().Call(Member("untrained").Call(x), trained.Call(x))).Predict(new float[1, 4]);
        Assert.IsEmpty(heard.Of("'trained'"));
        Assert.AreEqual(1, twins.Output.Shape[^1]);

        static Model Member(string name, ulong seed = 0)
        {
            var inputs = Model.Input([4]);
            return new Model(inputs, inputs.Apply(new Dense(8, Activation.Relu), new Dense(1)), name, seed);
        }
    }

    [TestMethod]
    public void Later_warnings_of_a_layer_cost_no_memory()
    {
        var model = Pooled("warm_pool");
        var trainer = model.Compile(new Sgd(0), Loss.From((_, yPred) => Ops.Sum(Ops.Where(Ops.IsNaN(yPred), 0, yPred), -1) * 0), threads: 1);
        using var heard = new Heard();
        var (before, most, steps) = (0L, 0L, 0);
        var watch = new LambdaCallback(
            onTrainBatchBegin: _ => before = GC.GetAllocatedBytesForCurrentThread(),
            onTrainBatchEnd: (_, _) => most = steps++ < 3 ? 0 : Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before));
        var x = NDArray.Create(Enumerable.Repeat(0f, 20 * 6).ToArray(), Shape.Of(20, 3, 2));
        trainer.Fit(x, new float[20, 2], batchSize: 2, verbose: Verbosity.Silent, callbacks: [watch]);
        Assert.AreEqual(0, most);
        Assert.HasCount(1, heard.Of("'warm_pool'"));
    }

    [TestMethod]
    public void Without_a_handler_warnings_are_written_to_standard_error()
    {
        var before = Console.Error;
        using var written = new StringWriter();
        Console.SetError(written);
        try
        {
            Pooled("loud_pool").Predict(s_padded);
        }
        finally
        {
            Console.SetError(before);
        }

        StringAssert.StartsWith(written.ToString(), "warning: layer 'loud_pool' takes the mean over the unmasked steps");
    }

    private static Model Pooled(string name)
    {
        var input = Model.Input([3, 2]);
        return new Model(input, input.Apply(new Masking(), new GlobalAveragePooling1D(name: name)));
    }

    private sealed class Heard : IDisposable
    {
        private readonly List<ModelWarning> _warnings = [];

        public Heard() => Warnings.Raised += Add;

        public List<ModelWarning> Of(string part) => _warnings.FindAll(warning => warning.Message.Contains(part, StringComparison.Ordinal));

        public void Dispose() => Warnings.Raised -= Add;

        private void Add(ModelWarning warning) => _warnings.Add(warning);
    }
}
