using System.Numerics.Tensors;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Makes the same steps in ONNX Runtime and in the engine, from the same state on the same random batches.</summary>
internal static class TrainingVerifier
{
    private const int Samples = 4;
    private const ulong Key = 0x5457494E53544550;

    // What is this small is rounding, whatever it is a share of.
    private const float Smallest = 1e-8f;

    // A weight changed by its last bits, and how many times further than the changed engine ONNX Runtime may be: a tensor of one number may have been lucky.
    private const float LastBits = 2.4e-7f;
    private const float Luck = 100;

    /// <summary>Runs and compares; the trainer's state is afterwards what it was.</summary>
    /// <returns>The loss, then each tensor of the state.</returns>
    /// <exception cref="ExportException">The loss or a tensor differs; the first is named.</exception>
    public static IReadOnlyList<StepDifference> Run(Trainer trainer, TrainingFiles files, TrainingExportOptions options)
    {
        using var other = OnnxTrainer.Open(TrainingFolder.Of(files));
        var state = files.State;
        var rate = trainer.Plan.State.LearningRate;
        Weight[] weights = [.. state.Select(entry => entry.Weight), rate];
        var kept = Taken();
        var present = Taken();
        var twin = Twin(state, Taken());
        var worst = new StepDifference[state.Count + 1];
        worst[0] = new StepDifference("loss", 1, 0, false);
        for (var i = 0; i < state.Count; i++) worst[i + 1] = new StepDifference(state[i].Name, 1, 0, false);
        try
        {
            ExecutionPlan? plan = null;
            for (var step = 1; step <= options.VerifiedSteps; step++)
            {
                var data = Batch(trainer, files, options, step);
                plan ??= Planner.Plan(
                    new PlanRequest(files.Step.Inputs, files.Step.Outputs, files.Step.Updates) { Seed = trainer.Seed }, [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
                EngineStep(plan, data, twin);
                EngineStep(plan, data, present);
                var loss = plan.Outputs[0].Floats[0];
                Note(0, step, [loss], [other.StepOn(data)], [loss], options.LossTolerance);
                var found = other.ReadState();
                for (var i = 0; i < state.Count; i++) Note(i + 1, step, present[i], found[i], twin[i], options.StateTolerance);
            }
        }
        finally
        {
            Put(kept);
        }

        return worst;

        void EngineStep(ExecutionPlan plan, NDArray[] data, float[][] state)
        {
            Put(state);
            for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
            plan.Run(trainer.Engine.Pool, (ulong)trainer.Iterations);
            for (var i = 0; i < weights.Length; i++) weights[i].Storage.CopyTo(state[i], 0);
        }

        float[][] Taken() => [.. weights.Select(weight => weight.Storage.ToArray())];

        void Put(float[][] state)
        {
            for (var i = 0; i < weights.Length; i++) state[i].CopyTo(weights[i].Storage, 0);
        }

        void Note(int index, int step, ReadOnlySpan<float> expected, ReadOnlySpan<float> found, ReadOnlySpan<float> twin, float tolerance)
        {
            var largest = TensorPrimitives.MaxMagnitude(expected) is var magnitude ? MathF.Abs(magnitude) : 0;
            var (difference, at) = Distance(expected, found);
            var (spread, _) = Distance(expected, twin);
            var isRounding = difference > tolerance * largest;
            if (isRounding && !(difference <= Smallest + (Luck * spread)))
            {
                throw new ExportException(
                    $"The exported training step differs from the engine, first in '{worst[index].Name}' after step {step}: element {at} is {found[at]:G6} in ONNX Runtime and {expected[at]:G6} in the engine, of a tensor up to {largest:G4}. "
                    + "Nothing was written. Raise TrainingExportOptions.StateTolerance or LossTolerance if that is acceptable.");
            }

            var share = difference / MathF.Max(largest, Smallest);
            if (share > worst[index].Difference) worst[index] = new StepDifference(worst[index].Name, step, share, isRounding || worst[index].IsRounding);
        }
    }

    /// <summary>A state whose weights differ in their last bits: how far the engine then goes from itself is how well a tensor is determined at all.</summary>
    /// <remarks>An optimizer that divides gradients by their size makes whole steps of the rounding in a gradient that is zero by mathematics; no two programs agree on such a weight.</remarks>
    private static float[][] Twin(IReadOnlyList<NamedState> state, float[][] values)
    {
        for (var i = 0; i < state.Count; i++)
        {
            if (!state[i].IsWeight) continue;
            var random = new RandomNumbers(Key, state[i].Name);
            foreach (ref var value in values[i].AsSpan()) value *= 1 + (LastBits * (random.Uniform() - 0.5f));
        }

        return values;
    }

    /// <summary>The largest difference and where it is; infinite where one of both is no number.</summary>
    private static (float Distance, int At) Distance(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var (largest, at) = (0f, 0);
        for (var i = 0; i < left.Length; i++)
        {
            var distance = MathF.Abs(left[i] - right[i]);
            if (float.IsNaN(distance)) return (float.PositiveInfinity, i);
            if (distance > largest) (largest, at) = (distance, i);
        }

        return (largest, at);
    }

    /// <summary>Random inputs such that indices are in range, and targets that fit the losses.</summary>
    private static NDArray[] Batch(Trainer trainer, TrainingFiles files, TrainingExportOptions options, int step)
    {
        var (plan, model) = (trainer.Plan, trainer.Model);
        var size = files.Manifest.BatchSize ?? Samples;
        var data = new RandomInputs(files.Emitted).Make(size);
        for (var i = 0; i < model.Inputs.Count; i++)
        {
            // A batch of its own for every step: the samples of the first in another order, the numbers a little larger.
            var order = Enumerable.Range(0, size).Select(sample => (sample + step) % size).ToArray();
            data[i] = data[i].Take(order);
            if (data[i].DType == DType.Float32 && step > 1 && !IsWhole(data[i])) data[i] = Scaled(data[i], 1 + (0.1f * step));
        }

        for (var i = 0; i < model.Outputs.Count; i++)
        {
            var at = model.Inputs.Count + i;
            data[at] = TrainingTargets.Random(plan.Losses[i], model.Outputs[i].Shape, files.Step.Inputs[at].Spec, data[at].Shape, $"{files.Manifest.Targets[i].Name}/{step}");
        }

        if (options.SampleWeights) data[^1] = TrainingTargets.Random(null, default, new TensorSpec(data[^1].Shape, DType.Float32), data[^1].Shape, $"sample_weight/{step}");
        return data;
    }

    private static bool IsWhole(NDArray array)
    {
        foreach (var value in array.AsFloats())
        {
            if (!float.IsInteger(value)) return false;
        }

        return true;
    }

    private static NDArray Scaled(NDArray array, float factor)
    {
        var values = array.AsFloats().ToArray();
        TensorPrimitives.Multiply(values, factor, values);
        return NDArray.Create(values, array.Shape);
    }
}
