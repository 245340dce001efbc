namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Orthogonalized momentum (Jordan 2024): matrices are updated by the orthogonal matrix nearest to their momentum, found by the Newton-Schulz
/// iteration <c>X = a X + (b X X^T + c (X X^T)^2) X</c>; all other weights, and embeddings, are updated by AdamW.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/muon/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="momentum">How much of the previous momentum is kept.</param>
/// <param name="nesterov">Whether Nesterov momentum is used.</param>
/// <param name="nsSteps">The number of iterations.</param>
/// <param name="rmsRate">The root mean square of an update at learning rate 1; null leaves updates unscaled.</param>
/// <param name="adamLrRatio">The learning rate of the other weights over that of matrices.</param>
public sealed class Muon(
    Schedule? learningRate = null, float momentum = 0.95f, bool nesterov = true, int nsSteps = 5, float? rmsRate = 0.2f, float adamLrRatio = 1)
    : Optimizer(learningRate ?? 0.001f)
{
    private const float DefaultDecay = 0.004f;

    /// <summary>How much of the previous momentum is kept.</summary>
    public float Momentum { get; } = Check.Rate(momentum, nameof(Muon), nameof(momentum));

    /// <summary>Whether Nesterov momentum is used.</summary>
    public bool Nesterov { get; } = nesterov;

    /// <summary>The number of iterations.</summary>
    public int NsSteps { get; } = nsSteps;

    /// <summary>The root mean square of an update at learning rate 1.</summary>
    public float? RmsRate { get; } = rmsRate;

    /// <summary>The learning rate of the other weights over that of matrices.</summary>
    public float AdamLrRatio { get; } = adamLrRatio;

    /// <summary>The factor a of the iteration.</summary>
    public float MuonA { get; init; } = 3.4445f;

    /// <summary>The factor b of the iteration.</summary>
    public float MuonB { get; init; } = -4.775f;

    /// <summary>The factor c of the iteration.</summary>
    public float MuonC { get; init; } = 2.0315f;

    /// <summary>How much of the mean gradient AdamW keeps.</summary>
    public float AdamBeta1 { get; init => field = Check.Rate(value, Name, nameof(AdamBeta1)); } = 0.9f;

    /// <summary>How much of the mean square AdamW keeps.</summary>
    public float AdamBeta2 { get; init => field = Check.Rate(value, Name, nameof(AdamBeta2)); } = 0.999f;

    /// <summary>The small value that AdamW adds to the root.</summary>
    public float Epsilon { get; init => field = Check.NotNegative(value, Name, nameof(Epsilon)); } = 1e-7f;

    /// <summary>The weight decay of the weights that AdamW updates.</summary>
    public float? AdamWeightDecay { get; init; } = DefaultDecay;

    /// <summary>Whether embeddings are updated by AdamW.</summary>
    public bool ExcludeEmbeddings { get; init; } = true;

    /// <summary>Weights whose full name contains one of these are updated by AdamW.</summary>
    public IReadOnlyList<string> ExcludeLayers { get; init; } = [];

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (UsesAdam(context.Path, context.Weight.Shape)) Adam(context);
        else Orthogonal(context);
    }

    private protected override float? DecayOf(string path, Shape shape) =>
        UsesAdam(path, shape) ? AdamWeightDecay : WeightDecay ?? DefaultDecay;

    internal bool UsesAdam(string path, Shape shape) =>
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
        var (mean, square) = context.Moments(AdamBeta1, AdamBeta2);
        var correction = Ops.Sqrt(1 - Ops.Power(AdamBeta2, context.Step));
        var rate = context.LearningRate * AdamLrRatio * correction / (1 - Ops.Power(AdamBeta1, context.Step));
        context.SetWeight(context.Weight - (mean * rate / (Ops.Sqrt(square) + Epsilon)));
    }
}
