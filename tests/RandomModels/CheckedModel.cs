using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Everything that must hold of a model; each check has a name, and refusals are noted by the check that met them.</summary>
internal sealed partial class CheckedModel
{
    private readonly Recipe _recipe;
    private readonly ModelDraw _made;
    private readonly TrainingDraw _training;
    private readonly NDArrays _x;
    private readonly NDArrays _y;
    private readonly Shape[] _shapes;
    private readonly byte[] _predicted;
    private readonly bool _draws;
    private readonly CustomObjects _custom = new CustomObjects().Add<MixingCell>();

    public CheckedModel(Recipe recipe)
    {
        _recipe = recipe;
        _made = ModelDraw.Of(recipe);
        _training = TrainingDraw.Of(_made, recipe);
        _draws = Draws(Model);
        _x = NDArrays.Create(_training.Inputs(0));
        var predicted = Model.PredictAll(_x);
        _shapes = [.. predicted.Select(output => output.Shape)];
        _predicted = Bytes(predicted);
        _y = NDArrays.Create(_training.Targets(0, _shapes));
    }

    public ModelDraw Made => _made;

    public TrainingDraw Training => _training;

    private Model Model => _made.Model;

    /// <summary>Refusals: the check and the message.</summary>
    public List<(string Check, string Message)> Refusals { get; } = [];

    /// <summary>Those of the steps that were not built, and those of the checks.</summary>
    public IEnumerable<(string Check, string Message)> AllRefusals => _made.Refusals.Select(message => ("build", message)).Concat(Refusals);

    public static IReadOnlyList<string> Names => [.. s_checks.Select(check => check.Name)];

    private static readonly (string Name, Action<CheckedModel> Run)[] s_checks =
    [
        ("predict", model => model.Predicts()),
        ("rows", model => model.RowsDoNotDependOnEachOther()),
        ("gradients", model => model.GradientsAreThoseOfTheLoss()),
        ("threads", model => model.StepsHaveTheSameBitsForAnyNumberOfThreads()),
        ("json", model => model.JsonKeepsTheModel()),
        ("keras", model => model.KerasFileKeepsTheModel()),
        ("export", model => model.ExportIsVerifiedAndLoads()),
        ("resume", model => model.ResumedTrainingHasTheSameBits()),
        ("prune", model => model.PrunesOrSaysWhyNot()),
        ("precision", model => model.ShortPrecisionsStayNear()),
        ("step", model => model.StepIsExported()),
        ("diagnose", model => model.DiagnosisLeavesNoTrace()),
        ("profile", model => model.ProfileLeavesNoTrace()),
    ];

    /// <summary>Runs all checks, or those named.</summary>
    /// <exception cref="CheckFailedException">Something does not hold.</exception>
    public void Run(IReadOnlyCollection<string>? names = null)
    {
        foreach (var (name, run) in s_checks)
        {
            if (names is not null && !names.Contains(name)) continue;
            try
            {
                run(this);
            }
            catch (Exception refusal) when (refusal is ModelException or ExportException && !IsDifference(refusal))
            {
                Refusals.Add((name, refusal.Message));
            }
            catch (Exception failure) when (failure is not (CheckFailedException or NotFiniteException))
            {
                throw new CheckFailedException(name, failure.ToString(), failure);
            }
        }
    }

    // Exceptions of an allowed type that say: the numbers are wrong.
    private static bool IsDifference(Exception refusal) =>
        refusal.Message.Contains("differs from the engine", StringComparison.Ordinal);

    private void Predicts()
    {
        var fits = Model.Outputs.Zip(_shapes).All(pair => pair.First.Shape.IsCompatibleWith(pair.Second));
        Assert(fits, "predict", "the shape of a prediction is not the output's");
        if (Floats(_predicted).Any(value => !float.IsFinite(value))) throw new NotFiniteException();
        Repeats(ModelDraw.Of(_recipe).Model, "predict", "an equal model");
        Assert(Model.ToString().Length > 0, "predict", "no summary");
    }

