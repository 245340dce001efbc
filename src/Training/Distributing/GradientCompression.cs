namespace OnnxFunctional.Training;

/// <summary>The type in which gradients travel between the processes of a <see cref="Distribution"/>. Sums are made in float32.</summary>
/// <remarks>
/// Every summand of the tree is rounded to the type, also where both lie in one process, so that results do not depend on the number of processes.
/// </remarks>
public enum GradientCompression
{
    /// <summary>As they are, in float32.</summary>
    None,

    /// <summary>IEEE half precision: 11 significant bits; what exceeds 65,504 becomes infinite.</summary>
    Float16,

    /// <summary>The upper 16 bits of a float32: its range, 8 significant bits.</summary>
    BFloat16,
}
