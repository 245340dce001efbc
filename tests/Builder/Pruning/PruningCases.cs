using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Builder.Pruning;

/// <summary>Networks whose zero channels can be removed without changing the outputs. Half of each layer's channels are zero, rounded down.</summary>
internal static class PruningCases
{
    public static IReadOnlyList<PruningCase> All { get; } =
    [
        new("plain convolutional network", () => Straight(
            [9, 9, 1],
            new Conv2D(7, 3, activation: Activation.Relu, name: "a"), new MaxPooling2D(2),
            new Conv2D(4, (1, 3), strides: 2, padding: Padding.Same, activation: Activation.Tanh, name: "b"), new Dropout(0.5),
            new Flatten(), new Dense(17, Activation.Relu, name: "c"),
            new Dense(3, Activation.Softmax, name: "d")), ("a", [0, 3, 6]), ("b", [1, 2]), ("c", [0, 2, 4, 5, 9, 11, 15, 16])),
        new(
            "sequential",
            () => new Sequential(
                [6],
                new Dense(8, Activation.Relu, name: "a"),
                new BatchNormalization(name: "norm"),
                new Dense(3, name: "b"),
                new Dense(2, name: "c")),
            ("a", [1, 4, 5, 7]), ("norm", [1, 4, 5, 7]), ("b", [1])),
        new("residual network", Residual,
            ("stem", [0, 2, 5, 7]), ("stem_norm", [0, 2, 5, 7]), ("one", [1, 2, 3, 4]),
            ("one_norm", [1, 2, 3, 4]), ("two", [0, 2, 5, 7]), ("two_norm", [0, 2, 5, 7]),
            ("down", [2]), ("down_norm", [2]), ("wide", [0, 3]), ("wide_norm", [0, 3]), ("shortcut", [0, 3]), ("shortcut_norm", [0, 3])),
        new("branches joined, flattened, dense", () =>
        {
            var x = Model.Input([7, 7, 2]);
            var a = x.Apply(new Conv2D(3, 3, padding: Padding.Same, activation: Activation.Relu, name: "a"));
            var b = x.Apply(new Conv2D(5, 1, activation: Activation.Relu, name: "b"), new AveragePooling2D(3, strides: 1, padding: Padding.Same));
            return new Model(x, new Concatenate().Call(a, x, b).Apply(new ZeroPadding2D(1), new Flatten(), new Dense(4, name: "c")));
        }, ("a", [2]), ("b", [0, 3])),
        new("branches joined, then summed", () =>
        {
            var x = Model.Input([5, 4]);
            var joined = new Concatenate().Call(x.Apply(new Dense(3, name: "a")), x.Apply(new Dense(4, name: "b")));
            var sum = new Add().Call(joined, x.Apply(new Dense(7, name: "c")));
            return new Model(x, sum.Apply(new GlobalMaxPooling1D(), new Dense(2, name: "d")));
        }, ("a", [1]), ("b", [0, 3]), ("c", [1, 3, 6])),
        new("depthwise and separable", () => Straight(
            [8, 8, 3],
            new Conv2D(
                6,
                3,
                activation: Activation.Relu,
                name: "a"), new DepthwiseConv2D(3, padding: Padding.Same, depthMultiplier: 2, name: "deep"), new LeakyRelu(),
            new SeparableConv2D(5, 3, depthMultiplier: 3, name: "b"), new GlobalAveragePooling2D(), new Dense(3, name: "c")),
            ("a", [0, 2, 4]), ("deep", [0, 1, 4, 5, 8, 9]), ("b", [0, 4])),
        new("one dimension", () => Straight(
            [12, 3],
            new Conv1D(8, 3, padding: Padding.Causal, activation: Activation.Relu, name: "a"),
            new BatchNormalization(scale: false, name: "norm"), new DepthwiseConv1D(2, name: "deep"), new MaxPooling1D(2),
            new SeparableConv1D(4, 3, name: "b"), new Cropping1D(1), new Flatten(), new Dense(2, name: "c")),
            ("a", [0, 1, 6, 7]), ("norm", [0, 1, 6, 7]), ("deep", [0, 1, 6, 7]), ("b", [2, 3])),
        new("transposed, upsampled, three dimensions", () => Straight(
            [4, 4, 4, 1],
            new Conv3D(4, 2, name: "a"), new PRelu(sharedAxes: [1, 2, 3]),
            new Conv3DTranspose(5, 2, strides: 2, name: "b"), new UpSampling3D(2), new GlobalMaxPooling3D(keepdims: true),
            new Conv3D(2, 1, name: "c")), ("a", [0, 1]), ("b", [2, 4])),
        new("channels first", () => Straight(
            [2, 8, 8],
            new Conv2D(6, 3, dataFormat: DataFormat.ChannelsFirst, activation: Activation.Relu, name: "a"),
            new BatchNormalization(axis: 1, name: "norm"), new MaxPooling2D(2, dataFormat: DataFormat.ChannelsFirst),
            new Flatten(), new Dense(7, name: "b"), new Dense(1, name: "c")), ("a", [1, 2, 5]), ("norm", [1, 2, 5]), ("b", [0, 5, 6])),
        new("squeeze and excite", () =>
        {
            var x = Model.Input([6, 6, 2]);
            var features = x.Apply(new Conv2D(6, 3, activation: Activation.Relu, name: "a"));
            var gate = features.Apply(
                new GlobalAveragePooling2D(),
                new Reshape([1, 1, 6], name: "as_image"),
                new Dense(3, Activation.Relu, name: "squeeze"),
                new Dense(6, Activation.Sigmoid, name: "excite"));
            return new Model(x, new Multiply().Call(features, gate).Apply(new Conv2D(2, 1, name: "b")));
        }, ("a", [1, 3, 4]), ("excite", [1, 3, 4]), ("squeeze", [2])),
        new("gated linear unit", () => Straight([5], new Dense(8, Activation.Glu, name: "a"), new Dense(3, name: "b")), ("a", [0, 2, 4, 6])),
        new("shared layers", () =>
        {
            var (x, y) = (Model.Input([4, 3]), Model.Input([4, 3]));
            var (shared, norm) = (new Conv1D(6, 2, activation: Activation.Relu, name: "shared"), new BatchNormalization(name: "norm"));
            var again = new Dense(6, name: "again");
            var (a, b) = (norm.Call(shared.Call(x)), norm.Call(shared.Call(y)));
            return new Model([x, y], new Subtract().Call(again.Call(again.Call(a)), b).Apply(new Flatten(), new Dense(2, name: "c")));
        }, ("shared", [1, 2, 4]), ("norm", [1, 2, 4]), ("again", [1, 2, 4])),
        new("nested models", () =>
        {
            var inner = Model.Input([7]);
            var block = new Model(inner, inner.Apply(new Dense(5, Activation.Relu, name: "first"), new Dense(7, name: "second")), name: "block");
            var outer = Model.Input([7]);
            var nest = new Model(outer, new Add().Call(outer, block.Call(outer)), name: "nest");
            var x = Model.Input([3]);
            var wide = x.Apply(new Dense(7, name: "a"));
            return new Model(x, nest.Call(nest.Call(wide)).Apply(new Dense(2, name: "b")));
        }, ("a", [0, 4, 5]), ("nest/block/first", [1, 3]), ("nest/block/second", [0, 4, 5])),
        new("an output of a nested model that nobody reads", () =>
        {
            var inner = Model.Input([4]);
            var hidden = inner.Apply(new Dense(8, Activation.Relu, name: "hidden"));
            var two = new Model(inner, [hidden.Apply(new Dense(6, name: "read")), hidden.Apply(new Dense(5, name: "unread"))], "two");
            var x = Model.Input([4]);
            return new Model(x, two.Call((SymbolicTensors)x)[0].Apply(new Dense(2, name: "end")));
        }, ("two/hidden", [1, 2, 5, 7]), ("two/read", [0, 2, 4]), ("two/unread", [1, 3])),
        new("several inputs and outputs", () =>
        {
            var (image, numbers) = (Model.Input([5, 5, 1], name: "image"), Model.Input([3], name: "numbers"));
            var a = image.Apply(new Conv2D(4, 3, activation: Activation.Relu, name: "a"), new GlobalAveragePooling2D());
            var b = numbers.Apply(new Dense(5, Activation.Relu, name: "b"));
            var joined = new Concatenate().Call(a, b).Apply(new Dense(6, Activation.Relu, name: "c"));
            return new Model(
                [image, numbers],
                [joined.Apply(new Dense(2, name: "kind")), joined.Apply(new Dense(1, name: "price")), a.Apply(new Dense(3, name: "side"))]);
        }, ("a", [0, 3]), ("b", [1, 4]), ("c", [0, 1, 2])),
        new("flattened and back", () => Straight(
            [4, 4, 1], new Conv2D(4, 3, activation: Activation.Relu, name: "a"), new Flatten(), new Reshape([2, 2, 4]),
            new Permute((3, 1, 2)), new Reshape([-1]), new Dense(3, name: "b")), ("a", [1, 2])),
        new("time distributed", () => Straight(
            [3, 6, 2], new TimeDistributed(new Conv1D(4, 2, activation: Activation.Relu, name: "conv"), name: "a"),
            new TimeDistributed(new Dense(6, name: "dense"), name: "b"), new Flatten(), new Dense(2, name: "c")),
            ("a/conv", [0, 2]), ("b/dense", [3, 4, 5])),
        new("operations between layers", () =>
        {
            var x = Model.Input([6]);
            var (a, b) = (x.Apply(new Dense(4, name: "a")), x.Apply(new Dense(4, name: "b")));
            return new Model(x, Ops.Reshape(Ops.Relu((a * 2) + b), 0, -1).Apply(new Dense(2, name: "c")));
        }, ("a", [0, 1]), ("b", [0, 1])),
        new("one, three, seven and seventeen channels", () => Straight(
            [5], new Dense(1, Activation.Relu, name: "a"), new Dense(3, Activation.Relu, name: "b"),
            new Dense(7, Activation.Relu, name: "c"), new Dense(17, Activation.Relu, name: "d"), new Dense(1, name: "e")),
            ("a", []), ("b", [1]), ("c", [0, 5, 6]), ("d", [0, 1, 2, 3, 13, 14, 15, 16])),
    ];

    public static Model Straight(Shape input, params Layer[] layers)
    {
        var x = Model.Input(input);
        return new Model(x, x.Apply(layers));
    }

    private static Model Residual()
    {
        static SymbolicTensor Normal(SymbolicTensor x, string name, int filters, int strides = 1, int size = 3) =>
            x.Apply(
                new Conv2D(filters, size, strides: strides, padding: Padding.Same, useBias: false, name: name),
                new BatchNormalization(name: name + "_norm"));
        var image = Model.Input([8, 8, 3]);
        var stem = Normal(image, "stem", 8).Apply(new Relu());
        var one = Normal(Normal(stem, "one", 8).Apply(new Relu()), "two", 8);
        var sum = new Add().Call(stem, one).Apply(new Relu());
        var two = Normal(Normal(sum, "down", 3, strides: 2).Apply(new Relu()), "wide", 5);
        var shortcut = Normal(sum, "shortcut", 5, strides: 2, size: 1);
        return new Model(
            image,
            new Add().Call(two, shortcut).Apply(new Relu(), new GlobalAveragePooling2D(), new Dense(4, Activation.Softmax, name: "classes")));
    }
}
