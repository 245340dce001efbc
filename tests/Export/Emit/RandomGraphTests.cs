using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Verify;
using static OnnxFunctional.Tests.Export.Emit.EmittedLayers;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>
/// Random graphs of operators that need, keep, change and lose axis orders: in any combination, ONNX Runtime's results equal the engine's.
/// </summary>
[TestClass]
public sealed class RandomGraphTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(6)]
    [DataRow(7)]
    public void Any_mixture_of_layouts_agrees_with_the_engine(int seed)
    {
        for (var round = 0; round < 5; round++)
        {
            var model = new Builder((seed * 100) + round).Build();
            var options = new ExportOptions
            {
                Opset = round % 4 == 3 ? ExportOptions.OldestOpset : ExportOptions.NewestOpset,
                BatchSizes = [2],
                AbsoluteTolerance = 1e-3f,
                RelativeTolerance = 1e-3f,
            };
            try
            {
                var emitted = OnnxEmitter.Emit(model, options.ForEmission());
                Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), options);
            }
            catch (Exception error) when (error is ExportException or OnnxFileException or ModelException or InvalidOperationException)
            {
                Assert.Fail($"seed {seed}, round {round}: {error.Message}{Environment.NewLine}{model}");
            }
        }
    }

    private sealed class Builder(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<SymbolicTensor> _values = [];
        private int _layers;

        public Model Build()
        {
            SymbolicTensor[] inputs = [.. Enumerable.Range(0, _random.Next(1, 3)).Select(i => Model.Input(Start(), name: "input" + i))];
            _values.AddRange(inputs);
            for (var i = 0; i < 14; i++)
            {
                if (Step(_values[^(1 + _random.Next(Math.Min(4, _values.Count)))]) is not { } next) continue;
                if (next.Shape.Dims.ToArray().Skip(1).All(dim => dim is > 0 and < 40)) _values.Add(next);
            }

            // Every input is used; several values are outputs, including the last one.
            var outputs = inputs.Select(input => Ops.Mean(input, Axes.Create([.. Enumerable.Range(1, input.Rank - 1)]))).ToList();
            outputs.AddRange(_values.Skip(Math.Max(inputs.Length, _values.Count - 2)));
            return new Model(inputs, outputs.ToArray());
        }

        private Shape Start() => _random.Next(4) switch { 0 => [6, 5, 3], 1 => [4, 4, 1], 2 => [5, 4], _ => [6] };

        private SymbolicTensor? Step(SymbolicTensor x)
        {
            var (rank, name) = (x.Rank, "layer" + _layers++);
            switch (_random.Next(20))
            {
                case 0: return Ops.Relu(x);
                case 1: return x * Ops.Sigmoid(x);
                case 2: return Same(x) is { } other ? x + other : null;
                case 3 or 4 when rank > 2 && x.Shape.Dims[1] > 2 && x.Shape.Dims[^2] > 2:
                    return Conv(name, 3, 2, _random.Next(2) == 0 ? Padding.Same : Padding.Valid, _random.Next(1, 3)).Call(x);
                case 5 when rank > 2 && x.Shape.Dims[1] > 1 && x.Shape.Dims[^2] > 1: return MaxPool(name).Call(x);
                case 6 when rank > 2: return AveragePool(name, 2, 1, Padding.Same).Call(x);
                case 7: return new Layers.BatchNormalization(_random.Next(1, rank), name: name).Call(x);
                case 8: return Ops.Softmax(x, _random.Next(1, rank));
                case 9 when rank > 2: return Ops.Max(x, _random.Next(1, rank), keepdims: _random.Next(2) == 0);
                case 10 when rank > 2: return Ops.Mean(x, Axes.Create([.. Enumerable.Range(1, rank - 2)]));
                case 11 when rank > 2: return Ops.Reshape(x, 0, -1);
                case 12 when rank > 2: return Ops.Transpose(x, [0, .. Shuffled(rank - 1)]);
                case 13: return new Layers.Dense(4, Activation.Tanh, name: name).Call(x);
                case 14: return Same(x) is { } other2 ? Ops.Concatenate([x, other2], _random.Next(1, rank)) : null;
                case 15: return Ops.Slice(x, _random.Next(1, rank), 0, null, _random.Next(1, 3));
                case 16: return Ops.Pad(x, Margins(rank), Margins(rank));
                case 17 when rank == 3: return Lstm(name, 3, _random.Next(2) == 0, _random.Next(2) == 0).Call(x);
                case 18: return rank == 2 ? Ops.Reshape(x, 0, 1, -1) : Ops.ExpandDims(Ops.Mean(x, 1), 1) * x;
                case 19 when x.Shape.Dims[^1] > 1: return new Layers.LayerNormalization(name: name).Call(x);
                default:
                    var scale = new OpLayer(name, (layer, v) => v * layer.Take("scale", [.. v.Shape.Slice(1, rank - 1)]) + layer.Take("shift", x.Shape[^1]));
                    return scale.Call(x);
            }
        }

        private int[] Margins(int rank) => [0, .. Enumerable.Range(1, rank - 1).Select(_ => _random.Next(2))];

        private SymbolicTensor? Same(SymbolicTensor x) =>
            _values.Where(value => value.Shape == x.Shape && !value.Equals(x)).OrderBy(_ => _random.Next()).FirstOrDefault();

        private int[] Shuffled(int count)
        {
            var axes = Enumerable.Range(1, count).ToArray();
            _random.Shuffle(axes);
            return axes;
        }
    }
}
