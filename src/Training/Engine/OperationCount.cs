using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>
/// Counts the multiplications and additions of products, convolutions (in direct form) and recurrent layers in a graph; other operators are negligible and
/// count as 0.
/// </summary>
internal static class OperationCount
{
    public static double Of(Graph graph, IReadOnlyList<TensorSpec> inputs)
    {
        var (stands, map) = new Simplifier(null).Run(graph, inputs);
        return Graph.Between(stands, [.. graph.Outputs.Select(output => map[output])]).Nodes.Sum(Of);
    }

    private static double Of(Node node)
    {
        Shape In(int i) => node.Inputs[i].Spec.Shape;
        var result = node.Outputs[0].Spec.Shape;
        return node.Op switch
        {
            Gemm => 2.0 * result.ElementCount * In(0).Dims[^1],
            MatMul op => 2.0 * result.ElementCount * (op.TransposeLeft ? In(0).Dims[^2] : In(0).Dims[^1]),
            Conv => Convolution(result, In(1)),
            ConvInputGradient => Convolution(In(0), In(1)),
            ConvWeightGradient => Convolution(In(1), In(2)),
            ConvTranspose => Convolution(In(0), In(1)),
            RecurrentOp op => Recurrent(op, In(0), In(2), 1, 1),

            // Backward: the gradients of the state, the input and both weights.
            RecurrentGradient op => Recurrent(op.Forward, In(0), In(2), 2, 2),
            _ => 0,
        };
    }

    private static double Convolution(Shape output, Shape kernel)
    {
        var taps = 1.0;
        foreach (var dim in kernel.Dims[..^1]) taps *= dim;
        return 2 * output.ElementCount * taps;
    }

    private static double Recurrent(RecurrentOp op, Shape x, Shape recurrent, int forInput, int forState) =>
        2.0 * x.Dims[0] * x.Dims[1] * op.Gates * recurrent.Dims[0] * ((forInput * x.Dims[2]) + (forState * recurrent.Dims[0]));
}
