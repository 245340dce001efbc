using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Cases;

/// <summary>One network of the comparison: our model and its data; in Benchmarks also the same network in libtorch.</summary>
internal abstract partial class BenchmarkCase
{
    public static IReadOnlyList<BenchmarkCase> All { get; } =
    [
        new MlpCase(), new WideMlpCase(), new CnnCase(), new RecurrentCase("lstm"), new RecurrentCase("gru"),
        new ResnetCase(), new SeparableCase(), new TransformerCase(), new MultiOutputCase(),
    ];

    public static BenchmarkCase Named(string name) => All.First(candidate => candidate.Name == name);

    public abstract string Name { get; }

    /// <summary>The number of samples; the case's own unless it is set.</summary>
    public int Batch
    {
        get => field > 0 ? field : UsualBatch;
        set;
    }

    /// <summary>Our model.</summary>
    public abstract Model Build();

    /// <summary>The loss of each output, in order.</summary>
    public abstract IReadOnlyList<Loss> Losses { get; }

    /// <summary>Inputs, filled from fixed random numbers.</summary>
    public abstract NDArray[] Inputs(Random random);

    /// <summary>Targets, filled from fixed random numbers.</summary>
    public abstract NDArray[] Targets(Random random);

    protected abstract int UsualBatch { get; }

    protected NDArray Uniform(Random random, params int[] dims) => NDArray.Create(Values(random, dims), [Batch, .. dims.Select(dim => (int?)dim)]);

    protected NDArray Classes(Random random, int classes)
    {
        var values = new long[Batch];
        for (var i = 0; i < Batch; i++) values[i] = random.Next(classes);
        return values;
    }

    protected NDArray Bits(Random random)
    {
        var values = new float[Batch];
        for (var i = 0; i < Batch; i++) values[i] = random.Next(2);
        return NDArray.Create(values, [Batch, 1]);
    }

    private float[] Values(Random random, int[] dims)
    {
        var values = new float[dims.Aggregate(Batch, (product, dim) => product * dim)];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        return values;
    }
}
