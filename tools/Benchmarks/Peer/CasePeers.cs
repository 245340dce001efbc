using OnnxFunctional.Benchmarks.Peer;
using static TorchSharp.torch.nn;

namespace OnnxFunctional.Benchmarks.Cases;

/// <content>Networks in libtorch are apart from their cases, which other programs use too.</content>
internal abstract partial class BenchmarkCase
{
    /// <summary>The same network, loss and optimizer in libtorch; only called where libtorch loads.</summary>
    public abstract PeerNetwork Peer();
}

internal sealed partial class MlpCase
{
    public override PeerNetwork Peer() => PeerNetwork.Of(
        Sequential(Linear(10, 32), ReLU(), Linear(32, 64), ReLU(), Linear(64, 32), ReLU(), Linear(32, 1)),
        (y, t) => functional.binary_cross_entropy_with_logits(y, t),
        y => y.sigmoid());
}

internal sealed partial class WideMlpCase
{
    public override PeerNetwork Peer() => PeerNetwork.Of(
        Sequential(Linear(784, 512), ReLU(), Linear(512, 512), ReLU(), Linear(512, 10)), (y, t) => functional.cross_entropy(y, t), y => y.softmax(-1));
}

internal sealed partial class CnnCase
{
    public override PeerNetwork Peer() => PeerNetwork.Of(
        Sequential(
            Conv2d(1, 32, 3),
            ReLU(),
            MaxPool2d(2),
            Conv2d(32, 64, 3),
            ReLU(),
            MaxPool2d(2),
            Flatten(),
            Linear(14 * 14 * 64, 64),
            ReLU(),
            Linear(64, 10)),
        (y, t) => functional.cross_entropy(y, t),
        y => y.softmax(-1));
}

internal sealed partial class ResnetCase
{
    public override PeerNetwork Peer() => PeerNetwork.Of(new ResnetModule(), (y, t) => functional.cross_entropy(y, t), y => y.softmax(-1));
}

internal sealed partial class SeparableCase
{
    public override PeerNetwork Peer() => PeerNetwork.Of(
        Sequential(
            Conv2d(3, 64, 3, padding: 1),
            ReLU(),
            Conv2d(64, 64, 3, groups: 64, bias: false),
            Conv2d(64, 128, 1),
            ReLU(),
            AdaptiveAvgPool2d(1),
            Flatten(),
            Linear(128, 10)),
        (y, t) => functional.cross_entropy(y, t),
        y => y.softmax(-1));
}

internal sealed partial class MultiOutputCase
{
    public override PeerNetwork Peer() => new TwoHeadNetwork();
}

internal sealed partial class RecurrentCase
{
    public override PeerNetwork Peer() =>
        PeerNetwork.Of(new RecurrentModule(kind), (y, t) => functional.binary_cross_entropy_with_logits(y, t), y => y.sigmoid());
}

internal sealed partial class TransformerCase
{
    public override PeerNetwork Peer() => PeerNetwork.Of(new TransformerModule(Words, Width), (y, t) => functional.cross_entropy(y, t), y => y.softmax(-1));
}
