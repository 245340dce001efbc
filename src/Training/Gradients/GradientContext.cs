namespace OnnxFunctional.Training;

/// <summary>The node that a gradient rule differentiates: its inputs and outputs as tensors, and the gradients of the outputs.</summary>
/// <remarks>Tensors belong to the scope in which the gradient is requested, not to the layer call of the node: a gradient is no part of that call.</remarks>
internal sealed class GradientContext(Node node, SymbolicTensor?[] upstream, HashSet<Value> wanted, LayerCall? scope)
{
    public Op Op => node.Op;

    public int InputCount => node.Inputs.Count;

    public SymbolicTensor Input(int i) => new(node.Inputs[i], scope);

    public SymbolicTensor Output(int i = 0) => new(node.Outputs[i], scope);

    /// <summary>The gradient of that output, or null if there is none.</summary>
    public SymbolicTensor? UpstreamOrNone(int i) => upstream[i];

    /// <summary>The gradient of that output; zeros of its type if there is none.</summary>
    public SymbolicTensor Upstream(int i = 0) => upstream[i] ?? Ops.Cast(Ops.ZerosLike(Output(i)), Output(i).DType);

    /// <summary>Whether the gradient of that input is needed.</summary>
    public bool Wants(int i) => wanted.Contains(node.Inputs[i]);

    /// <summary>Sums a gradient over the axes that broadcasting repeated, back to the shape of that input.</summary>
    public SymbolicTensor Unbroadcast(SymbolicTensor gradient, int input)
    {
        var target = Input(input);
        return gradient.Shape.IsCertainly(target.Shape) ? gradient : Ops.Make(new Operators.SumToLike(), gradient, target);
    }

    public ModelException Refuse(string why) => new($"the gradient of {Op.Name} does not exist: {why}");
}
