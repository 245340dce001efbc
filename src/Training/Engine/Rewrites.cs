using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Engine;

/// <summary>Replaces nodes by equal computations that cost less.</summary>
internal static class Rewrites
{
    /// <summary>The replacement of a node; null if there is none.</summary>
    /// <param name="node">The node, with known shapes.</param>
    /// <param name="readOnce">Whether only this node reads its first input.</param>
    public static SymbolicTensor? Of(Node node, bool readOnce) => node.Op switch
    {
        Where => GateBeforePooling(node),
        BatchNormalization norm when readOnce => IntoConvolution(norm, node),
        _ => null,
    };

    /// <summary>
    /// The gradient of a relu before a pooling: <c>x &gt; 0 ? MaxPoolGradient(x, y, dy) : 0 = MaxPoolGradient(x, y, y &gt; 0 ? dy : 0)</c>, because a pixel
    /// only gets the gradient of windows whose maximum it is. The gate then runs over the pooled pixels, a quarter of them (1.7 of 31 ms in the benchmark's
    /// cnn, 7.5 of 73 in multi-io).
    /// </summary>
    private static SymbolicTensor? GateBeforePooling(Node node)
    {
        var (gate, gradient, otherwise) = (node.Inputs[0].Producer, node.Inputs[1].Producer, node.Inputs[2]);
        if (gate.Op is not Greater || gradient.Op is not MaxPoolGradient || !ReferenceEquals(gate.Inputs[0], gradient.Inputs[0])) return null;
        if (Simplifier.Number(gate.Inputs[1]) is not 0 || Simplifier.Number(otherwise) is not 0) return null;
        var (x, y, dy) = (Tensor(gradient.Inputs[0], node), Tensor(gradient.Inputs[1], node), Tensor(gradient.Inputs[2], node));
        return Ops.Make(gradient.Op, x, y, Ops.Where(Ops.Greater(y, 0), dy, 0));
    }

    /// <summary>
    /// Merges stored statistics into the convolution before them: <c>conv(x, w s) + (b - mean) s + beta</c> with <c>s = gamma / sqrt(variance + epsilon)</c>.
    /// </summary>
    private static SymbolicTensor? IntoConvolution(BatchNormalization norm, Node node)
    {
        var convolution = node.Inputs[0].Producer;
        if (convolution.Op is not Conv || ShapeRules.Axis(norm.Axis, node.Inputs[0].Spec.Shape.Rank, norm.Name) != node.Inputs[0].Spec.Shape.Rank - 1)
            return null;
        SymbolicTensor Input(int i) => Tensor(node.Inputs[i], node);
        var scale = Input(1) * Ops.Rsqrt(Input(4) + norm.Epsilon);
        var mean = Input(3);
        var shift = convolution.Inputs.Count > 2 ? Tensor(convolution.Inputs[2], node) - mean : -mean;
        return Ops.Make(convolution.Op, Tensor(convolution.Inputs[0], node), Tensor(convolution.Inputs[1], node) * scale, (shift * scale) + Input(2));
    }

    private static SymbolicTensor Tensor(Value value, Node node) => new(value, node.Scope);
}
