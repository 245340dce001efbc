using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Networks whose pictures are checked.</summary>
internal static class PlotCases
{
    /// <summary>Their names: those that are made here, then those that Keras made.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "single", "straight", "shared", "siamese", "loop", "nested twice", "many", "dense", "long names",
        "unet", "resnet", "transformer", "multi_io", "nested",
    ];

    /// <summary>A network by its name.</summary>
    public static Model Create(string name) => name switch
    {
        "single" => new Model(Model.Input([1]) is var only ? only : only, new Dense(1).Call(only)),
        "straight" => Straight(150),
        "shared" => Shared(),
        "siamese" => Siamese(),
        "loop" => Loop(),
        "nested twice" => NestedTwice(),
        "many" => Many(),
        "dense" => DenselyConnected(),
        "long names" => LongNames(),
        _ => Model.Load(ParityFolder.PathOf($"models/{name}.keras")),
    };

    private static Model Straight(int layers)
    {
        var input = Model.Input([7]);
        var x = input;
        for (var i = 0; i < layers; i++) x = new Dense(7, i % 2 == 0 ? Activation.Relu : null).Call(x);
        return new Model(input, x);
    }

    private static Model Shared()
    {
        var (left, right) = (Model.Input([3], name: "left"), Model.Input([3], name: "right"));
        var dense = new Dense(4);
        return new Model([left, right], [new Subtract().Call(dense.Call(right), dense.Call(left)), new Add().Call(left, right)]);
    }

    private static Model Siamese()
    {
        var input = Model.Input([8]);
        var encoder = new Model(input, input.Apply(new Dense(5, Activation.Relu), new Dense(3)), name: "encoder");
        var (a, b) = (Model.Input([8], name: "a"), Model.Input([8], name: "b"));
        return new Model([a, b], new Dense(1).Call(new Concatenate().Call(encoder.Call(a), encoder.Call(b), a)));
    }

    /// <summary>A layer that is called on what it gave: its box has edges that go back up.</summary>
    private static Model Loop()
    {
        var input = Model.Input([5]);
        var (dense, norm) = (new Dense(5, name: "again"), new LayerNormalization());
        var x = dense.Call(input);
        x = dense.Call(x);
        x = norm.Call(new Relu().Call(x));
        x = dense.Call(x);
        return new Model(input, new Dense(2).Call(norm.Call(x)));
    }

    private static Model NestedTwice()
    {
        var innermost = Model.Input([4]);
        var small = new Model(innermost, [new Dense(4).Call(innermost), new Dense(2).Call(innermost)], name: "small");
        var middle = Model.Input([4]);
        var outputs = small.Call([middle]);
        var outer = new Model(middle, [new Dense(3).Call(outputs[0]), outputs[1]], name: "outer");
        var input = Model.Input([4]);
        var both = outer.Call([new Dense(4).Call(input)]);
        return new Model(input, new Concatenate().Call(both[0], both[1], input));
    }

    /// <summary>Many inputs and outputs, in crossed order.</summary>
    private static Model Many()
    {
        var inputs = Enumerable.Range(0, 7).Select(i => Model.Input([i + 1], name: $"input_{i}")).ToArray();
        var middle = new Concatenate().Call([.. inputs.Reverse()]);
        return new Model(inputs, [.. Enumerable.Range(0, 7).Select(i => new Concatenate().Call(new Dense(3).Call(middle), inputs[(3 * i) % 7]))]);
    }

    /// <summary>Every layer reads all that came before.</summary>
    private static Model DenselyConnected()
    {
        var input = Model.Input([4]);
        var all = new List<SymbolicTensor> { input };
        for (var i = 0; i < 6; i++) all.Add(new Dense(3).Call(all.Count == 1 ? input : new Concatenate().Call([.. all])));
        return new Model(input, all[^1]);
    }

    private static Model LongNames()
    {
        var input = Model.Input([17], name: "a_name_" + new string('m', 200));
        return new Model(input, new Dense(1, name: "words_" + string.Join("_", Enumerable.Repeat("of_many_parts", 30))).Call(input), name: "<&\"'>");
    }
}
