using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Diagnosing;

/// <summary>A diagnosis changes nothing, judges only what it can, and says what it did not judge.</summary>
[TestClass]
public sealed class DiagnosisTests
{
    private static readonly DiagnosedData s_data = DiagnosedData.Rows(6, row => [row[0] - row[1]]);

    /// <summary>A training that is diagnosed in between has the bits of one that is not: weights, optimizer state, counters, random layers, states.</summary>
    [TestMethod]
    public void A_diagnosis_leaves_no_trace()
    {
        var optimizers = new Func<Optimizer>[]
        {
            () => new Adam(0.01, useEma: true), () => new Sgd(Schedule.CosineDecay(0.1, 100), momentum: 0.9, gradientAccumulationSteps: 2),
        };
        foreach (var optimizer in optimizers)
        {
            foreach (var precision in new[] { MixedPrecision.Float32, MixedPrecision.Float16 })
            {
                var plain = Run(optimizer(), precision, diagnoses: false);
                var diagnosed = Run(optimizer(), precision, diagnoses: true);
                CollectionAssert.AreEqual(plain.Values, diagnosed.Values);
                Assert.AreEqual(plain.Iterations, diagnosed.Iterations);
            }
        }

        static (float[] Values, long Iterations) Run(Optimizer optimizer, MixedPrecision precision, bool diagnoses)
        {
            var input = Model.Input([6], name: "x");
            var noise = new Lambda(x => x + (0.1f * Ops.RandomNormal(x)), name: "noise");
            var x = input.Apply(new Dense(40, Activation.Tanh), new BatchNormalization(), new Dropout(0.2), noise, new Dense(1));
            var trainer = new Model(input, x, seed: 3)
                .Compile(optimizer, Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError], precision: precision, seed: 5);
            Diagnose();
            trainer.Fit(s_data.X, s_data.Y, epochs: 2, verbose: 0);
            Diagnose();
            using var cancelled = new CancellationTokenSource();
            var stop = new LambdaCallback(onTrainBatchEnd: (batch, _) =>
            {
                if (batch == 3) cancelled.Cancel();
            });
            trainer.Fit(s_data.X, s_data.Y, epochs: 2, verbose: 0, callbacks: [stop], cancellationToken: cancelled.Token);
            Diagnose();
            trainer.Fit(s_data.X, s_data.Y, epochs: 2, verbose: 0);
            var scores = trainer.Evaluate(s_data.X, s_data.Y, verbose: 0);
            return (
                [
                    .. trainer.Model.Weights.SelectMany(weight => weight.Storage), .. trainer.Compiled.State.Slots.SelectMany(slot => slot.Storage),
                    (float)scores[0], (float)scores[1], (float)trainer.LearningRate, .. trainer.Predict(s_data.X).ToArray(),
                ],
                trainer.Iterations);

            void Diagnose()
            {
                if (!diagnoses) return;
                trainer.Diagnose(s_data.X, s_data.Y, validationData: (s_data.ValidationX, s_data.ValidationY));
                Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Diagnose(s_data.X, s_data.Y, cancellationToken: new(canceled: true)));
            }
        }
    }

    [TestMethod]
    public void Batches_are_diagnosed_as_the_arrays_they_are_cut_from()
    {
        var (given, y, rows) = (s_data.X[0], s_data.Y[0], 120);
        var x = NDArray.Create(Array.ConvertAll(given.ToArray(), value => 50 * value), given.Shape);
        var batches = Enumerable.Range(0, rows / 8).Select(i => new Batch(x.Slice(8 * i, 8), y.Slice(8 * i, 8), Ones(8))).ToList();
        var ofBatches = Trainer().Diagnose(batches, steps: 10, validationData: batches.Skip(10), validationSteps: 3);
        var ofArrays = Trainer().Diagnose(
            x.Slice(0, 80), y.Slice(0, 80), batchSize: 8, validationData: (x.Slice(80, 24), y.Slice(80, 24)), sampleWeight: Ones(80));
        Assert.AreEqual(ofArrays.ToString(), ofBatches.ToString());
        Assert.IsNotEmpty(ofBatches.Findings);

        Refused("There is no batch to examine", () => Trainer().Diagnose(Array.Empty<Batch>()));
        Refused("steps is 0; expected at least 1", () => Trainer().Diagnose(batches, steps: 0));
        Refused("1 of 2 batches have sample weights", () => Trainer().Diagnose([batches[0], batches[1] with { SampleWeight = null }]));
        Refused("must have one shape", () => Trainer().Diagnose([batches[0], new Batch(new float[8, 5], batches[1].Y, Ones(8))]));

        static NDArray Ones(int count) => Enumerable.Repeat(1f, count).ToArray();

        static Trainer Trainer() => new Sequential([6], new Dense(4, Activation.Tanh, name: "hidden"), new Dense(1, name: "out"))
            .Compile(new Adam(), Loss.MeanSquaredError, seed: 1);

        static void Refused(string words, Action act) => Assert.Contains(words, Assert.ThrowsExactly<ModelException>(act).Message);
    }

    [TestMethod]
    public void A_diagnosis_that_is_cancelled_in_a_trial_leaves_no_trace()
    {
        // The loss is called where a graph is made: after Fit, that is a trial's, whose next step sees the token.
        using var source = new CancellationTokenSource();
        var isFitted = false;
        var loss = Loss.From((yTrue, yPred) =>
        {
            if (isFitted) source.Cancel();
            return Ops.Mean(Ops.Square(yTrue - yPred), axis: -1);
        });
        var trainer = Network(new Dense(16, Activation.Relu), new Dense(1)).Compile(new Adam(), loss);
        trainer.Fit(s_data.X, s_data.Y, verbose: 0);
        isFitted = true;
        float[] before = [.. trainer.Model.Weights.SelectMany(weight => weight.Storage)];
        var cancelled = Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Diagnose(s_data.X, s_data.Y, cancellationToken: source.Token));
        StringAssert.Contains(cancelled.StackTrace, "Trial");
        CollectionAssert.AreEqual(before, trainer.Model.Weights.SelectMany(weight => weight.Storage).ToArray());
        Assert.AreEqual(16, trainer.Iterations);
        Assert.IsFalse(trainer.TakesSteps);
    }

    [TestMethod]
    public void Stateful_layers_keep_their_states()
    {
        var input = Model.Input([6, 1], name: "x", batchSize: 4);
        var model = new Model(input, input.Apply(new Gru(8, stateful: true), new Dense(1)));
        var trainer = model.Compile(new Adam(), Loss.MeanSquaredError);
        var x = s_data.X[0].Reshape([512, 6, 1]);
        trainer.Fit(x, s_data.Y, batchSize: 4, verbose: 0);
        float[] before = [.. model.Weights.SelectMany(weight => weight.Storage)];
        var report = trainer.Diagnose(x, s_data.Y, batchSize: 4);
        CollectionAssert.AreEqual(before, model.Weights.SelectMany(weight => weight.Storage).ToArray());
        Assert.IsEmpty(report.Findings, $"{report}");
        Assert.Contains("takes batches of a fixed size", $"{report}");
    }

    /// <summary>What Fit refuses, in its words.</summary>
    [TestMethod]
    public void Wrong_uses_are_refused_as_Fit_refuses_them()
    {
        var trainer = Network(new Dense(4), new Dense(1)).Compile(new Adam(), Loss.MeanSquaredError);
        Same(() => trainer.Fit(new float[0, 6], Array.Empty<float>()), () => trainer.Diagnose(new float[0, 6], Array.Empty<float>()), "holds no samples");
        Same(() => trainer.Fit(new float[3, 6], new float[2]), () => trainer.Diagnose(new float[3, 6], new float[2]), "has 2 samples, but the inputs have 3");
        Same(() => trainer.Fit(new float[3, 5], new float[3]), () => trainer.Diagnose(new float[3, 5], new float[3]), "takes (None, 6)");
        Same(() => trainer.Fit(new float[3, 6]), () => trainer.Diagnose(new float[3, 6]), "needs targets");
        Same(() => trainer.Fit(new float[3, 6], new float[3, 2]), () => trainer.Diagnose(new float[3, 6], new float[3, 2]), "of one shape");
        Same(
            () => trainer.Fit(new float[3, 6], new float[3], batchSize: 0),
            () => trainer.Diagnose(new float[3, 6], new float[3], batchSize: 0), "batchSize is 0");
        Same(
            () => trainer.Fit(new float[3, 6], new float[3], validationData: (new float[2, 6], new float[1])),
            () => trainer.Diagnose(new float[3, 6], new float[3], validationData: (new float[2, 6], new float[1])), "has 1 samples, but the inputs have 2");
        var input = Model.Input([2], DType.Int32, name: "words");
        var words = new Model(input, input.Apply(new Embedding(3, 4), new Flatten(), new Dense(1))).Compile(new Adam(), Loss.MeanSquaredError);
        Same(() => words.Fit(new int[3, 2], new float[] { 1, 2, float.NaN }), () => words.Diagnose(new int[3, 2], new float[] { 1, 2, float.NaN }), "NaN");
        int[,] unknown = { { 1, 2 }, { 3, 0 } };
        Same(() => words.Fit(unknown, new float[2], shuffle: false), () => words.Diagnose(unknown, new float[2]), "3");

        static void Same(Action fit, Action diagnose, string words)
        {
            var message = Assert.Throws<ModelException>(diagnose).Message;
            Assert.AreEqual(Assert.Throws<ModelException>(fit).Message, message);
            Assert.Contains(words, message);
        }
    }

    [TestMethod]
    public void What_cannot_be_judged_is_said()
    {
        var custom = Network(new Dense(40, Activation.Relu), new Dense(1)).Compile(new Adam(), Loss.From((yTrue, yPred) => Ops.Abs(yTrue - yPred), "mine"));
        var report = custom.Diagnose(s_data.X, s_data.Y);
        Assert.IsEmpty(report.Findings);
        Assert.Contains("learning 32 samples by heart: output 'dense_1' has the loss mine, of which the best guess is not known.", $"{report}");
        Assert.Contains("samples in training and validation data: no validationData was given.", $"{report}");
        Assert.Contains("comparison with a constant guess: the trainer made 0 steps", $"{report}");
        Assert.DoesNotContain("learning rate", string.Join(", ", report.Checked));

        var scheduled = Network(new Dense(40, Activation.Relu), new Dense(1)).Compile(new Adam(Schedule.CosineDecay(1e-9, 10)), Loss.MeanSquaredError)
            .Diagnose(s_data.X, s_data.Y);
        Assert.IsEmpty(scheduled.Findings);
        Assert.Contains("learning rate: the optimizer follows a schedule.", $"{scheduled}");
        Assert.Contains("learning 32 samples by heart: the optimizer follows a schedule", $"{scheduled}");

        // Few samples say nothing of units, by heart or classes.
        var few = Network(new Dense(8, Activation.Relu), new Dense(1)).Compile(new Adam(), Loss.MeanSquaredError).Diagnose(s_data.X[0][..5], s_data.Y[0][..5]);
        Assert.IsEmpty(few.Findings);
        Assert.Contains("dead and saturated units: it needs 32 samples.", $"{few}");
    }

    [TestMethod]
    public void Models_without_losses_with_text_and_from_files_are_diagnosed()
    {
        // Only what a layer adds is minimized.
        var input = Model.Input([6], name: "x");
        var added = new Model(input, input.Apply(new Dense(8, activityRegularizer: Regularizer.L2(0.1)), new Dense(6))).Compile(new Adam());
        Assert.IsEmpty(added.Diagnose(s_data.X).Findings);

        // Texts.
        string[] texts = [.. Enumerable.Range(0, 80).Select(i => i % 2 == 0 ? $"a good film {i}" : $"a bad film {i}")];
        int[] labels = [.. Enumerable.Range(0, 80).Select(i => i % 2)];
        var vectors = new TextVectorization(maxTokens: 50, outputSequenceLength: 4);
        vectors.Adapt(texts);
        var text = Model.Input([1], DType.String, name: "text");
        var words = new Model(text, text.Apply(vectors, new Embedding(50, 8), new Flatten(), new Dense(1, Activation.Sigmoid)))
            .Compile(new Adam(0.01), Loss.BinaryCrossentropy);
        var report = words.Diagnose(texts, labels, validationData: (texts[..20], labels[..20]));
        Assert.HasCount(1, report.Findings, $"{report}");
        Assert.AreEqual(FindingKind.SharedRows, report.Findings[0].Kind);

        // A file of others: its images lie channels first.
        using var folder = new TemporaryFolder();
        var pixels = Model.Input([8, 8, 1], name: "image");
        new Model(pixels, pixels.Apply(new Conv2D(8, 3, activation: Activation.Relu), new Flatten(), new Dense(10, Activation.Softmax)))
            .ExportOnnx(folder.File("model.onnx"));
        var opened = OnnxFile.LoadModel(folder.File("model.onnx"));
        var digits = DiagnosedData.Digits([8, 8, 1]);
        report = opened.Compile(new Adam(), Loss.SparseCategoricalCrossentropy)
            .Diagnose(digits.X, digits.Y, validationData: (digits.ValidationX, digits.ValidationY));
        Assert.IsEmpty(report.Findings, $"{report}");
    }

    /// <summary>A model of layers only is built by the data, as by Fit.</summary>
    [TestMethod]
    public void A_model_that_is_not_built_is_built()
    {
        var trainer = new Sequential([new Dense(40, Activation.Relu), new Dense(1)]).Compile(new Adam(0.01), Loss.MeanSquaredError);
        Assert.IsEmpty(trainer.Diagnose(s_data.X, s_data.Y).Findings);
        Assert.AreEqual(0, trainer.Iterations);
    }

    [TestMethod]
    public void Class_weights_and_sample_weights_are_heard()
    {
        var data = DiagnosedData.Rows(6, row => [row[0] > 1.8f ? 1 : 0]);
        var trainer = Network(new Dense(40, Activation.Relu), new Dense(1, Activation.Sigmoid)).Compile(new Adam(0.01), Loss.BinaryCrossentropy);
        Assert.AreEqual(FindingKind.UnbalancedClasses, trainer.Diagnose(data.X, data.Y).Findings.Single().Kind);
        Assert.IsEmpty(trainer.Diagnose(data.X, data.Y, classWeight: new() { [0] = 0.52, [1] = 13 }).Findings);
        float[] weights = Array.ConvertAll(data.Y[0].ToArray(), label => label == 1 ? 13f : 0.52f);
        Assert.IsEmpty(trainer.Diagnose(data.X, data.Y, sampleWeight: weights).Findings);
        Assert.HasCount(1, trainer.Diagnose(data.X, data.Y, classWeight: new() { [0] = 0.9, [1] = 1.1 }).Findings);
    }

    [TestMethod]
    public void A_report_prints_and_is_a_table_in_notebooks()
    {
        var none = new Diagnosis([], ["scale of inputs"], []);
        Assert.AreEqual("No fault was found.\nChecked: scale of inputs.", none.ToString());
        var one = new Diagnosis(
            [new Finding(FindingKind.DeadUnits, "hidden", "All are <dead>.")], [], [new SkippedCheck("learning rate", "there is none.")]);
        Assert.AreEqual("1 fault was found:\n- DeadUnits: All are <dead>.\nChecked: nothing.\nNot checked:\n- learning rate: there is none.", one.ToString());
        using var text = new StringWriter();
        ((IHtml)one).WriteHtml(new HtmlWriter(text));
        Assert.Contains("hidden", text.ToString());
        Assert.Contains("All are &lt;dead&gt;.", text.ToString());
        Assert.Contains("there is none.", text.ToString());
    }

    private static Model Network(params Layer[] layers)
    {
        var input = Model.Input([6], name: "x");
        return new Model(input, input.Apply(layers), seed: 7);
    }
}
