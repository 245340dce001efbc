namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Orthogonalized momentum (Jordan 2024): matrices are updated by the orthogonal matrix nearest to their momentum, found by the Newton-Schulz
/// iteration <c>X = a X + (b X X^T + c (X X^T)^2) X</c>; all other weights, and embeddings, are updated by AdamW.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/muon/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="adamBeta1">How much of the mean gradient AdamW keeps, from 0 to 1.</param>
/// <param name="adamBeta2">How much of the mean square AdamW keeps, from 0 to 1.</param>
/// <param name="adamWeightDecay">The weight decay of the weights that AdamW updates; at least 0, or null for none.</param>
/// <param name="epsilon">The small value that AdamW adds to the root; at least 0.</param>
/// <param name="weightDecay">The weight decay of matrices; at least 0, or null for none.</param>
/// <param name="excludeLayers">Weights whose full name contains one of these are updated by AdamW.</param>
/// <param name="excludeEmbeddings">Whether embeddings are updated by AdamW.</param>
/// <param name="muonA">The factor a of the iteration.</param>
/// <param name="muonB">The factor b of the iteration.</param>
/// <param name="muonC">The factor c of the iteration.</param>
/// <param name="adamLrRatio">The learning rate of the other weights over that of matrices.</param>
/// <param name="momentum">How much of the previous momentum is kept, from 0 to 1.</param>
/// <param name="nsSteps">The number of iterations.</param>
/// <param name="nesterov">Whether Nesterov momentum is used.</param>
/// <param name="rmsRate">The root mean square of an update at learning rate 1; null leaves updates unscaled.</param>
/// <param name="clipnorm">The gradient of each weight is scaled down to this norm, above 0. At most one of the three kinds of clipping can be chosen.</param>
/// <param name="clipvalue">Elements of gradients are clipped to plus and minus this value, above 0.</param>
/// <param name="globalClipnorm">All gradients are scaled down together to this norm, above 0.</param>
/// <param name="useEma">Whether moving averages of the weights are kept; when training ends they replace the weights.</param>
/// <param name="emaMomentum">How much of the moving averages is kept, from 0 to 1.</param>
/// <param name="emaOverwriteFrequency">The averages also replace the weights each time this many steps were made, at least 1; default: only at the end.</param>
/// <param name="gradientAccumulationSteps">Weights are updated once in this many batches, at least 2; default: after each.</param>
/// <param name="excludeFromWeightDecay">Weights whose full name contains one of these do not decay: <c>["bias", "gamma"]</c>.</param>
/// <param name="name">Its name in messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A value is out of its range.</exception>
public sealed class Muon(
    Schedule? learningRate = null,
    double adamBeta1 = 0.9,
    double adamBeta2 = 0.999,
    double? adamWeightDecay = 0.004,
    double epsilon = 1e-7,
    double? weightDecay = 0.004,
    IReadOnlyList<string>? excludeLayers = null,
    bool excludeEmbeddings = true,
    double muonA = 3.4445,
    double muonB = -4.775,
    double muonC = 2.0315,
    double adamLrRatio = 1,
    double momentum = 0.95,
    int nsSteps = 5,
    bool nesterov = true,
    double? rmsRate = 0.2,
    double? clipnorm = null,
    double? clipvalue = null,
    double? globalClipnorm = null,
    bool useEma = false,
    double emaMomentum = 0.99,
    int? emaOverwriteFrequency = null,
    int? gradientAccumulationSteps = null,
    IReadOnlyList<string>? excludeFromWeightDecay = null,
    string? name = null)
    : Optimizer(
        learningRate ?? 0.001,
        weightDecay,
        clipnorm,
        clipvalue,
        globalClipnorm,
        useEma,
        emaMomentum,
        emaOverwriteFrequency,
        gradientAccumulationSteps,
        excludeFromWeightDecay,
        name)
{
    /// <summary>How much of the previous momentum is kept.</summary>
    public double Momentum { get; } = Check.Rate(momentum, nameof(Muon), nameof(momentum));

    /// <summary>Whether Nesterov momentum is used.</summary>
    public bool Nesterov { get; } = nesterov;

    /// <summary>The number of iterations.</summary>
    public int NsSteps { get; } = nsSteps;

    /// <summary>The root mean square of an update at learning rate 1.</summary>
    public double? RmsRate { get; } = rmsRate is { } rms ? Check.Finite(rms, nameof(Muon), nameof(rmsRate)) : null;

    /// <summary>The learning rate of the other weights over that of matrices.</summary>
    public double AdamLrRatio { get; } = Check.Finite(adamLrRatio, nameof(Muon), nameof(adamLrRatio));

    /// <summary>The factor a of the iteration.</summary>
    public double MuonA { get; } = Check.Finite(muonA, nameof(Muon), nameof(muonA));

    /// <summary>The factor b of the iteration.</summary>
    public double MuonB { get; } = Check.Finite(muonB, nameof(Muon), nameof(muonB));

    /// <summary>The factor c of the iteration.</summary>
    public double MuonC { get; } = Check.Finite(muonC, nameof(Muon), nameof(muonC));

    /// <summary>How much of the mean gradient AdamW keeps.</summary>
    public double AdamBeta1 { get; } = Check.Rate(adamBeta1, nameof(Muon), nameof(adamBeta1));

    /// <summary>How much of the mean square AdamW keeps.</summary>
    public double AdamBeta2 { get; } = Check.Rate(adamBeta2, nameof(Muon), nameof(adamBeta2));

    /// <summary>The small value that AdamW adds to the root.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(Muon), nameof(epsilon));

    /// <summary>The weight decay of the weights that AdamW updates.</summary>
    public double? AdamWeightDecay { get; } = adamWeightDecay is { } decay ? Check.NotNegative(decay, nameof(Muon), nameof(adamWeightDecay)) : null;

    /// <summary>Whether embeddings are updated by AdamW.</summary>
    public bool ExcludeEmbeddings { get; } = excludeEmbeddings;

    /// <summary>Weights whose full name contains one of these are updated by AdamW.</summary>
    public IReadOnlyList<string> ExcludeLayers { get; } = excludeLayers ?? [];

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (UsesAdam(context.Path, context.Weight.Shape)) Adam(context);
        else Orthogonal(context);
    }

    private protected override double? DecayOf(string path, Shape shape) =>
        UsesAdam(path, shape) ? AdamWeightDecay : WeightDecay;

    internal bool UsesAdam(string path, Shape shape) =>
        shape.Rank != 2
        || (ExcludeEmbeddings && path.Contains("embedding", StringComparison.OrdinalIgnoreCase))
        || ExcludeLayers.Any(part => path.Contains(part, StringComparison.Ordinal));

    private void Orthogonal(UpdateContext context)
    {
        var slot = context.Slot("momentum");
        var mean = (slot * (float)Momentum) + context.Gradient;
        context.SetSlot(slot, mean);
        var update = Orthogonalized(Nesterov ? context.Gradient + (mean * (float)Momentum) : mean);
        var dims = context.Weight.Shape.Dims;
        var scale = RmsRate is { } root ? MathF.Sqrt(Math.Max(dims[0], dims[1])) * (float)root : 1;
        context.SetWeight(context.Weight - (update * (context.LearningRate * scale)));
    }

    private SymbolicTensor Orthogonalized(SymbolicTensor x)
    {
        var (a, b, c) = ((float)MuonA, (float)MuonB, (float)MuonC);
        var tall = x.Shape.Dims[0] > x.Shape.Dims[1];
        if (tall) x = Ops.Transpose(x, 1, 0);
        x /= Ops.Norm(x) + 1e-7f;
        for (var i = 0; i < NsSteps; i++)
        {
            var square = Ops.MatMul(x, Ops.Transpose(x, 1, 0));
            x = (x * a) + Ops.MatMul((square * b) + Ops.MatMul(square * c, square), x);
        }

        return tall ? Ops.Transpose(x, 1, 0) : x;
    }

    private void Adam(UpdateContext context)
    {
        var (beta1, beta2) = ((float)AdamBeta1, (float)AdamBeta2);
        var (mean, square) = context.Moments(beta1, beta2);
        var correction = Ops.Sqrt(1 - Ops.Power(beta2, context.Step));
        var rate = context.LearningRate * (float)AdamLrRatio * correction / (1 - Ops.Power(beta1, context.Step));
        context.SetWeight(context.Weight - (mean * rate / (Ops.Sqrt(square) + (float)Epsilon)));
    }
}
