using OnnxFunctional.Training;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Shapes, types and random values of targets.</summary>
internal static class TrainingTargets
{
    private const ulong Key = 0x5441524745545321;

    /// <summary>The specs of the example targets, or those that the losses expect.</summary>
    public static TensorSpec[] Of(CompiledTraining compiled, NDArrays? examples)
    {
        var model = compiled.Model;
        if (examples is not null)
            return [.. examples.InOrder(model.OutputNames, "output").Select(array => new TensorSpec(array.Shape.With(0, Shape.Unknown), array.DType))];
        return [.. model.Outputs.Select((output, i) => compiled.Losses[i] is { IsSparse: true }
            ? new TensorSpec(output.Shape.Slice(0, output.Shape.Rank - 1), DType.Int64)
            : new TensorSpec(output.Shape, DType.Float32))];
    }

    /// <summary>Class indices in range, or probabilities that sum to one, which every loss accepts.</summary>
    public static NDArray Random(Loss? loss, Shape prediction, TensorSpec spec, Shape shape, string name)
    {
        var random = new RandomNumbers(Key, name);
        var count = checked((int)shape.ElementCount);
        if (loss is { IsSparse: true } || spec.Type is DType.Int64 or DType.Int32)
        {
            var classes = loss?.ClassesOf(prediction) ?? 2;
            var numbers = new long[count];
            for (var i = 0; i < count; i++) numbers[i] = (long)(random.Uniform() * classes);
            return NDArray.Create(numbers, shape).To(spec.Type, "verification");
        }

        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = 0.05f + (0.9f * random.Uniform());
        var width = shape.Rank > 1 ? shape.Dims[^1] : 1;
        for (var start = 0; width > 1 && start < count; start += width)
        {
            var sum = 0f;
            foreach (var value in values.AsSpan(start, width)) sum += value;
            foreach (ref var value in values.AsSpan(start, width)) value /= sum;
        }

        return NDArray.Create(values, shape).To(spec.Type, "verification");
    }
}
