using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Cases;

/// <summary>100x1: LSTM or GRU of 64 over the sequence, one of 32, dense 1; batch 32.</summary>
internal sealed partial class RecurrentCase(string kind) : BenchmarkCase
{
    public override string Name => kind;

    protected override int UsualBatch => 32;

    public override IReadOnlyList<Loss> Losses => [Loss.BinaryCrossentropy];

    public override Model Build()
    {
        var x = Model.Input([100, 1]);
        return new Model(x, kind == "lstm"
            ? x.Apply(new Lstm(64, returnSequences: true), new Lstm(32), new Dense(1, Activation.Sigmoid))
            : x.Apply(new Gru(64, returnSequences: true), new Gru(32), new Dense(1, Activation.Sigmoid)));
    }

    public override NDArray[] Inputs(Random random) => [Uniform(random, 100, 1)];

    public override NDArray[] Targets(Random random) => [Bits(random)];
}

/// <summary>64 tokens, embedding 5000x64, 4 heads, feed-forward 256, layer normalization; batch 32.</summary>
internal sealed partial class TransformerCase : BenchmarkCase
{
    private const int Tokens = 64;
    private const int Words = 5000;
    private const int Width = 64;

    public override string Name => "transformer";

    protected override int UsualBatch => 32;

    public override IReadOnlyList<Loss> Losses => [Loss.SparseCategoricalCrossentropy];

    public override Model Build()
    {
        var ids = Model.Input([Tokens], DType.Int64);
        var x = new Embedding(Words, Width).Call(ids);
        x = (new MultiHeadAttention(4, Width / 4).Call(x, x) + x).Apply(new LayerNormalization());
        x = (x.Apply(new Dense(256, Activation.Relu), new Dense(Width)) + x).Apply(new LayerNormalization());
        return new Model(ids, x.Apply(new GlobalAveragePooling1D(), new Dense(2, Activation.Softmax)));
    }

    public override NDArray[] Inputs(Random random)
    {
        var ids = new long[Batch * Tokens];
        for (var i = 0; i < ids.Length; i++) ids[i] = random.Next(Words);
        return [NDArray.Create(ids, [Batch, Tokens])];
    }

    public override NDArray[] Targets(Random random) => [Classes(random, 2)];
}
