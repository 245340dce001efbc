using OnnxFunctional.Export.Emit;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Verify;

/// <summary>Whether a sequence in two halves gives what it gives as a whole, when the states of the first go to the second.</summary>
internal static class StreamedRuns
{
    private const int Half = 3;
    private const int Samples = 2;

    // Steps are computed in the same order; only products over more rows at once round differently.
    private const float Tolerance = 1e-4f;

    /// <summary>Compares in the engine, with which the file agrees.</summary>
    /// <exception cref="ExportException">The halves give other numbers.</exception>
    public static void Check(EmittedModel emitted, ExportOptions options)
    {
        var random = new RandomInputs(emitted, 2 * Half);

        // Sequences of a fixed length cannot be cut; those of one step need not be.
        if (!random.HasOpenSizes || !random.Fits(Samples) || !new RandomInputs(emitted, Half).Fits(Samples)) return;
        var whole = random.Make(Samples, whole: false);
        var states = emitted.States.Select(state => Index(emitted.Inputs, state.Input)).ToArray();
        var first = Run(emitted, Part(0));
        var second = Part(Half);
        for (var i = 0; i < states.Length; i++) second[states[i]] = first[Index(emitted.Outputs, emitted.States[i].Output)];
        var (all, last) = (Run(emitted, whole), Run(emitted, second));
        for (var output = 0; output < all.Length; output++)
        {
            // A result for each step, or one for the sequence.
            var steps = all[output].Shape is { Rank: > 1 } shape && shape[1] == 2 * Half && last[output].Shape[1] == Half;
            var expected = (steps ? Cut(all[output], Half) : all[output]).AsFloats().ToArray();
            var actual = last[output].AsFloats().ToArray();
            var differences = expected.Zip(actual, (a, b) => MathF.Abs(a - b) / (1 + MathF.Abs(a))).Append(0);
            var largest = expected.Length == actual.Length ? differences.Max() : float.NaN;
            if (largest <= Math.Max(Tolerance, Math.Max(options.AbsoluteTolerance, options.RelativeTolerance))) continue;
            throw new ExportException(
                $"A sequence in two parts does not give what it gives in one: output '{emitted.Outputs[output].Name}' differs by {largest:0.0e+00}. "
                + "A layer reads beyond a step, such as a convolution, pooling or attention over time. Leave ExportOptions.RecurrentStates out. "
                + "Nothing was written.");
        }

        bool IsSequence(int input) => !states.Contains(input) && emitted.Inputs[input].Value.Spec.Shape is { Rank: > 1 } shape && shape[1] is null;

        NDArray[] Part(int start) => [.. whole.Select((array, input) => IsSequence(input) ? Cut(array, start) : array)];
    }

    private static int Index(IReadOnlyList<(string Name, Value Value)> values, string name) => values.Select(value => value.Name).ToList().IndexOf(name);

    /// <summary>Half of the steps of every sample.</summary>
    private static NDArray Cut(NDArray array, int start)
    {
        var shape = array.Shape;
        return NDArray.Concatenate([.. Enumerable.Range(0, shape.Dims[0]).Select(sample =>
        {
            var steps = array.Slice(sample, 1);
            return steps.Reshape([2 * Half, .. shape.Skip(2)]).Slice(start, Half).Reshape([1, Half, .. shape.Skip(2)]);
        })]);
    }

    private static NDArray[] Run(EmittedModel emitted, NDArray[] data)
    {
        Value[] inputs = [.. emitted.Inputs.Select(input => input.Value)], outputs = [.. emitted.Outputs.Select(output => output.Value)];
        var request = new PlanRequest(PlanOptions.Of(emitted.Model, emitted.Model.Seed), inputs, outputs, []);
        using var plan = Planner.Plan(request, [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
        for (var i = 0; i < data.Length; i++) data[i].CopyTo(plan.Inputs[i]);
        plan.Run(ModelEngine.Of(emitted.Model).Pool);
        return [.. plan.Outputs.Select(Floats)];
    }

    private static NDArray Floats(ValueBuffer buffer)
    {
        var numbers = new float[buffer.Length];
        if (buffer.Spec.Type == DType.String) TextSamples.Numbers(buffer.Strings).CopyTo(numbers, 0);
        else Prediction.CopyAsFloats(buffer, numbers);
        return NDArray.Create(numbers, buffer.Shape);
    }
}
