namespace OnnxFunctional.Operators;

/// <summary>
/// Counts the multiplications, each with the addition of its product, of matrix products, convolutions (in direct form) and recurrent operators; all other
/// operators are negligible and count as 0.
/// </summary>
internal static class MultiplyAdds
{
    /// <summary>The number for one node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="known">Gives a shape all of whose dimensions are known.</param>
    public static double Of(Node node, Func<Shape, Shape> known)
    {
        return node.Op switch
        {
            Gemm => Result().ElementCount * (double)In(0).Dims[^1],
            MatMul op => Result().ElementCount * (double)(op.TransposeLeft ? In(0).Dims[^2] : In(0).Dims[^1]),
            Conv => Convolution(Result(), In(1)),
            ConvInputGradient => Convolution(In(0), In(1)),
            ConvWeightGradient => Convolution(In(1), In(2)),
            ConvTranspose => Convolution(In(0), In(1)),
            RecurrentOp op => Recurrent(op, In(0), In(2), 1, 1),

            // Backward: the gradients of the state, the input and both weights.
            RecurrentGradient op => Recurrent(op.Forward, In(0), In(2), 2, 2),
            _ => 0,
        };

        Shape Result() => known(node.Outputs[0].Spec.Shape);

        Shape In(int i) => known(node.Inputs[i].Spec.Shape);
    }

    private static double Convolution(Shape output, Shape kernel)
    {
        var taps = 1.0;
        foreach (var dim in kernel.Dims[..^1]) taps *= dim;
        return output.ElementCount * taps;
    }

    private static double Recurrent(RecurrentOp op, Shape x, Shape recurrent, int forInput, int forState) =>
        (double)x.Dims[0] * x.Dims[1] * op.Gates * recurrent.Dims[0] * ((forInput * x.Dims[2]) + (forState * recurrent.Dims[0]));
}
