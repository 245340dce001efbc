using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Matrix products.</summary>
internal static class Matrices
{
    /// <summary>Gemm with the kernel as it is; after a flattened channels-first image with its rows in that order.</summary>
    public static void Gemm(Emission emission, Node node)
    {
        var (x, kernel) = Product(emission, node);
        emission.Result(node.Outputs[0], Layout.Identity(2), "Gemm", [x, kernel, emission.Read(node.Inputs[2])]);
    }

    public static void MatMul(Emission emission, Node node, MatMul op)
    {
        var (left, right) = (node.Inputs[0], node.Inputs[1]);
        if (right.Spec.Shape.Rank != 2 || op.TransposeLeft && left.Spec.Shape.Rank > 2)
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
            var (x, kernel) = Product(emission, node);
            emission.Result(node.Outputs[0], Layout.Identity(2), "MatMul", [x, kernel]);
        }
        else
        {
            // Gemm reads either side transposed, so the weight stays as it is.
            var names = new[] { emission.Read(left), emission.Read(right) };
            emission.Result(node.Outputs[0], Layout.Identity(2), "Gemm", names, Attributes.Flag("transA", op.TransposeLeft), Attributes.Flag("transB", op.TransposeRight));
        }
    }

    /// <summary>Many rows times one matrix: in which order the rows lie does not matter, as long as the features come last.</summary>
    private static void Rows(Emission emission, Node node, MatMul op)
    {
        var left = node.Inputs[0];
        var rank = left.Spec.Shape.Rank;
        var wanted = emission.Facts.Wanted(emission.Original(node.Outputs[0]));
        var place = emission.Places(left).Where(place => place.Layout.Features is null && place.Layout.Axes[rank - 1] == rank - 1).OrderBy(place => place.Layout == wanted ? 0 : 1).FirstOrDefault();
        var layout = place?.Layout ?? Layout.Identity(rank);
        var names = new[] { emission.Read(left, layout), emission.Read(node.Inputs[1], Matrix(node.Inputs[1], op.TransposeRight)) };
        emission.Result(node.Outputs[0], layout, "MatMul", names);
    }

    private static (string X, string Kernel) Product(Emission emission, Node node)
    {
        var (x, kernel) = (node.Inputs[0], node.Inputs[1]);
        return emission.Places(x) is [{ Layout.Features: { } features } place, ..] && emission.IsStatic(kernel)
            ? (place.Name, emission.Read(kernel, [new ReorderStep(0, features)]))
            : (emission.Read(x), emission.Read(kernel));
    }

    private static Layout Matrix(Value value, bool transposed)
    {
        var rank = value.Spec.Shape.Rank;
        return transposed ? new([.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]) : Layout.Identity(rank);
    }
}
