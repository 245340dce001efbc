namespace OnnxFunctional.Training;

/// <summary>
/// The type in which a training step computes and stores activations. Weights, the optimizer, normalizations, recurrent layers, output layers, losses and
/// metrics stay in float32 (https://keras.io/api/mixed_precision/).
/// </summary>
/// <remarks>Evaluation, prediction and export use float32 with the trained weights: what is measured is what is shipped.</remarks>
public enum MixedPrecision
{
    /// <summary>Everything in float32.</summary>
    Float32,

    /// <summary>
    /// IEEE half precision: 11 significant bits, values up to 65,504. Gradients are scaled against underflow, by Keras' rules: see
    /// <see cref="Trainer.LossScale"/>.
    /// </summary>
    Float16,

    /// <summary>The upper 16 bits of a float32: its range, 8 significant bits. Nothing is scaled.</summary>
    BFloat16,
}

/// <summary>Types and names of the policies.</summary>
internal static class MixedPrecisions
{
    /// <summary>The 16-bit type; null for float32.</summary>
    public static DType? Type(this MixedPrecision precision) => precision switch
    {
        MixedPrecision.Float32 => null,
        MixedPrecision.Float16 => DType.Float16,
        MixedPrecision.BFloat16 => DType.BFloat16,
        _ => throw new ModelException($"precision is {(int)precision}; expected MixedPrecision.Float32, Float16 or BFloat16."),
    };

    /// <summary>Keras' name of the policy, which files hold.</summary>
    public static string PolicyName(this MixedPrecision precision) => precision switch
    {
        MixedPrecision.Float16 => "mixed_float16",
        MixedPrecision.BFloat16 => "mixed_bfloat16",
        _ => "float32",
    };
}
