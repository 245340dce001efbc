using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Cases;

/// <summary>64x64x1: convolution 32, pooling, convolution 64, pooling, dense 64, dense 10; batch 32.</summary>
internal sealed partial class CnnCase : BenchmarkCase
{
    public override string Name => "cnn";

    protected override int UsualBatch => 32;

    public override IReadOnlyList<Loss> Losses => [Loss.SparseCategoricalCrossentropy];

    public override Model Build()
    {
        var x = Model.Input([64, 64, 1]);
        return new Model(x, x.Apply(
            new Conv2D(32, 3, activation: Activation.Relu), new MaxPooling2D(2), new Conv2D(64, 3, activation: Activation.Relu), new MaxPooling2D(2),
            new Flatten(), new Dense(64, Activation.Relu), new Dense(10, Activation.Softmax)));
    }

    public override NDArray[] Inputs(Random random) => [Uniform(random, 64, 64, 1)];

    public override NDArray[] Targets(Random random) => [Classes(random, 10)];
}

/// <summary>32x32x3: convolution, batch normalization, relu, one residual block of two 3x3 convolutions of 64; batch 32.</summary>
internal sealed partial class ResnetCase : BenchmarkCase
{
    public override string Name => "resnet";

    protected override int UsualBatch => 32;

    public override IReadOnlyList<Loss> Losses => [Loss.SparseCategoricalCrossentropy];

    public override Model Build()
    {
        var image = Model.Input([32, 32, 3]);
        var x = image.Apply(Convolution(), new BatchNormalization(), new Relu());
        var y = x.Apply(Convolution(), new BatchNormalization(), new Relu(), Convolution(), new BatchNormalization()) + x;
        return new Model(image, y.Apply(new Relu(), new GlobalAveragePooling2D(), new Dense(10, Activation.Softmax)));

        static Conv2D Convolution() => new(64, 3, padding: Padding.Same);
    }

    public override NDArray[] Inputs(Random random) => [Uniform(random, 32, 32, 3)];

    public override NDArray[] Targets(Random random) => [Classes(random, 10)];
}

/// <summary>32x32x3: convolution 64, separable convolution 128, global average, dense 10; batch 32.</summary>
internal sealed partial class SeparableCase : BenchmarkCase
{
    public override string Name => "separable";

    protected override int UsualBatch => 32;

    public override IReadOnlyList<Loss> Losses => [Loss.SparseCategoricalCrossentropy];

    public override Model Build()
    {
        var x = Model.Input([32, 32, 3]);
        return new Model(x, x.Apply(
            new Conv2D(64, 3, padding: Padding.Same, activation: Activation.Relu), new SeparableConv2D(128, 3, activation: Activation.Relu),
            new GlobalAveragePooling2D(), new Dense(10, Activation.Softmax)));
    }

    public override NDArray[] Inputs(Random random) => [Uniform(random, 32, 32, 3)];

    public override NDArray[] Targets(Random random) => [Classes(random, 10)];
}

/// <summary>128x128x3: convolution 64, pooling, flatten, two heads; batch 16.</summary>
internal sealed partial class MultiOutputCase : BenchmarkCase
{
    public override string Name => "multi-io";

    protected override int UsualBatch => 16;

    public override IReadOnlyList<Loss> Losses => [Loss.SparseCategoricalCrossentropy, Loss.MeanSquaredError];

    public override Model Build()
    {
        var image = Model.Input([128, 128, 3]);
        var features = image.Apply(new Conv2D(64, 3, activation: Activation.Relu), new MaxPooling2D(2), new Flatten());
        return new Model(image, [new Dense(10, Activation.Softmax, name: "class").Call(features), new Dense(1, name: "value").Call(features)]);
    }

    public override NDArray[] Inputs(Random random) => [Uniform(random, 128, 128, 3)];

    public override NDArray[] Targets(Random random) => [Classes(random, 10), Uniform(random, 1)];
}
