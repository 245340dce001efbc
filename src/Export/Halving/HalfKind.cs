namespace OnnxFunctional.Export;

/// <summary>What of a model becomes 16-bit floating point.</summary>
public enum HalfKind
{
    /// <summary>
    /// Layers hold their weights and compute in float16: for GPUs. ONNX Runtime's CPU provider has few such kernels; it converts to float32 and back.
    /// </summary>
    Float16,

    /// <summary>Weights are stored in float16 and become float32 where they are read, when a host opens the file; all computes in float32.</summary>
    WeightOnlyFloat16,

    /// <summary>
    /// Weights are stored in bfloat16, which has the range of float32 and 8 significant bits, and become float32 where they are read; all computes in float32.
    /// </summary>
    WeightOnlyBFloat16,
}
