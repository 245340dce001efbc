namespace OnnxFunctional.Tests.Training.Engine;

/// <summary>A random graph of operators that fuse, share memory, are views, or do none of these. Values stay within a few units.</summary>
internal sealed class RandomGraph
{
    private readonly Random _random;
    private readonly List<SymbolicTensor> _tensors = [];

    public RandomGraph(int seed, int size)
    {
        _random = new Random(seed);
        Inputs = [Input(6, 4), Input(4), Input(6, 1), Input(1, 4)];
        Weights = [NewWeight("w", 6, 4), NewWeight("u", 4), NewWeight("m", 4, 4), NewWeight("s"), NewWeight("v", 6, 4)];
        _tensors.AddRange(Inputs);
        _tensors.AddRange(Weights.Select(weight => new SymbolicTensor(weight.Variable)));
        _tensors.Add(Ops.Constant(0.5));
        _tensors.Add(Ops.Constant([4], [0.1f, -0.2f, 0.3f, 0.4f]));
        for (var i = 0; i < size; i++) _tensors.Add(Next());

        for (var i = _random.Next(1, 5); i > 0; i--) Outputs.Add(_tensors[_random.Next(_random.Next(2) == 0 ? 0 : _tensors.Count / 2, _tensors.Count)]);
        foreach (var weight in Weights)
        {
            var fitting = _tensors.Where(tensor => tensor.Shape == weight.Shape && tensor.DType == DType.Float32).ToList();
            if (_random.Next(4) == 0) continue;
            var chosen = fitting[_random.Next(fitting.Count)];
            Updates.Add((weight, (_random.Next(3) == 0 ? chosen : new SymbolicTensor(weight.Variable) - (chosen * 0.1f)).Value));
        }
    }

    public SymbolicTensor[] Inputs { get; }

    public Weight[] Weights { get; }

    public List<SymbolicTensor> Outputs { get; } = [];

    public List<(Weight Weight, Value Value)> Updates { get; } = [];

    public float[][] Fill() => [.. Inputs.Select(input => Numbers((int)input.Shape.ElementCount))];

    private static SymbolicTensor Input(params int[] dims) => new InputLayer(Shape.Of(dims), DType.Float32, null).Tensor;

    private Weight NewWeight(string name, params int[] dims)
    {
        var weight = new Weight(name, Shape.Of(dims), Initializer.Zeros, true, null);
        Numbers(weight.Length).CopyTo(weight.Storage, 0);
        return weight;
    }

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (_random.NextSingle() * 2) - 1)];

    private SymbolicTensor Any() => _tensors[_random.Next(2) == 0 ? _random.Next(_tensors.Count) : _random.Next(_tensors.Count * 2 / 3, _tensors.Count)];

    private SymbolicTensor Any(Func<SymbolicTensor, bool> fits)
    {
        var fitting = _tensors.Where(fits).ToList();
        return fitting[_random.Next(fitting.Count)];
    }

    private SymbolicTensor Next()
    {
        switch (_random.Next(16))
        {
            case 0:
                return Ops.Tanh(Any());
            case 1:
                return Ops.Relu(Any());
            case 2:
                return Ops.Sigmoid(Any()) - 0.5f;
            case 3:
                return Ops.Abs(Any());
            case 4 or 5 or 6 or 7:
                return Pair();
            case 8:
                var flat = Any(tensor => tensor.Shape.ElementCount == 24);
                int[][] shapes = [[24], [4, 6], [6, 4], [2, 3, 4], [1, 24]];
                return Ops.Reshape(flat, shapes[_random.Next(shapes.Length)]);
            case 9:
                var row = Any(tensor => tensor.Shape.ElementCount == 4);
                return Ops.Reshape(row, _random.Next(2) == 0 ? [4] : [1, 4]);
            case 10:
                return Ops.Transpose(Any(tensor => tensor.Rank == 2), 1, 0);
            case 11:
                var product = Ops.MatMul(Any(tensor => tensor.Rank == 2 && tensor.Shape[1] == 4), new SymbolicTensor(Weights[2].Variable));
                if (_random.Next(2) == 0) product += new SymbolicTensor(Weights[1].Variable);
                if (_random.Next(2) == 0) product = Ops.Relu(product);
                return Ops.Tanh(product);
            case 12:
                return Ops.Mean(Any(tensor => tensor.Rank > 0), _random.Next(2) == 0 ? 0 : -1, keepdims: true);
            case 13:
                var whole = Any(tensor => tensor.Rank > 0 && tensor.Shape[^1] > 1);
                var half = whole.Shape.Dims[^1] / 2;
                return Ops.Concatenate([Ops.Slice(whole, -1, half), Ops.Slice(whole, -1, 0, half)]);
            case 14:
                return Ops.Softmax(Any(tensor => tensor.Rank > 0));
            default:
                var (a, b) = TwoAlike();
                return Ops.Where(Ops.Greater(a, b), a, b * 0.5f);
        }
    }

    private SymbolicTensor Pair()
    {
        var (a, b) = TwoAlike();
        return _random.Next(4) switch { 0 => Ops.Tanh(a + b), 1 => Ops.Tanh(a * b), 2 => (a - b) * 0.5f, _ => Ops.Maximum(a, b) };
    }

    /// <summary>Two tensors that broadcast together.</summary>
    private (SymbolicTensor, SymbolicTensor) TwoAlike()
    {
        var a = Any();
        return (a, Any(tensor => Fits(a.Shape, tensor.Shape)));
    }

    private static bool Fits(Shape a, Shape b)
    {
        for (var i = 1; i <= Math.Min(a.Rank, b.Rank); i++)
        {
            if (a.Dims[^i] != b.Dims[^i] && a.Dims[^i] != 1 && b.Dims[^i] != 1) return false;
        }

        return true;
    }
}
