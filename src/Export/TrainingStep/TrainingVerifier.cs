using System.Numerics.Tensors;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Makes the same steps in ONNX Runtime and in the engine, from the same state on the same random batches, and compares them.</summary>
internal static class TrainingVerifier
{
    private const int Samples = 4;
    private const int MostSamples = 32;
    private const int SmallGraph = 1 << 20;
    private const ulong Key = 0x5457494E53544550;

    // Absolute differences up to this are rounding, whatever the tensor's values are.
    private const float Smallest = 1e-8f;

    // Half a unit in the last place, up and down.
    private const float LastBits = 2.4e-7f;
    private const string Loss = "loss";

    // Numbers of steps for which loops are run too: the fewest, and some that are no powers of two.
    private static readonly int[] s_loopLengths = [1, 2, 7, 17];

    /// <summary>Runs and compares; the trainer's state is restored afterwards.</summary>
    /// <returns>The differences of the loss, then of each tensor of the state.</returns>
    /// <exception cref="ExportException">The loss or a tensor is out of tolerance; the first is named.</exception>
    public static IReadOnlyList<StepDifference> Run(Trainer trainer, TrainingFiles files, TrainingExportOptions options)
    {
        using var other = OnnxTrainer.Open(TrainingFolder.Of(files), options: Sessions(files));
        var state = files.State;
        var rate = trainer.Compiled.State.LearningRate;
        Weight[] weights = [.. state.Select(entry => entry.Weight), rate];
        float[][] kept = [.. weights.Select(weight => weight.Storage.ToArray())];
        var worst = new StepDifference[state.Count + 1];
        worst[0] = new StepDifference(Loss, 1, 0, false);
        for (var i = 0; i < state.Count; i++) worst[i + 1] = new StepDifference(state[i].Name, 1, 0, false);
        StepTwin? engine = null;
        RoundedSteps? rounded = null;
        try
        {
            Steps(options.VerifiedSteps, null);
            foreach (var length in Lengths(files, options))
            {
                other.WriteState(kept[..state.Count]);
                Steps(1, length);
            }
        }
        finally
        {
            End();
            for (var i = 0; i < weights.Length; i++) kept[i].CopyTo(weights[i].Storage, 0);
        }

        return worst;

        void End()
        {
            engine?.Dispose();
            rounded?.Dispose();
            (engine, rounded) = (null, null);
        }

        void Steps(int count, int? length)
        {
            End();
            for (var i = 0; i < weights.Length; i++) kept[i].CopyTo(weights[i].Storage, 0);
            var from = kept;
            for (var step = 1; step <= count; step++)
            {
                var data = Batch(trainer, files, options, step, length);
                if (engine is null)
                {
                    TensorSpec[] specs = [.. data.Select(array => new TensorSpec(array.Shape, array.DType))];
                    PlanRequest request = new(PlanOptions.Of(trainer.Model, trainer.Seed), files.Step.Inputs, files.Step.Outputs, files.Step.Updates);
                    var plan = Planner.Plan(request, specs);
                    engine = new StepTwin(trainer, weights, plan, [.. weights.Select(weight => weight.Storage)]);
                    rounded = new RoundedSteps(
                        request, specs, (plan, values) => new StepTwin(trainer, weights, plan, values), twin => Changed(state, Copy(from), twin));
                }

                engine.Step(data);
                rounded!.Add(data);

                // A length that a model makes no sense of, such as a deviation of one step, is not what the export was asked for.
                if (length is not null && !engine.IsFinite) return;
                var isRounding = Note(0, step, [engine.Loss], [other.StepOn(data)], twin => [twin.Loss], options.LossTolerance);
                for (var i = 0; i < state.Count; i++)
                {
                    var at = i;
                    isRounding |= Note(at + 1, step, engine.State[at], other.ReadState(at), twin => twin.State[at], options.StateTolerance);
                }

                if (!isRounding || step == count) continue;

                // An optimizer may have made full steps of it, from which the next ones lead elsewhere. So they start from one state.
                from = Copy(engine.State);
                other.WriteState(from[..state.Count]);
                rounded.Restart();
            }
        }

        // Whether rounding explains a difference.
        bool Note(int index, int step, float[] expected, float[] found, Func<StepTwin, float[]> read, float tolerance)
        {
            var largest = 0f;
            foreach (var value in expected)
            {
                if (!float.IsFinite(value)) throw Incomparable(worst[index].Name, step, value);
                largest = MathF.Max(largest, MathF.Abs(value));
            }

            var (difference, isRounding, open) = (0f, false, new List<int>());
            for (var i = 0; i < expected.Length; i++)
            {
                var distance = MathF.Abs(expected[i] - found[i]);
                if (!(distance <= tolerance * largest))
                {
                    if (tolerance == 0 || !(distance <= Smallest || IsNoise(i, distance))) open.Add(i);
                    isRounding = true;
                }

                difference = MathF.Max(difference, distance);
            }

            if (open.Count > 0 && (tolerance == 0 || !rounded!.AreRareJumps(expected, found, open, read, tolerance * largest)))
            {
                throw new ExportException(
                    $"The exported training step differs from the engine, first in '{worst[index].Name}' after step {step}: element {open[0]} is "
                    + $"{found[open[0]]:G6} in ONNX Runtime and {expected[open[0]]:G6} in the engine; the tensor's largest value is {largest:G4}. "
                    + "Nothing was written. Raise TrainingExportOptions.StateTolerance or LossTolerance if that is acceptable.");
            }

            var relative = difference / MathF.Max(largest, Smallest);
            if (relative > worst[index].Difference) worst[index] = new StepDifference(worst[index].Name, step, relative, isRounding || worst[index].IsRounding);
            return isRounding;

            bool IsNoise(int element, float distance) =>
                rounded!.Exists(twin => RoundingNoise.Explains(distance - Smallest, expected[element], read(twin)[element]));
        }
    }

