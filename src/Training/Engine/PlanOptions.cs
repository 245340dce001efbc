using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Training.Engine;

/// <summary>The settings that hold for every plan of a model: of training steps, gradients, predictions, verification.</summary>
/// <remarks>No <see cref="PlanRequest"/> is made without them, and only a model's settings are at hand, so that none is forgotten on any path.</remarks>
internal sealed record PlanOptions
{
    private PlanOptions()
    {
    }

    /// <summary>The seed of random numbers.</summary>
    public ulong Seed { get; private init; }

    /// <summary>Whether convolutions may take the Winograd form.</summary>
    public bool Winograd { get; private init; } = true;

    /// <summary>Bytes of wide copies that a kernel over operands in 16 bits makes at a time.</summary>
    public long PieceBytes { get; init; } = StagedKernel.PieceBytes;

    /// <summary>The settings of a model, with a seed that may be a trainer's own.</summary>
    public static PlanOptions Of(Model model, ulong seed) => Of([model], seed);

    /// <summary>The settings of several models that compute together: what one of them forbids does not happen.</summary>
    public static PlanOptions Of(IEnumerable<Model> models, ulong seed) =>
        new() { Seed = seed, Winograd = models.All(model => ModelEngine.Of(model).Winograd) };

    /// <summary>Default settings, for tests and benchmarks whose graphs belong to no model.</summary>
    public static PlanOptions WithoutModel(ulong seed = 0) => new() { Seed = seed };
}
