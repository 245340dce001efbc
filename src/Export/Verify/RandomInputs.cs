using OnnxFunctional.Export.Emit;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Verify;

/// <summary>Inputs for a comparison: random, equal on every machine, with indices in range.</summary>
internal sealed class RandomInputs
{
    private const ulong Key = 0x4F4E4E58;

    // Candidates for dimensions that are known only at run time; the first that every layer accepts is used.
    private static readonly int[] s_openSizes = [9, 16, 32, 64, 128, 256];

    private readonly EmittedModel _emitted;
    private readonly Graph _graph;

    public RandomInputs(EmittedModel emitted)
    {
        _emitted = emitted;
        _graph = Graph.Between([.. emitted.Inputs.Select(input => input.Value)], [.. emitted.Outputs.Select(output => output.Value)]);
    }

    /// <summary>One batch for every input.</summary>
    public NDArray[] Make(int batch)
    {
        var shapes = Shapes(batch);
        var data = new NDArray[shapes.Length];
        for (var i = 0; i < data.Length; i++)
        {
            var (name, value) = _emitted.Inputs[i];
            data[i] = Fill(value, shapes[i], new RandomNumbers(Key, $"{name}/{batch}"));
        }

        return data;
    }

    private NDArray Fill(Value input, Shape shape, RandomNumbers random)
    {
        var count = checked((int)shape.ElementCount);
        var limit = IndexLimit(input);
        switch (input.Spec.Type)
        {
            case DType.Float32:
                var numbers = new float[count];
                for (var i = 0; i < count; i++) numbers[i] = limit is { } top ? MathF.Floor(random.Uniform() * top) : random.Normal();
                return NDArray.Create(numbers, shape);
            case DType.Int64 or DType.Int32:
                var indices = new long[count];
                for (var i = 0; i < count; i++) indices[i] = (long)(random.Uniform() * (limit ?? 10));
                return NDArray.Create(indices, shape).To(input.Spec.Type, "verification");
            case DType.Bool:
                var truths = new bool[count];
                for (var i = 0; i < count; i++) truths[i] = random.Uniform() < 0.75f;
                return System.Numerics.Tensors.Tensor.Create(truths, [.. shape.Dims.ToArray().Select(dim => (nint)dim)]);
            default:
                var name = _emitted.Inputs.First(entry => entry.Value == input).Name;
                throw new ExportException(
                    $"Input '{name}' takes {input.Spec.Type.KerasName()}, which the engine does not support. "
                    + "Set ExportOptions.Verify = false for such a model.");
        }
    }

    /// <summary>The number of rows that an input indexes, such as words of a vocabulary or classes; null if it is not an index.</summary>
    private int? IndexLimit(Value input)
    {
        int? limit = null;
        var same = new HashSet<Value> { input };
        foreach (var node in _graph.Nodes)
        {
            if (!node.Inputs.Any(same.Contains)) continue;
            var rows = node.Op switch
            {
                Gather gather when same.Contains(node.Inputs[1]) => node.Inputs[0].Spec.Shape.Dim(gather.Axis),
                GatherElements gather when same.Contains(node.Inputs[1]) => node.Inputs[0].Spec.Shape.Dim(gather.Axis),
                OneHot oneHot => oneHot.Depth,
                _ => Shape.Unknown,
            };
            if (rows != Shape.Unknown) limit = Math.Min(limit ?? rows, rows);
            if (node.Inputs.Where((value, i) => same.Contains(value) && (node.Op is Cast || node.Op.Moves(i))).Any()) same.UnionWith(node.Outputs);
        }

        return limit;
    }

    private Shape[] Shapes(int batch)
    {
        var dims = _emitted.Proto.Graph.Input.SelectMany(input => input.Type.TensorType.Shape.Dim.Skip(1));
        var symbols = dims.Where(dim => dim.HasDimParam).Select(dim => dim.DimParam).Distinct().ToList();
        ModelException? misfit = null;
        foreach (var size in s_openSizes)
        {
            // Different sizes if the file has different names for them, then one size for all.
            foreach (var step in symbols.Count > 1 ? new[] { 1, 0 } : [0])
            {
                var shapes = Assign(batch, symbols, size, step);
                try
                {
                    ShapeInference.Run(_graph, shapes);
                    return shapes;
                }
                catch (ModelException tooSmall)
                {
                    misfit = tooSmall;
                }
            }
        }

        throw new ExportException(
            "No sizes for the unknown dimensions of the inputs were found that all layers accept: "
            + $"{misfit!.Message} Use fixed sizes, or set ExportOptions.Verify = false.",
            misfit);
    }

    private Shape[] Assign(int batch, List<string> symbols, int size, int step)
    {
        var shapes = new Shape[_emitted.Inputs.Count];
        for (var i = 0; i < shapes.Length; i++)
        {
            var shape = _emitted.Inputs[i].Value.Spec.Shape;
            var dims = _emitted.Proto.Graph.Input[i].Type.TensorType.Shape.Dim;
            for (var axis = 0; axis < shape.Rank; axis++)
            {
                if (shape.Dims[axis] != Shape.Unknown) continue;
                shape = shape.With(axis, axis == 0 ? batch : size + (step * Math.Max(symbols.IndexOf(dims[axis].DimParam), 0)));
            }

            shapes[i] = shape;
        }

        return shapes;
    }
}