    /// <summary>Further numbers of steps for a graph with a loop, whose gradient is another loop in the file: as many as were never in one graph.</summary>
    private static IEnumerable<int> Lengths(TrainingFiles files, TrainingExportOptions options) =>
        options.Samples is not null || !files.HasOpenLoops
            ? []
            : s_loopLengths.Where(length => new RandomInputs(files.Emitted, length).Fits(files.Manifest.BatchSize ?? Samples));

    private static float[][] Copy(float[][] values) => [.. values.Select(tensor => tensor.ToArray())];

    private static ExportException Incomparable(string name, int step, float value) => new(
        $"The exported training step cannot be compared: {(name == Loss ? "the loss" : $"'{name}'")} of step {step} is {value} in the engine itself. "
        + "Nothing was written. Set TrainingExportOptions.Samples and Targets to data that the model accepts, lower the learning rate if training diverges, "
        + "or set Verify = false.");

    /// <summary>
    /// A state whose weights and slots differ in their last bits: how far the engine's results then differ shows how well each element is determined.
    /// </summary>
    /// <remarks>
    /// An optimizer that divides gradients by their magnitude turns rounding errors in a
    /// mathematically zero gradient into full steps; no two programs agree on such a weight.
    /// </remarks>
    private static float[][] Changed(IReadOnlyList<NamedState> state, float[][] values, int twin)
    {
        for (var i = 0; i < state.Count; i++)
        {
            // Slots are as uncertain as weights: Ftrl subtracts powers of nearly equal sums of squares. Numbers of the whole training are counts.
            if (!state[i].IsWeight && state[i].Weight.Shape.Rank == 0) continue;
            var random = new RandomNumbers(Key + (ulong)twin, state[i].Name);
            foreach (ref var value in values[i].AsSpan()) value *= 1 + (LastBits * (random.Uniform() - 0.5f));
        }

        return values;
    }

    /// <summary>
    /// Sessions that live for a few steps: without a plan of memory, which takes ten times as long as all else for 2,400 nodes (1.0 of 1.1 s), and without
    /// threads for small graphs, whose start is a quarter of the time.
    /// </summary>
    private static OnnxModelOptions Sessions(TrainingFiles files) =>
        new() { PlansMemory = false, IntraOpThreads = files.Graphs[TrainingFolder.TrainFile].Length < SmallGraph ? 1 : 0 };

    /// <summary>The given samples and targets, or random inputs with indices in range and targets that fit the losses. Every step has another batch.</summary>
    private static NDArray[] Batch(Trainer trainer, TrainingFiles files, TrainingExportOptions options, int step, int? length)
    {
        var (compiled, model) = (trainer.Compiled, trainer.Model);
        var samples = options.Samples is { } given ? DataChecks.Inputs(model, given) : null;
        var targets = samples is null ? null : options.Targets?.InOrder(model.OutputNames, "output");
        var size = files.Manifest.BatchSize ?? Math.Min(samples?[0].Count ?? Samples, MostSamples);
        var count = samples?[0].Count ?? size;
        var order = Order(size, step, count);
        var random = samples is null ? new RandomInputs(files.Emitted, length).Make(size, whole: false) : null;

        var data = new NDArray[files.Step.Inputs.Count];
        for (var i = 0; i < model.Inputs.Count; i++) data[i] = samples is null ? Varied(random![i].Take(order), step) : samples[i].Take(order);
        for (var i = 0; i < model.Outputs.Count; i++)
        {
            var at = model.Inputs.Count + i;
            var spec = files.Step.Inputs[at].Spec;
            data[at] = targets is not null && targets[i].Count == count
                ? targets[i].Take(order)
                : TrainingTargets.Random(
                    compiled.Losses[i],
                    model.Outputs[i].Shape,
                    spec,
                    random?[at].Shape ?? spec.Shape.With(0, size),
                    $"{files.Manifest.Targets[i].Name}/{step}");
        }

        var weights = new TensorSpec(Shape.Of(size), DType.Float32);
        if (options.SampleWeights) data[^1] = TrainingTargets.Random(null, default, weights, weights.Shape, $"sample_weight/{step}");
        return data;
    }

    /// <summary>The samples of a step: the next ones if there are more than a batch, otherwise the same ones in another order.</summary>
    private static int[] Order(int size, int step, int count)
    {
        var shift = count > size ? size : 1;
        return [.. Enumerable.Range(0, size).Select(sample => (sample + (step * shift)) % count)];
    }

    /// <summary>Random inputs, a little larger at each step; integers are not changed.</summary>
    private static NDArray Varied(NDArray array, int step)
    {
        if (step == 1 || array.DType != DType.Float32) return array;
        var values = array.AsFloats().ToArray();
        if (Array.TrueForAll(values, float.IsInteger)) return array;
        TensorPrimitives.Multiply(values, 1 + (0.1f * step), values);
        return NDArray.Create(values, array.Shape);
    }
}
