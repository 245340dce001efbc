using System.Runtime.InteropServices;
using OnnxFunctional.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace OnnxFunctional.Benchmarks.Peer;

/// <summary>A network of libtorch with its loss and optimizer: one training step, one prediction.</summary>
internal abstract class PeerNetwork
{
    private torch.optim.Optimizer? _optimizer;

    public abstract nn.Module Module { get; }

    /// <summary>The loss in training mode.</summary>
    protected abstract Tensor Loss(Tensor[] inputs, Tensor[] targets);

    /// <summary>Probabilities and values in inference mode.</summary>
    protected abstract void Forward(Tensor[] inputs);

    public static PeerNetwork Of(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor> loss, Func<Tensor, Tensor> finish) =>
        new OneOutput(module, loss, finish);

    public void TrainStep(Tensor[] inputs, Tensor[] targets)
    {
        using var scope = NewDisposeScope();
        _optimizer ??= torch.optim.Adam(Module.parameters(), 1e-3);
        _optimizer.zero_grad();
        Loss(inputs, targets).backward();
        _optimizer.step();
    }

    public void Predict(Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Forward(inputs);
    }

    /// <summary>Data in libtorch's layout: images channels-first.</summary>
    public static Tensor ToTensor(NDArray array)
    {
        var dims = array.Shape.Select(dim => (long)dim!.Value).ToArray();
        if (array.DType == DType.Int64) return tensor(MemoryMarshal.Cast<byte, long>(array.Bytes).ToArray(), dims);
        var result = tensor(MemoryMarshal.Cast<byte, float>(array.Bytes).ToArray(), dims);
        return dims.Length == 4 ? result.permute(0, 3, 1, 2).contiguous() : result;
    }

    private sealed class OneOutput(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor> loss, Func<Tensor, Tensor> finish) : PeerNetwork
    {
        public override nn.Module Module => module;

        protected override Tensor Loss(Tensor[] inputs, Tensor[] targets) => loss(module.call(inputs[0]), targets[0]);

        protected override void Forward(Tensor[] inputs) => finish(module.call(inputs[0]));
    }
}

/// <summary>The two-headed network.</summary>
internal sealed class TwoHeadNetwork : PeerNetwork
{
    private readonly TwoHeadModule _module = new();

    public override nn.Module Module => _module;

    protected override Tensor Loss(Tensor[] inputs, Tensor[] targets)
    {
        var (classes, value) = _module.call(inputs[0]);
        return nn.functional.cross_entropy(classes, targets[0]) + nn.functional.mse_loss(value, targets[1]);
    }

    protected override void Forward(Tensor[] inputs)
    {
        var (classes, _) = _module.call(inputs[0]);
        classes.softmax(-1);
    }
}
