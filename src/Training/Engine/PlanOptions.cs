using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Training.Engine;

/// <summary>Settings that apply to every plan of a model: for training steps, gradients, predictions and verification.</summary>
/// <remarks>A <see cref="PlanRequest"/> requires them and they are taken from the model, so no code path can ignore a setting.</remarks>
internal sealed record PlanOptions
{
    private PlanOptions()
    {
    }

    /// <summary>The seed of random numbers.</summary>
    public ulong Seed { get; private init; }

    /// <summary>Whether convolutions may take the Winograd form.</summary>
    public bool Winograd { get; private init; } = true;

    /// <summary>The size of the wide copies that a staged kernel makes at a time, in bytes.</summary>
    public long PieceBytes { get; init; } = StagedKernel.PieceBytes;

    /// <summary>The settings of a model, with the model's seed or another one.</summary>
    public static PlanOptions Of(Model model, ulong seed) => Of([model], seed);

    /// <summary>The settings of several models that compute together: Winograd is allowed if every model allows it.</summary>
    public static PlanOptions Of(IEnumerable<Model> models, ulong seed) =>
        new() { Seed = seed, Winograd = models.All(model => ModelEngine.Of(model).Winograd) };

    /// <summary>Default settings, for tests and benchmarks whose graphs belong to no model.</summary>
    public static PlanOptions WithoutModel(ulong seed = 0) => new() { Seed = seed };
}
