using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernel of every operator, in one table. Elementwise operators have their rows in <see cref="ElementwiseTable"/>; views of other shapes need none.</summary>
internal static class KernelTable
{
    /// <summary>Makes a node's kernel.</summary>
    /// <exception cref="ModelException">The operator has no kernel for these types.</exception>
    public static Kernel Create(KernelRequest request) => request.Op switch
    {
        ArgMax op => SelectionKernels.Arg(request, op.Axis, largest: true),
        ArgMin op => SelectionKernels.Arg(request, op.Axis, largest: false),
        AveragePool op => PoolingKernels.Forward(request, op),
        AveragePoolGradient op => PoolingKernels.AverageGradient(request, op),
        BatchNormalizationGradient op => BatchNormalizationKernels.Gradient(request, op),
        BatchNormalizationTraining op => BatchNormalizationKernels.Training(request, op),
        Concat op => MovementKernels.Concat(request, op),
        Conv op => ConvolutionKernels.Forward(request, op),
        ConvInputGradient op => ConvolutionKernels.InputGradient(request, op),
        ConvTranspose op => ConvolutionKernels.Transposed(request, op),
        ConvWeightGradient op => ConvolutionKernels.WeightGradient(request, op),
        CumSum op => SelectionKernels.CumSum(request, op),
        ExpandLike => MovementKernels.Expand(request),
        Gather op => SelectionKernels.Gather(request, op),
        GatherElements op => SelectionKernels.GatherElements(request, op),
        GatherElementsGradient op => SelectionKernels.GatherElementsGradient(request, op),
        GatherGradient op => SelectionKernels.GatherGradient(request, op),
        Gemm => ProductKernel.Gemm(request),
        LayerNormalization op => LayerNormalizationKernels.Forward(request, op),
        LayerNormalizationGradient => LayerNormalizationKernels.Gradient(request),
        LogSoftmax op => SoftmaxKernels.Forward(request, op.Axis, logarithm: true),
        MatMul op => ProductKernel.MatMul(request, op),
        MaxPool op => PoolingKernels.Forward(request, op),
        MaxPoolGradient op => PoolingKernels.MaxGradient(request, op),
        OneHot op => SelectionKernels.OneHot(request, op),
        Pad op => MovementKernels.Pad(request, op),
        RecurrentGradient op => RecurrentKernels.Backward(request, op),
        RecurrentOp op => RecurrentKernels.Forward(request, op),
        ReduceAll or ReduceAny => SelectionKernels.Logical(request, (ReduceOp)request.Op),
        ReduceOp op => ReductionKernel.Create(request, op),
        Resize op => ResizeKernel.Forward(request, op),
        ResizeGradient op => ResizeKernel.Gradient(request, op),
        Slice op => MovementKernels.Slice(request, op),
        SliceGradient op => MovementKernels.SliceGradient(request, op),
        Softmax op => SoftmaxKernels.Forward(request, op.Axis, logarithm: false),
        SoftmaxCrossEntropy op => CrossEntropyKernels.Forward(request, op),
        SoftmaxCrossEntropyGradient op => CrossEntropyKernels.Gradient(request, op),
        SoftmaxGradient op => SoftmaxKernels.Gradient(request, op),
        Split op => MovementKernels.Split(request, op.Axis),
        SplitLike op => MovementKernels.Split(request, op.Axis),
        SumToLike => SumToLikeKernel.Create(request),
        Tile op => MovementKernels.Tile(request, op),
        TopK op => SelectionKernels.TopK(request, op),
        Transpose op => MovementKernels.Transpose(request, op),
        _ => throw new ModelException(
            $"the engine has no kernel for {request.Op.Name} of {string.Join(" and ", request.Inputs.Select(input => input.Spec))}. It computes in float32, with whole numbers as indices; use Ops.Cast."),
    };

    /// <summary>Operators computed by their definition in simpler ones.</summary>
    public static bool IsComposed(Op op) => op is BatchNormalization or Dropout { SharedAxes.Count: > 0 };

    /// <summary>Floats of memory of a value whose size only its kernel knows.</summary>
    public static long? OpaqueFloats(Value value) =>
        value.Producer.Op is RecurrentOp op && value.Index == 1 + op.States ? RecurrentKernels.ReserveFloats(value.Producer) : null;
}
