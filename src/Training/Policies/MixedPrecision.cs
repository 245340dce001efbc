namespace OnnxFunctional.Training;

/// <summary>The type a training step computes in and keeps its activations in; weights, the optimizer, normalizations, recurrent layers, the layer that makes an output, losses and metrics stay float32 (https://keras.io/api/mixed_precision/).</summary>
/// <remarks>A model is evaluated, predicted with and exported in float32, with the weights that were trained: what is measured is what is shipped.</remarks>
public enum MixedPrecision
{
    /// <summary>Everything in float32.</summary>
    Float32,

    /// <summary>IEEE half: 11 bits of precision up to 65,504. Gradients are scaled against underflow, by Keras' rules: see <see cref="Trainer.LossScale"/>.</summary>
    Float16,

    /// <summary>The upper half of a float32: its range, 8 bits of precision. Nothing is scaled.</summary>
    BFloat16,
}

/// <summary>Facts about policies.</summary>
internal static class MixedPrecisions
{
    /// <summary>The type in 16 bits; nothing for float32.</summary>
    public static DType? Type(this MixedPrecision precision) => precision switch
    {
        MixedPrecision.Float32 => null,
        MixedPrecision.Float16 => DType.Float16,
        MixedPrecision.BFloat16 => DType.BFloat16,
        _ => throw new ModelException($"precision is {(int)precision}; expected MixedPrecision.Float32, Float16 or BFloat16."),
    };

    /// <summary>The name Keras gives the policy, as files hold it.</summary>
    public static string PolicyName(this MixedPrecision precision) => precision switch
    {
        MixedPrecision.Float16 => "mixed_float16",
        MixedPrecision.BFloat16 => "mixed_bfloat16",
        _ => "float32",
    };
}
