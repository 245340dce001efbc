using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Policies;

/// <summary>What an operator does under a policy of mixed precision.</summary>
internal enum PrecisionRule
{
    /// <summary>Takes floating-point inputs in float32 and gives float32.</summary>
    Float32,

    /// <summary>Takes floating-point inputs in the policy's type and gives it.</summary>
    Policy,

    /// <summary>Stays in float32 where all its inputs are, otherwise follows the policy.</summary>
    AsInputs,
}

/// <summary>Which operators compute in the policy's type, in one table; what does not stand in it stays float32.</summary>
/// <remarks>Kernels compute in float32 all the same: the table says which values are rounded to 16 bits when they are stored.</remarks>
internal static class PrecisionTable
{
    /// <summary>The rule of a node.</summary>
    public static PrecisionRule Of(Node node)
    {
        // Keras' layers that compute in float32 under any policy, and what looks at raw data.
        if (node.Scope?.Layer is Layers.BatchNormalization or Layers.GroupNormalization or Layers.LayerNormalization or Layers.Normalization or Layers.Rescaling or Layers.RmsNormalization
            or Layers.SpectralNormalization or Layers.UnitNormalization) return PrecisionRule.Float32;

        // A square leaves the range of a half from 256 on.
        if (node.Op is Mul && ReferenceEquals(node.Inputs[0], node.Inputs[1])) return PrecisionRule.Float32;
        return Of(node.Op, node.Inputs.Count);
    }

    private static PrecisionRule Of(Op op, int inputs) => op switch
    {
        // Products and windows: nearly all of the work and of the memory. Recurrent layers are not among them: the kernels keep several times their output in float32 for the
        // gradient, and wide copies of input and output would take more than these save (8 % more memory for two LSTM layers).
        AveragePool or Conv or ConvTranspose or Gemm or MatMul or MaxPool or Resize => PrecisionRule.Policy,

        // Bounded, or no larger than what comes in.
        Abs or Celu or Clip or Dropout or Elu or Gelu or HardSigmoid or HardSwish or LeakyRelu or Mish or Neg or PRelu or Relu or Selu or Shrink or Sigmoid or Softmax or Softplus or Softsign or Tanh
            or ThresholdedRelu => PrecisionRule.Policy,
        Add or Max or Min or Mul or Sub => PrecisionRule.Policy,

        // What moves, chooses or compares elements.
        ComparisonOp => PrecisionRule.AsInputs,
        _ when Enumerable.Range(0, inputs).Any(op.Moves) => PrecisionRule.AsInputs,
        _ => PrecisionRule.Float32,
    };
}
