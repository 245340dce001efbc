namespace OnnxFunctional.Tests.Cases;

/// <summary>
/// One case of an operator: its attributes, its inputs, and a plain reference for its outputs. The harness (<c>OpCaseTests</c>) then checks shapes, numbers,
/// gradients and determinism.
/// </summary>
internal sealed record OpCase(string Variation, Op Op, params OpInput[] Inputs)
{
    /// <summary>The operator and its variation; unique.</summary>
    public string Name => Variation.Length == 0 ? Op.Name : Op.Name + "_" + Variation;

    /// <summary>
    /// The outputs from the inputs, in double precision; null if they are checked elsewhere, see <see cref="CheckedElsewhere"/>.
    /// </summary>
    public Func<Plain[], Plain[]>? Reference { get; init; }

    /// <summary>Why there is no reference.</summary>
    public string? CheckedElsewhere { get; init; }

    /// <summary>Builds the graph, if inputs of the operator depend on one another (a gradient needs the output of its operator).</summary>
    public Func<SymbolicTensor[], SymbolicTensors>? Build { get; init; }

    /// <summary>The largest difference of an output, absolute and relative.</summary>
    public double Tolerance { get; init; } = 2e-5;

    /// <summary>The largest difference of a gradient, relative to it and to the mean gradient.</summary>
    public double GradientTolerance { get; init; } = 2e-3;

    /// <summary>Whether the gradient can be compared with finite differences.</summary>
    public bool Differentiable { get; init; } = true;

    /// <summary>Whether the gradient of the gradient is compared too.</summary>
    public bool Twice { get; init; }

    /// <summary>The training side of a graph rather than the inference side.</summary>
    public bool Training { get; init; }

    /// <summary>Whether the first dimension may stay unknown while the graph is built; a few gradients need sizes.</summary>
    public bool UnknownBatch { get; init; } = true;

    /// <summary>The number of outputs to check; only its gradient can read the last output of a recurrent operator.</summary>
    public int? Outputs { get; init; }

    /// <summary>Whether the operator draws random numbers, so that another step gives others.</summary>
    public bool Random { get; init; }

    public SymbolicTensors Apply(SymbolicTensor[] inputs)
    {
        var outputs = Build?.Invoke(inputs) ?? Ops.MakeAll(Op, inputs);
        return Outputs is { } count ? outputs.Take(count).ToArray() : outputs;
    }

    public override string ToString() => Name;
}

/// <summary>An input of a case: its shape, its type, and how its elements are chosen.</summary>
internal sealed record OpInput(int[] Dims)
{
    public DType Type { get; init; } = DType.Float32;

    /// <summary>Whether the first dimension is the batch, unknown while the graph is built.</summary>
    public bool Batched { get; init; }

    public double Low { get; init; } = -2;

    public double High { get; init; } = 2;

    /// <summary>Points that elements keep away from: kinks of the function, which finite differences must not straddle.</summary>
    public double[] Kinks { get; init; } = [];

    /// <summary>Whether all elements are well apart, so that the largest stays the largest.</summary>
    public bool Distinct { get; init; }

    /// <summary>Whether elements along the last axis are positive and sum to one.</summary>
    public bool Probabilities { get; init; }

    /// <summary>Exactly these elements.</summary>
    public double[]? Values { get; init; }

    /// <summary>Whether the gradient with respect to it is compared, where it is a float.</summary>
    public bool Wanted { get; init; } = true;

    public int Count => Dims.Aggregate(1, (product, dim) => product * dim);

    public TensorSpec Spec => new(Shape.Of(Dims), Type);

    /// <summary>The spec while the graph is built.</summary>
    public TensorSpec OpenSpec => Batched && Dims.Length > 0 ? Spec with { Shape = Shape.Of([Shape.Unknown, .. Dims[1..]]) } : Spec;

    public double[] Fill(Random random)
    {
        if (Values is not null) return Values;
        var values = new double[Count];
        for (var i = 0; i < values.Length; i++) values[i] = Low + ((High - Low) * random.NextDouble());
        if (Distinct)
        {
            for (var i = 0; i < values.Length; i++) values[i] = Low + ((High - Low) * (i + 0.5) / values.Length);
            random.Shuffle(values);
        }

        foreach (var kink in Kinks)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (Math.Abs(values[i] - kink) < 0.1) values[i] = kink + (values[i] < kink ? -0.1 : 0.1) + ((values[i] - kink) * 0.1);
            }
        }

        if (Probabilities)
        {
            for (var row = 0; row < values.Length; row += Dims[^1])
            {
                var sum = 0.0;
                for (var i = 0; i < Dims[^1]; i++) sum += values[row + i];
                for (var i = 0; i < Dims[^1]; i++) values[row + i] /= sum;
            }
        }

        // What the engine is given, exactly.
        for (var i = 0; i < values.Length; i++) values[i] = Type == DType.Float32 ? (float)values[i] : Math.Floor(values[i]);
        return values;
    }
}
