namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Momentum made orthogonal (Jordan 2024): matrices move by the nearest orthogonal matrix of their momentum, found by Newton and Schulz'
/// iteration <c>X = a X + (b X X^T + c (X X^T)^2) X</c>; all other weights, and embeddings, by AdamW.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/muon/</remarks>
/// <param name="learningRate">The size of a step.</param>
/// <param name="momentum">How much of the last gradients is kept.</param>
/// <param name="nesterov">Whether the gradient is taken where the momentum leads.</param>
/// <param name="nsSteps">Rounds of the iteration.</param>
/// <param name="rmsRate">The root mean square of a step of rate 1; nothing leaves steps as they are.</param>
/// <param name="adamLrRatio">The rate of the other weights over that of matrices.</param>
public sealed class Muon(Schedule? learningRate = null, float momentum = 0.95f, bool nesterov = true, int nsSteps = 5, float? rmsRate = 0.2f, float adamLrRatio = 1) : Optimizer(learningRate ?? 0.001f)
{
    private const float DefaultDecay = 0.004f;

    /// <summary>How much of the last gradients is kept.</summary>
    public float Momentum { get; } = momentum;

    /// <summary>Whether the gradient is taken where the momentum leads.</summary>
    public bool Nesterov { get; } = nesterov;

    /// <summary>Rounds of the iteration.</summary>
    public int NsSteps { get; } = nsSteps;

    /// <summary>The root mean square of a step of rate 1.</summary>
    public float? RmsRate { get; } = rmsRate;

    /// <summary>The rate of the other weights over that of matrices.</summary>
    public float AdamLrRatio { get; } = adamLrRatio;

    /// <summary>The iteration's factor a.</summary>
    public float MuonA { get; init; } = 3.4445f;

    /// <summary>The iteration's factor b.</summary>
    public float MuonB { get; init; } = -4.775f;

    /// <summary>The iteration's factor c.</summary>
    public float MuonC { get; init; } = 2.0315f;

    /// <summary>How much of the mean gradient AdamW keeps.</summary>
    public float AdamBeta1 { get; init; } = 0.9f;

    /// <summary>How much of the mean square AdamW keeps.</summary>
    public float AdamBeta2 { get; init; } = 0.999f;

    /// <summary>What AdamW adds to the root.</summary>
    public float Epsilon { get; init; } = 1e-7f;

    /// <summary>The decay of weights that AdamW moves.</summary>
    public float? AdamWeightDecay { get; init; } = DefaultDecay;

    /// <summary>Whether embeddings are left to AdamW.</summary>
    public bool ExcludeEmbeddings { get; init; } = true;

    /// <summary>Weights whose full name contains one of these are left to AdamW.</summary>
    public IReadOnlyList<string> ExcludeLayers { get; init; } = [];

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (UsesAdam(context.Path, context.Weight.Shape)) Adam(context);
        else Orthogonal(context);
    }

    private protected override float? DecayOf(string path, Shape shape) => UsesAdam(path, shape) ? AdamWeightDecay : WeightDecay ?? DefaultDecay;

    private bool UsesAdam(string path, Shape shape) =>
        shape.Rank != 2
        || (ExcludeEmbeddings && path.Contains("embedding", StringComparison.OrdinalIgnoreCase))
        || ExcludeLayers.Any(part => path.Contains(part, StringComparison.Ordinal));

    private void Orthogonal(UpdateContext context)
    {
        var slot = context.Slot("momentum");
        var mean = (slot * Momentum) + context.Gradient;
        context.SetSlot(slot, mean);
        var update = Orthogonalized(Nesterov ? context.Gradient + (mean * Momentum) : mean);
        var dims = context.Weight.Shape.Dims;
        var scale = RmsRate is { } root ? MathF.Sqrt(Math.Max(dims[0], dims[1])) * root : 1;
        context.SetWeight(context.Weight - (update * (context.LearningRate * scale)));
    }

    private SymbolicTensor Orthogonalized(SymbolicTensor x)
    {
        var tall = x.Shape.Dims[0] > x.Shape.Dims[1];
        if (tall) x = Ops.Transpose(x, 1, 0);
        x /= Ops.Norm(x) + 1e-7f;
        for (var i = 0; i < NsSteps; i++)
        {
            var square = Ops.MatMul(x, Ops.Transpose(x, 1, 0));
            x = (x * MuonA) + Ops.MatMul((square * MuonB) + Ops.MatMul(square * MuonC, square), x);
        }

        return tall ? Ops.Transpose(x, 1, 0) : x;
    }

    private void Adam(UpdateContext context)
    {
        var (momentum, velocity) = (context.Slot("momentum"), context.Slot("velocity"));
        var mean = momentum + ((context.Gradient - momentum) * (1 - AdamBeta1));
        var square = velocity + ((Ops.Square(context.Gradient) - velocity) * (1 - AdamBeta2));
        context.SetSlot(momentum, mean);
        context.SetSlot(velocity, square);
        var rate = context.LearningRate * AdamLrRatio * Ops.Sqrt(1 - Ops.Power(AdamBeta2, context.Step)) / (1 - Ops.Power(AdamBeta1, context.Step));
        context.SetWeight(context.Weight - (mean * rate / (Ops.Sqrt(square) + Epsilon)));
    }
}
