using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace OnnxFunctional.Benchmarks.Peer;

/// <summary>Convolution, batch normalization, relu and one residual block.</summary>
internal sealed class ResnetModule : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d _stem = Conv2d(3, 64, 3, padding: 1);
    private readonly BatchNorm2d _stemNorm = BatchNorm2d(64);
    private readonly Conv2d _first = Conv2d(64, 64, 3, padding: 1);
    private readonly BatchNorm2d _firstNorm = BatchNorm2d(64);
    private readonly Conv2d _second = Conv2d(64, 64, 3, padding: 1);
    private readonly BatchNorm2d _secondNorm = BatchNorm2d(64);
    private readonly Linear _head = Linear(64, 10);

    public ResnetModule()
        : base(nameof(ResnetModule)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        var x = _stemNorm.call(_stem.call(input)).relu();
        var y = _secondNorm.call(_second.call(_firstNorm.call(_first.call(x)).relu()));
        return _head.call((y + x).relu().mean([2L, 3L]));
    }
}

/// <summary>One convolution, one pooling, two heads.</summary>
internal sealed class TwoHeadModule : nn.Module<Tensor, (Tensor, Tensor)>
{
    private readonly Conv2d _convolution = Conv2d(3, 64, 3);
    private readonly MaxPool2d _pool = MaxPool2d(2);
    private readonly Linear _class = Linear(63 * 63 * 64, 10);
    private readonly Linear _value = Linear(63 * 63 * 64, 1);

    public TwoHeadModule()
        : base(nameof(TwoHeadModule)) => RegisterComponents();

    public override (Tensor, Tensor) forward(Tensor input)
    {
        var features = _pool.call(_convolution.call(input).relu()).flatten(1);
        return (_class.call(features), _value.call(features));
    }
}

/// <summary>Two recurrent layers and a dense one on the last output.</summary>
internal sealed class RecurrentModule : nn.Module<Tensor, Tensor>
{
    private readonly LSTM? _lstm1;
    private readonly LSTM? _lstm2;
    private readonly GRU? _gru1;
    private readonly GRU? _gru2;
    private readonly Linear _head = Linear(32, 1);

    public RecurrentModule(string kind)
        : base(nameof(RecurrentModule))
    {
        if (kind == "lstm") (_lstm1, _lstm2) = (LSTM(1, 64, batchFirst: true), LSTM(64, 32, batchFirst: true));
        else (_gru1, _gru2) = (GRU(1, 64, batchFirst: true), GRU(64, 32, batchFirst: true));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor sequence;
        if (_lstm1 is not null) (sequence, _, _) = _lstm2!.call(_lstm1.call(input).Item1);
        else (sequence, _) = _gru2!.call(_gru1!.call(input).Item1);
        return _head.call(sequence.select(1, -1));
    }
}

/// <summary>Embedding and one encoder layer.</summary>
internal sealed class TransformerModule : nn.Module<Tensor, Tensor>
{
    private readonly Embedding _embedding;
    private readonly TransformerEncoderLayer _layer;
    private readonly Linear _head;

    public TransformerModule(int words, int width)
        : base(nameof(TransformerModule))
    {
        _embedding = Embedding(words, width);
        _layer = TransformerEncoderLayer(width, 4, 256, dropout: 0);
        _head = Linear(width, 2);
        RegisterComponents();
    }

    // libtorch's encoder expects the sequence axis first.
    public override Tensor forward(Tensor input) => _head.call(_layer.call(_embedding.call(input).transpose(0, 1)).mean([0L]));
}
