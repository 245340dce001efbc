using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Matrix products.</summary>
internal static class Matrices
{
    /// <summary>Gemm with the kernel as it is; after a flattened channels-first image its rows are stored in that order.</summary>
    public static void Gemm(Emission emission, Node node)
    {
        var (x, kernel, layout) = Product(emission, node);
        var bias = emission.Read(node.Inputs[2], layout.Features is { } order ? [new ReorderStep(0, order)] : []);
        emission.Result(node.Outputs[0], layout, "Gemm", [x, kernel, bias]);
    }

    public static void MatMul(Emission emission, Node node, MatMul op)
    {
        var (left, right) = (node.Inputs[0], node.Inputs[1]);
        if (BlockProducts.Takes(emission, node)) BlockProducts.Write(emission, node);
        else if (right.Spec.Shape.Rank != 2 || (op.TransposeLeft && left.Spec.Shape.Rank > 2))
        {
            var names = new[] { emission.Read(left, Matrix(left, op.TransposeLeft)), emission.Read(right, Matrix(right, op.TransposeRight)) };
            emission.Result(node.Outputs[0], Layout.Identity(node.Outputs[0].Spec.Shape.Rank), "MatMul", names);
        }
        else if (left.Spec.Shape.Rank > 2)
        {
            Rows(emission, node, op);
        }
        else if (!op.TransposeLeft && !op.TransposeRight)
        {
            var (x, kernel, layout) = Product(emission, node);
            emission.Result(node.Outputs[0], layout, "MatMul", [x, kernel]);
        }
        else
        {
            // Gemm reads either side transposed, so the weight stays as it is.
            var names = new[] { emission.Read(left), emission.Read(right) };
            emission.Result(
                node.Outputs[0],
                Layout.Identity(2),
                "Gemm",
                names,
                Attributes.Flag("transA", op.TransposeLeft),
                Attributes.Flag("transB", op.TransposeRight));
        }
    }

    /// <summary>Many rows times one matrix: the order of the rows does not matter, as long as the features come last.</summary>
    private static void Rows(Emission emission, Node node, MatMul op)
    {
        var left = node.Inputs[0];
        var rank = left.Spec.Shape.Rank;
        var wanted = emission.Facts.Wanted(emission.Original(node.Outputs[0]));
        var place = emission.Places(left)
            .Where(place => place.Layout.Features is null && place.Layout.Axes[rank - 1] == rank - 1)
            .OrderBy(place => place.Layout == wanted ? 0 : 1)
            .FirstOrDefault();
        var layout = place?.Layout ?? Layout.Identity(rank);
        var names = new[] { emission.Read(left, layout), emission.Read(node.Inputs[1], Matrix(node.Inputs[1], op.TransposeRight)) };
        emission.Result(node.Outputs[0], layout, "MatMul", names);
    }

    /// <summary>Rows of the kernel in the order of a flattened image, columns in the order of the image that the result will become.</summary>
    private static (string X, string Kernel, Layout Result) Product(Emission emission, Node node)
    {
        var (x, kernel) = (node.Inputs[0], node.Inputs[1]);
        var steps = new List<ArrangementStep>();
        var place = emission.Places(x) is [{ Layout.Features: not null } first, ..] && emission.IsStatic(kernel) ? first : null;
        if (place is not null) steps.Add(new ReorderStep(0, place.Layout.Features!));
        var columns = node.Inputs.Skip(1).All(emission.Facts.IsLoneWeight) ? emission.Facts.WantedFeatures(emission.Original(node.Outputs[0])) : null;
        if (columns is not null) steps.Add(new ReorderStep(1, columns));
        return (place?.Name ?? emission.Read(x), steps.Count == 0 ? emission.Read(kernel) : emission.Read(kernel, steps), new Layout([0, 1], columns));
    }

    private static Layout Matrix(Value value, bool transposed)
    {
        var rank = value.Spec.Shape.Rank;
        return transposed ? new([.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]) : Layout.Identity(rank);
    }
}