    /// <summary>A batch predicts what its samples predict alone, but for the order of sums.</summary>
    private void RowsDoNotDependOnEachOther()
    {
        // Decibels are counted from the loudest value of a batch, in Keras too.
        if (_made.Description.Any(line => line.Contains("MelSpectrogram(", StringComparison.Ordinal))) return;
        if (_draws || _made.BatchSize is not null || _made.Description.Any(line => line.Contains("training: True", StringComparison.Ordinal))) return;
        var whole = Span(_predicted);
        var single = Span(Bytes(Model.PredictAll(_x, batchSize: 1)));
        var largest = whole.Length == 0 ? 0 : TensorPrimitives.MaxMagnitude(whole);
        if (!float.IsFinite(largest)) throw new NotFiniteException();
        var (batch, alone) = (whole.ToArray(), single.ToArray());
        var open = Enumerable.Range(0, batch.Length).Where(i => !(Math.Abs(batch[i] - alone[i]) <= 1e-4f * (1 + Math.Abs(largest)))).ToList();
        foreach (var copy in open.Count == 0 ? [] : RoundedPredictions.Of(Model, _x))
            open.RemoveAll(i => RoundingNoise.Explains(Math.Abs(batch[i] - alone[i]), batch[i], copy[i]));
        if (open is [var first, ..])
            throw new CheckFailedException("rows", $"element {first} is {alone[first]} for its sample alone and {batch[first]} in a batch");
    }

    private void GradientsAreThoseOfTheLoss()
    {
        var trainer = _training.Compile(ModelDraw.Of(_recipe).Model, 1);
        if (GradientComparison.Difference(trainer, [.. _x, .. _y, .. Weighting(0) ?? []], new Draw(_recipe.Head).For("direction")) is { } difference)
            throw new CheckFailedException("gradients", difference);
    }

    private void StepsHaveTheSameBitsForAnyNumberOfThreads()
    {
        var (one, two) = (Trained(1, 2), Trained(2, 2));
        Assert(Weights(one.Model).AsSpan().SequenceEqual(Weights(two.Model)), "threads", "weights differ between 1 and 2 threads");
        SameLogs(Logs(one, 2), Logs(two, 2), "threads", "on 2 threads");
        ClassWeightsAreSampleWeights();
        if (Floats(Weights(one.Model)).All(float.IsFinite)) return;

        // Where a plain step stays small, so are the gradients: then the optimizer made what is no number.
        var plain = new CheckedModel(_recipe with { Plain = _recipe.Plain.Add("sgd").Add("optimizer/SGD") }).Trained(1, 1);
        var small = Floats(Weights(plain.Model)).All(value => Math.Abs(value) < 1e6f);
        var first = Floats(Weights(Trained(1, 1).Model)).All(float.IsFinite);
        Assert(first || !small, "threads", $"{one.Compiled.Optimizer.Name} gives weights that are not finite, the plain step does not");
        throw new NotFiniteException();
    }

    /// <summary>Weights by class are the weights of their samples.</summary>
    private void ClassWeightsAreSampleWeights()
    {
        if (_training.ClassWeights() is not { } byClass) return;
        var (fitted, weighted) = (_training.Compile(ModelDraw.Of(_recipe).Model, 2), _training.Compile(ModelDraw.Of(_recipe).Model, 1));
        fitted.Fit(_x, _y, batchSize: _training.Samples, shuffle: false, classWeight: byClass, verbose: Verbosity.Silent);
        float[] weights = [.. _y[0].To(DType.Float32, "targets").AsFloats().ToArray().Select(label => (float)byClass.GetValueOrDefault((int)label, 1))];
        weighted.Fit(
            _x, _y, batchSize: _training.Samples, shuffle: false, sampleWeight: NDArray.Create(weights, Shape.Of(weights.Length)), verbose: Verbosity.Silent);
        Assert(Weights(fitted.Model).AsSpan().SequenceEqual(Weights(weighted.Model)), "threads", "weights by class are not those of their samples");
    }

