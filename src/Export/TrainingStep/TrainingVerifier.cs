using System.Numerics.Tensors;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Makes the same steps in ONNX Runtime and in the engine, from the same state on the same random batches.</summary>
internal static class TrainingVerifier
{
    private const int Samples = 4;

    // What is this small is rounding, whatever it is a share of.
    private const float Smallest = 1e-6f;

    /// <summary>Runs and compares; the trainer's state is afterwards what it was.</summary>
    /// <returns>The loss, then each tensor of the state.</returns>
    /// <exception cref="ExportException">The loss or a tensor differs; the first is named.</exception>
    public static IReadOnlyList<StepDifference> Run(Trainer trainer, TrainingFiles files, TrainingExportOptions options)
    {
        using var other = OnnxTrainer.Open(files.Manifest, name => name switch
        {
            OnnxTrainer.InitFile => files.Init,
            OnnxTrainer.TrainFile => files.Train,
            OnnxTrainer.EvaluateFile => files.Evaluate,
            _ => files.Predict,
        }, "the exported training", ExecutionProvider.Cpu);
        var state = files.State;
        var kept = state.Append((Name: "learning_rate", Weight: trainer.Plan.State.LearningRate)).Select(entry => (entry.Item2, Values: entry.Item2.Storage.ToArray())).ToArray();
        var worst = new StepDifference[state.Count + 1];
        worst[0] = new StepDifference("loss", 1, 0);
        for (var i = 0; i < state.Count; i++) worst[i + 1] = new StepDifference(state[i].Name, 1, 0);
        try
        {
            ExecutionPlan? plan = null;
            for (var step = 1; step <= options.VerifiedSteps; step++)
            {
                var data = Batch(trainer, files, options, step);
                plan ??= Planner.Plan(
                    new PlanRequest(files.Step.Inputs, files.Step.Outputs, files.Step.Updates) { Seed = trainer.Seed }, [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
                for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
                plan.Run(trainer.Engine.Pool, (ulong)trainer.Iterations);
                var loss = plan.Outputs[0].Floats[0];
                var found = (float)other.StepOn(data);
                Note(0, step, [loss], [found], options.LossTolerance);
                var tensors = other.ReadState();
                for (var i = 0; i < state.Count; i++) Note(i + 1, step, state[i].Weight.Storage, tensors[i], options.StateTolerance);
            }
        }
        finally
        {
            foreach (var (weight, values) in kept) values.CopyTo(weight.Storage, 0);
        }

        return worst;

        void Note(int index, int step, ReadOnlySpan<float> expected, ReadOnlySpan<float> found, float tolerance)
        {
            var (largest, difference, at) = (0f, 0f, 0);
            for (var i = 0; i < expected.Length; i++)
            {
                largest = MathF.Max(largest, MathF.Abs(expected[i]));
                var distance = MathF.Abs(expected[i] - found[i]);
                if (distance <= difference) continue;
                (difference, at) = (float.IsNaN(distance) ? float.PositiveInfinity : distance, i);
            }

            if (!(difference <= (tolerance * largest) + Smallest))
            {
                throw new ExportException(
                    $"The exported training step differs from the engine, first in '{worst[index].Name}' after step {step}: element {at} is {found[at]:G6} in ONNX Runtime and {expected[at]:G6} in the engine, of a tensor up to {largest:G4}. "
                    + "Nothing was written. Raise TrainingExportOptions.StateTolerance or LossTolerance if that is acceptable.");
            }

            var share = difference / MathF.Max(largest, Smallest);
            if (share > worst[index].Difference) worst[index] = new StepDifference(worst[index].Name, step, share);
        }
    }

    /// <summary>Random inputs such that indices are in range, and targets that fit the losses.</summary>
    private static NDArray[] Batch(Trainer trainer, TrainingFiles files, TrainingExportOptions options, int step)
    {
        var (plan, model) = (trainer.Plan, trainer.Model);
        var fixedSize = files.Manifest.Inputs.Select(input => input.Shape).FirstOrDefault(shape => shape.Length > 0 && shape[0] >= 0);
        var size = options.BatchSize ?? (fixedSize is null ? Samples : fixedSize[0]);
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
