namespace OnnxFunctional.Training;

/// <summary>What a gradient rule sees of a node: its inputs and outputs as tensors, and the gradients that came for the outputs.</summary>
/// <remarks>Tensors are of the level the gradient is asked for on, not of the layer the node stands in: a gradient is no part of that layer's call.</remarks>
internal sealed class GradientContext(Node node, SymbolicTensor?[] upstream, HashSet<Value> wanted, LayerCall? scope)
{
    public Op Op => node.Op;

    public int InputCount => node.Inputs.Count;

    public SymbolicTensor Input(int i) => new(node.Inputs[i], scope);

    public SymbolicTensor Output(int i = 0) => new(node.Outputs[i], scope);

    /// <summary>The gradient of that output, or nothing where none came.</summary>
    public SymbolicTensor? UpstreamOrNone(int i) => upstream[i];

    /// <summary>The gradient of that output; zeros where none came.</summary>
    public SymbolicTensor Upstream(int i = 0) => upstream[i] ?? Ops.ZerosLike(Output(i));

    /// <summary>Whether anybody asks for the gradient of that input.</summary>
    public bool Wants(int i) => wanted.Contains(node.Inputs[i]);

    /// <summary>A gradient summed over what broadcasting repeated, back to the shape of that input.</summary>
    public SymbolicTensor Unbroadcast(SymbolicTensor gradient, int input)
    {
        var target = Input(input);
        return gradient.Shape == target.Shape ? gradient : Ops.Make(new Operators.SumToLike(), gradient, target);
    }

    public ModelException Refuse(string why) => new($"the gradient of {Op.Name} does not exist: {why}");
}