    private void JsonKeepsTheModel()
    {
        var json = Model.ToJson();
        var again = Model.FromJson(json, _custom);
        Same(json, again.ToJson(), "json");
        foreach (var ((path, weight), (copyPath, copy)) in Model.WeightPaths().Zip(again.WeightPaths()))
        {
            Assert(path == copyPath, "json", $"weight '{path}' became '{copyPath}'");
            weight.Storage.CopyTo(copy.Storage.AsSpan());
        }

        Repeats(again, "json", "the model from JSON");
    }

    private void KerasFileKeepsTheModel()
    {
        using var folder = new TemporaryFolder();
        Model.Save(folder.File("model.keras"));
        var again = Model.Load(folder.File("model.keras"), _custom);
        Repeats(again, "keras", "the model from the .keras file");
    }

    private void ExportIsVerifiedAndLoads()
    {
        using var folder = new TemporaryFolder();
        var opset = new Draw(_recipe.Head).For("opset").Of(17, 18, 21, 21);
        Model.ExportOnnx(folder.File("model.onnx"), new ExportOptions { Opset = opset });
        var again = Model.Load(folder.File("model.onnx"), _custom);
        Repeats(again, "export", "the loaded model");
    }

    private void ResumedTrainingHasTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var trainer = Trained(1, 1);
        trainer.Save(folder.File("run.onnx"), new ExportOptions { Verify = false });
        var resumed = Trainer.Load(folder.File("run.onnx"), _custom, threads: 1);
        Assert(Weights(trainer.Model).AsSpan().SequenceEqual(Weights(resumed.Model)), "resume", "loaded weights differ");
        Step(trainer, 1);
        Step(resumed, 1);
        Assert(Weights(trainer.Model).AsSpan().SequenceEqual(Weights(resumed.Model)), "resume", "weights differ after the resumed step");
        SameLogs(Logs(trainer, 2), Logs(resumed, 2), "resume", "after resuming");
    }

    private void PrunesOrSaysWhyNot()
    {
        var small = Model.Prune(0.3).Model;
        small.ResetState();
        var outputs = small.PredictAll(_x);
        Assert(outputs.Zip(_shapes).All(pair => pair.First.Shape == pair.Second), "prune", "an output has another shape");
        using var folder = new TemporaryFolder();
        small.Save(folder.File("small.keras"));
        var again = Model.Load(folder.File("small.keras"), _custom);

        // The first prediction moved the states that the file was written with.
        again.ResetState();
        var read = Bytes(again.PredictAll(_x));
        Assert(_draws || Bytes(outputs).AsSpan().SequenceEqual(read), "prune", "the file of the pruned model predicts other bits");
    }

    private void ShortPrecisionsStayNear()
    {
        // One plain step: its loss is that of the forward pass.
        var expected = Trained(1, 1, log: true).Loss;
        // Next to the largest number, a sum in another order is infinite.
        if (!(Math.Abs(expected) < 1e30)) throw new NotFiniteException();

        // The largest number of 16 bits is 65504; intermediate values may be the square of what is predicted.
        if (_predicted.Length == 0 || Math.Abs(TensorPrimitives.MaxMagnitude(Span(_predicted))) > 100 || Jumps() || PointsNowhere()) return;
        var fits = LargestInside() < 10_000;
        foreach (var precision in new[] { MixedPrecision.Float16, MixedPrecision.BFloat16 })
        {
            if (precision == MixedPrecision.Float16 && !fits) continue;
            var (trainer, loss) = Trained(1, 1, precision, log: true);
            Assert(Floats(Weights(trainer.Model)).All(float.IsFinite), "precision", $"{precision} gives weights that are not finite");
            var near = precision == MixedPrecision.BFloat16 || Math.Abs(loss - expected) <= 0.2 * (Math.Abs(expected) + 0.2)
                || Math.Abs(loss - expected) <= 10 * Math.Abs(LossOfRoundedInputs() - expected);
            Assert(double.IsFinite(loss) && near, "precision", $"{precision} has a loss of {loss} instead of {expected}");
        }
    }

    /// <summary>The loss of inputs as 16 bits hold them: a normalization of nearly equal numbers has another result.</summary>
    private double LossOfRoundedInputs()
    {
        NDArray[] rounded = [.. _x.Select(array =>
            array.DType == DType.Float32 ? NDArray.Create([.. array.ToArray().Select(value => (float)(Half)value)], array.Shape) : array)];
        return _training.Compile(ModelDraw.Of(_recipe).Model, 1).TrainOnBatch(NDArrays.Create(rounded), _y, Weighting(0))["loss"];
    }

    /// <summary>
    /// The largest magnitude of a value that the model computes in training, such as a code of seven digits that a layer multiplies: the nearest half is
    /// infinite, in Keras too. Sums with a constant that stands for infinity, as in masks, are left out.
    /// </summary>
    private float LargestInside()
    {
        Value[] inputs = [.. Model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. Model.Outputs.Select(output => output.Value)];
        var map = Specialization.Of(inputs, outputs, training: true);
        var nodes = Graph.Between(inputs, [.. outputs.Select(output => map[output])]).Nodes;
        Value[] inside = [.. nodes
            .Where(node => node.Op is not SourceOp && !node.Inputs.Any(input => input.Producer.Op is Constant { Data: var data } && HidesSteps(data)))
            .SelectMany(node => node.Outputs.SkipLast(node.Op is RecurrentOp ? 1 : 0))
            .Where(value => value.Spec.Type == DType.Float32)];
        if (inside.Length == 0) return 0;
        TensorSpec[] specs = [.. _x.Select(array => new TensorSpec(array.Shape, array.DType))];
        var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(Model, Model.Seed), inputs, inside, []), specs);
        for (var i = 0; i < specs.Length; i++) _x[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
        plan.Run(ModelEngine.Of(Model).Pool);
        var largest = 0f;
        foreach (var output in plan.Outputs)
        {
            foreach (var value in output.Floats) largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }

    /// <summary>Whether results jump where computed numbers pass a bound, which the nearest number of 16 bits may do.</summary>
    private bool Jumps() =>
        Graph.Between([.. Model.Inputs.Select(input => input.Value)], [.. Model.Outputs.Select(output => output.Value)]).Nodes.Any(node =>
            node.Op is ComparisonOp or Ceil or Floor or Round or Sign or Mod or ArgMax or ArgMin or TopK or Cast { To: not DType.Float32 }
            && node.Inputs.Any(input => input.Spec.Type == DType.Float32 && input.Producer.Op is not SourceOp));

    /// <summary>
    /// Whether a loss compares directions of which one is of nearly no length, as of x - x: that is the direction of the rounding. A chain of operators
    /// computes in float32 what is stored in 16 bits elsewhere.
    /// </summary>
    private bool PointsNowhere() => _training.Description.Contains("CosineSimilarity", StringComparison.Ordinal) && Model.PredictAll(_x).Any(output =>
    {
        var length = output.Shape.Rank == 0 ? 1 : output.Shape.Dims[^1];
        return length > 0 && output.ToArray().Chunk(length).Any(direction => TensorPrimitives.Norm<float>(direction) < 0.02f);
    });

    private static bool HidesSteps(TensorData data)
    {
        if (data.Type != DType.Float32) return false;
        foreach (var value in data.As<float>())
        {
            if (Math.Abs(value) > 65504) return true;
        }

        return false;
    }

    private void StepIsExported()
    {
        // ONNX Runtime's Reshape, which takes a 0 for "as before", does not split what is empty.
        if (_y.Any(target => target.Shape.ElementCount == 0)) return;
        using var folder = new TemporaryFolder();
        var trainer = _training.Compile(ModelDraw.Of(_recipe).Model, 1);
        trainer.ExportTraining(
            folder.Path, new TrainingExportOptions { Samples = _x, Targets = _y, VerifiedSteps = 2, SampleWeights = Weighting(0) is not null });
    }

    private Trainer Trained(int threads, int steps) => Trained(threads, steps, MixedPrecision.Float32, false).Trainer;

    private (Trainer Trainer, double Loss) Trained(int threads, int steps, MixedPrecision precision = MixedPrecision.Float32, bool log = false)
    {
        var trainer = _training.Compile(ModelDraw.Of(_recipe).Model, threads, precision);
        var loss = 0.0;
        for (var step = 0; step < steps; step++) loss = Step(trainer, step);
        return (trainer, loss);
    }

    private double Step(Trainer trainer, int step) => Logs(trainer, step)["loss"];

    /// <summary>Losses and metrics of a step.</summary>
    private Scores Logs(Trainer trainer, int step) => step == 0
        ? trainer.TrainOnBatch(_x, _y, Weighting(0))
        : trainer.TrainOnBatch(NDArrays.Create(_training.Inputs(step)), NDArrays.Create(_training.Targets(step, _shapes)), Weighting(step));

    private NDArrays? Weighting(int step) => _training.SampleWeights(step) is { } weights ? weights : null;

    private static void SameLogs(Scores expected, Scores actual, string check, string when)
    {
        Assert(expected.Keys.SequenceEqual(actual.Keys), check, "other logs " + when);
        foreach (var (name, value) in expected) Assert(value.Equals(actual[name]), check, $"{name} is {actual[name]} {when} instead of {value}");
    }

    /// <summary>Whether the model draws random numbers outside training, by a layer that is called as in training.</summary>
    private static bool Draws(Model model)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var map = Specialization.Of(inputs, outputs, training: false);
        return Graph.Between(inputs, [.. outputs.Select(output => map[output])]).Nodes.Any(node => node.Op is IRandomOp);
    }

    private static bool AreNear(float[] expected, float[] found) =>
        expected.Length == found.Length
        && expected.Zip(found).All(pair => !(Math.Abs(pair.First - pair.Second) > 1e-3f * Math.Max(1, Math.Abs(pair.First))));

    private static byte[] Weights(Model model) => [.. model.Weights.SelectMany(weight => MemoryMarshal.AsBytes<float>(weight.Storage).ToArray())];

    private static ReadOnlySpan<float> Span(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes);

    private static float[] Floats(byte[] bytes) => Span(bytes).ToArray();

    private static byte[] Bytes(IEnumerable<NDArray> outputs) => [.. outputs.SelectMany(output => output.Bytes.ToArray())];

    /// <summary>Asserts that a model predicts the same bits, unless it draws random numbers for each prediction.</summary>
    private void Repeats(Model again, string check, string what)
    {
        // The first prediction moved the states that the copy was made with.
        again.ResetState();
        var bytes = Bytes(again.PredictAll(_x));

        // Merged adapters are added in another order.
        if (Model.Weights.Any(weight => weight.Adapter is not null) && again.Weights.Count < Model.Weights.Count)
            Assert(_draws || AreNear(Floats(_predicted), Floats(bytes)), check, what + " predicts other numbers");
        else
            Assert(_draws || _predicted.AsSpan().SequenceEqual(bytes), check, what + " predicts other bits");
    }

    private static void Assert(bool holds, string check, string what)
    {
        if (!holds) throw new CheckFailedException(check, what);
    }

    private static void Same(string expected, string actual, string check)
    {
        if (expected == actual) return;
        var at = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
        string Part(string text) => text[Math.Max(0, at - 60)..Math.Min(text.Length, at + 60)];
        throw new CheckFailedException(check, $"differs at {at}: {Part(expected)} became {Part(actual)}");
    }
}

/// <summary>A model whose values overflow says nothing about the library; it is counted apart.</summary>
internal sealed class NotFiniteException() : Exception("values are not finite");

/// <summary>Something that must hold of every model does not hold.</summary>
internal sealed class CheckFailedException(string check, string message, Exception? innerException = null) : Exception($"{check}: {message}", innerException)
{
    public string Check { get; } = check;
}
