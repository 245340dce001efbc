using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Verify;

/// <summary>Runs a file that takes one sample once for each sample of a batch: what the model gives for all of them at once must be that.</summary>
internal static class SampleBySample
{
    /// <summary>The axis of a tensor of the file along which samples lie; null if the graph does not tell.</summary>
    public static int? AxisOf(EmittedLayer layer) => AxisOf(layer.Value, layer.Tensor.Layout);

    /// <summary>The results of all samples, joined.</summary>
    /// <exception cref="ExportException">The graph does not tell where samples lie in an output.</exception>
    public static OnnxValue[] Run(EmittedModel emitted, NDArray[] data, IReadOnlyList<string> outputs, Func<OnnxValue[], OnnxValue[]> run)
    {
        var samples = data.Zip(emitted.Inputs).Where(input => Takes(input.Second.Value)).Select(input => input.First.Shape.Dims[0]).First();
        var rows = new List<OnnxValue[]>();
        for (var row = 0; row < samples; row++)
            rows.Add(run([.. data.Zip(emitted.Inputs, (array, input) => ArrayConversion.ToOnnx(Takes(input.Value) ? array.Slice(row, 1) : array))]));
        return [.. outputs.Select((name, i) => Joined([.. rows.Select(row => ArrayConversion.ToArray(row[i])!)], Axis(emitted, name)))];
    }

    private static bool Takes(Value input) => input.Spec.Shape is { Rank: > 0 } shape && shape.Symbols[0] == Shape.Batch;

    private static int Axis(EmittedModel emitted, string name)
    {
        if (emitted.Layers.FirstOrDefault(layer => layer.Tensor.Name == name) is { } layer && AxisOf(layer) is { } inside) return inside;
        var output = emitted.Outputs.First(output => output.Name == name).Value;
        return AxisOf(output, Layout.Identity(output.Spec.Shape.Rank))
            ?? throw new ExportException($"Output '{name}' of shape {output.Spec.Shape} has no axis of samples.");
    }

    private static int? AxisOf(Value value, Layout layout)
    {
        for (var axis = 0; axis < value.Spec.Shape.Rank; axis++)
        {
            if (value.Spec.Shape.Symbols[axis] == Shape.Batch) return layout.Position(axis);
        }

        return null;
    }

    private static OnnxValue Joined(NDArray[] rows, int axis)
    {
        if (rows.Length == 1) return ArrayConversion.ToOnnx(rows[0]);
        var shape = rows[0].Shape;
        var block = shape.Slice(axis, shape.Rank - axis).ElementCount;
        var blocks = shape.ElementCount / Math.Max(block, 1);
        var joined = new float[rows.Length * shape.ElementCount];
        for (var row = 0; row < rows.Length; row++)
        {
            var values = rows[row].To(DType.Float32, "a comparison").AsFloats();
            for (var i = 0; i < blocks; i++)
                values.Slice((int)(i * block), (int)block).CopyTo(joined.AsSpan((int)(((i * rows.Length) + row) * block)));
        }

        return ArrayConversion.ToOnnx(NDArray.Create(joined, shape.With(axis, shape.Dims[axis] * rows.Length)));
    }
}
