using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Cases;

/// <summary>10-32-64-32-1, batch 32: all overhead, hardly any arithmetic.</summary>
internal sealed partial class MlpCase : BenchmarkCase
{
    public override string Name => "mlp";

    protected override int UsualBatch => 32;

    public override IReadOnlyList<Loss> Losses => [Loss.BinaryCrossentropy];

    public override Model Build()
    {
        var x = Model.Input([10]);
        return new Model(
            x,
            x.Apply(new Dense(32, Activation.Relu), new Dense(64, Activation.Relu), new Dense(32, Activation.Relu), new Dense(1, Activation.Sigmoid)));
    }

    public override NDArray[] Inputs(Random random) => [Uniform(random, 10)];

    public override NDArray[] Targets(Random random) => [Bits(random)];
}

/// <summary>784-512-512-10, batch 128.</summary>
internal sealed partial class WideMlpCase : BenchmarkCase
{
    public override string Name => "mlp-wide";

    protected override int UsualBatch => 128;

    public override IReadOnlyList<Loss> Losses => [Loss.SparseCategoricalCrossentropy];

    public override Model Build()
    {
        var x = Model.Input([784]);
        return new Model(x, x.Apply(new Dense(512, Activation.Relu), new Dense(512, Activation.Relu), new Dense(10, Activation.Softmax)));
    }

    public override NDArray[] Inputs(Random random) => [Uniform(random, 784)];

    public override NDArray[] Targets(Random random) => [Classes(random, 10)];
}
