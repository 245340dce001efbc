using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Policies;

/// <summary>The types of an operator under a mixed-precision policy.</summary>
internal enum PrecisionRule
{
    /// <summary>Floating-point inputs and outputs are float32.</summary>
    Float32,

    /// <summary>Floating-point inputs and outputs have the policy's type.</summary>
    Policy,

    /// <summary>Float32 if all inputs are, otherwise the policy's type.</summary>
    AsInputs,
}

/// <summary>The operators that use the policy's type, in one table; all others stay float32.</summary>
/// <remarks>Kernels compute in float32 in any case: the table decides which values are rounded to 16 bits when they are stored.</remarks>
internal static class PrecisionTable
{
    /// <summary>The rule of a node under a policy.</summary>
    public static PrecisionRule Of(Node node, DType type)
    {
        // Layers that compute in float32 under any policy in Keras, and those that read raw data.
        if (node.Scope?.Layer is Layers.BatchNormalization or Layers.GroupNormalization or Layers.LayerNormalization or Layers.Normalization
            or Layers.Rescaling or Layers.RmsNormalization or Layers.SpectralNormalization or Layers.UnitNormalization) return PrecisionRule.Float32;

        // The square of a half overflows from 256 on.
        if (node.Op is Mul && ReferenceEquals(node.Inputs[0], node.Inputs[1])) return PrecisionRule.Float32;

        // One number per sample takes no memory worth saving, and a half does not hold the sums of penalties: 0.002 * 102,000 would be infinite.
        if (node.Outputs[0].Spec.Shape.Rank < 2) return PrecisionRule.Float32;
        if (BoundsAndTerms.AreLost(node, type)) return PrecisionRule.Float32;
        return Of(node.Op, node.Inputs.Count);
    }

    private static PrecisionRule Of(Op op, int inputs) => op switch
    {
        // Products and windows: nearly all of the work and memory. Not recurrent layers: their kernels keep several times their output in float32 for the
        // gradient,
        // and wide copies of input and output would take more than 16 bits save (8 % more memory for two LSTM layers).
        AveragePool or Conv or ConvTranspose or Gemm or MatMul or MaxPool or Resize => PrecisionRule.Policy,

        // Bounded, or no larger than the input.
        Abs or Celu or Clip or Dropout or Elu or Gelu or HardSigmoid or HardSwish or LeakyRelu or Mish or Neg or PRelu or Relu or Selu or Shrink or Sigmoid
            or Softmax or Softplus or Softsign or Tanh or ThresholdedRelu => PrecisionRule.Policy,
        Add or Max or Min or Mul or Sub => PrecisionRule.Policy,

        // Operators that move, select or compare elements.
        ComparisonOp => PrecisionRule.AsInputs,
        _ when Enumerable.Range(0, inputs).Any(op.Moves) => PrecisionRule.AsInputs,
        _ => PrecisionRule.Float32,
    };
}
