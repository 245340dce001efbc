using OnnxFunctional.Operators;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>A layer of one operator with weights, for tests of emitters without the options of real layers.</summary>
internal sealed class OpLayer(string name, Func<OpLayer, SymbolicTensor, SymbolicTensor> forward) : Layer(name)
{
    public SymbolicTensor Take(string name, params int?[] shape) => Weight(name, Shape.Create(shape), new Scattered());

    protected override SymbolicTensor Forward(SymbolicTensor x) => forward(this, x);

    /// <summary>Values without a pattern, so that a wrong order is detected.</summary>
    private sealed class Scattered : Initializer
    {
        protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values)
        {
            for (var i = 0; i < values.Length; i++) values[i] = random.Uniform() - 0.5f;
        }
    }
}

internal static class EmittedLayers
{
    public static OpLayer Conv(
        string name,
        int filters,
        int kernel,
        Padding padding = Padding.Valid,
        int stride = 1,
        int dilation = 1,
        int groups = 1,
        bool bias = true,
        bool relu = false) => new(name, (layer, x) =>
    {
        var rank = x.Rank - 2;
        var weight = layer.Take("kernel", [.. Enumerable.Repeat((int?)kernel, rank), x.Shape[^1] / groups, filters]);
        var window = new Window(IntList.Repeat(stride, rank), IntList.Repeat(dilation, rank), padding, groups);
        var y = bias ? Ops.Make(new Conv(window), x, weight, layer.Take("bias", filters)) : Ops.Make(new Conv(window), x, weight);
        return relu ? Ops.Relu(y) : y;
    });

    public static OpLayer ConvTranspose(string name, int filters, int kernel, Padding padding, int stride) => new(name, (layer, x) =>
    {
        var rank = x.Rank - 2;
        var weight = layer.Take("kernel", [.. Enumerable.Repeat((int?)kernel, rank), filters, x.Shape[^1]]);
        return Ops.Make(
            new ConvTranspose(new Window(IntList.Repeat(stride, rank), IntList.Repeat(1, rank), padding), []), x, weight, layer.Take("bias", filters));
    });

    public static OpLayer MaxPool(string name, int size = 2, Padding padding = Padding.Valid) =>
        new(name, (_, x) => Ops.Make(new MaxPool(IntList.Repeat(size, x.Rank - 2), IntList.Repeat(size, x.Rank - 2), padding), x));

    public static OpLayer AveragePool(string name, int size = 2, int stride = 2, Padding padding = Padding.Valid) =>
        new(name, (_, x) => Ops.Make(new AveragePool(IntList.Repeat(size, x.Rank - 2), IntList.Repeat(stride, x.Rank - 2), padding), x));

    public static OpLayer Flatten(string name = "flatten") => new(name, (_, x) => Ops.Reshape(x, 0, -1));

    public static OpLayer GlobalAverage(string name = "global") => new(name, (_, x) => Ops.Mean(x, Axes.Create([.. Enumerable.Range(1, x.Rank - 2)])));

    public static OpLayer Lstm(string name, int units, bool sequences, bool reverse = false) => new(name, (layer, x) =>
    {
        var op = new Lstm(GateActivation.Tanh, GateActivation.Sigmoid, new RecurrentOptions(reverse, true, false, false, false));
        var results = Ops.MakeAll(
            op,
            x,
            layer.Take("kernel", x.Shape[^1], 4 * units),
            layer.Take("recurrent_kernel", units, 4 * units),
            layer.Take("bias", 4 * units));
        return sequences ? results[0] : results[1];
    });
}
