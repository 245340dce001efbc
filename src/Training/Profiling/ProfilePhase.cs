namespace OnnxFunctional.Training;

/// <summary>The part of a step that a kernel belongs to.</summary>
public enum ProfilePhase
{
    /// <summary>Computes predictions, losses, metrics, and what layers keep, such as moving statistics.</summary>
    Forward,

    /// <summary>Computes gradients.</summary>
    Backward,

    /// <summary>Changes weights: the work of the optimizer.</summary>
    Update,
}
