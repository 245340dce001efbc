using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernel of every operator, in one table. Elementwise operators have their rows in <see cref="ElementwiseTable"/>; views need none.</summary>
internal static class KernelTable
{
    /// <summary>Creates the kernel of a node.</summary>
    /// <exception cref="ModelException">The operator has no kernel for these types.</exception>
    public static Kernel Create(KernelRequest request)
    {
        var create = Find(request.Op) ?? throw new ModelException(
            $"the engine has no kernel for {request.Op.Name} of {string.Join(" and ", request.Inputs.Select(input => input.Spec))}. "
            + "It computes in float32, with integers as indices; use Ops.Cast.");
        return create(request);
    }

    /// <summary>Whether an operator has a kernel of its own, alone or as part of a chain.</summary>
    public static bool Has(Op op) => Find(op) is not null || ElementwiseTable.Has(op);

    /// <summary>Whether an operator is computed by its definition in simpler ones: it has one, and no kernel of its own.</summary>
    public static bool IsComposed(Op op) => !Has(op) && Decompositions.Has(op);

    private static Func<KernelRequest, Kernel>? Find(Op operation) => operation switch
    {
        ArgMax op => request => ScanKernels.Arg(request, op.Axis, largest: true),
        ArgMin op => request => ScanKernels.Arg(request, op.Axis, largest: false),
        AveragePool op => request => PoolingKernels.Forward(request, op),
        AveragePoolGradient op => request => PoolingKernels.AverageGradient(request, op),
        BatchNormalizationGradient op => request => BatchNormalizationKernels.Gradient(request, op),
        BatchNormalizationTraining op => request => BatchNormalizationKernels.Training(request, op),
        BinaryOp or Cast or Where => IntegerKernels.Create,
        Concat op => request => MovementKernels.Concat(request, op),
        Conv op => request => ConvolutionKernels.Forward(request, op),
        ConvInputGradient op => request => ConvolutionKernels.InputGradient(request, op),
        ConvTranspose op => request => ConvolutionKernels.Transposed(request, op),
        CrossHash op => request => TextKernels.Cross(request, op),
        CountTokens op => request => TextKernels.Count(request, op),
        ConvWeightGradient op => request => ConvolutionKernels.WeightGradient(request, op),
        CumSum op => request => ScanKernels.CumSum(request, op),
        DistinctRows op => request => RowKernels.Distinct(request, op),
        ExpandLike => request => MovementKernels.Expand(request),
        Gather op => request => GatherKernels.Gather(request, op),
        GatherElements op => request => GatherKernels.GatherElements(request, op),
        GatherElementsGradient op => request => GatherKernels.GatherElementsGradient(request, op),
        GatherGradient op => request => GatherKernels.GatherGradient(request, op),
        Gemm => request => ProductKernel.Gemm(request),
        HashText op => request => TextKernels.Hash(request, op),
        LayerNormalization op => request => LayerNormalizationKernels.Forward(request, op),
        LayerNormalizationGradient => request => LayerNormalizationKernels.Gradient(request),
        LogSoftmax op => request => SoftmaxKernels.Forward(request, op.Axis, logarithm: true),
        LookupText op => request => TextKernels.Lookup(request, op),
        MaskCount => request => new MaskCountKernel(request),
        MatMul op => request => ProductKernel.MatMul(request, op),
        MaxPool op => request => PoolingKernels.Forward(request, op),
        MaxPoolGradient op => request => PoolingKernels.MaxGradient(request, op),
        OneHot op => request => GatherKernels.OneHot(request, op),
        Pad op => request => MovementKernels.Pad(request, op),
        RecurrentGradient op => request => RecurrentKernels.Backward(request, op),
        RecurrentOp op => request => RecurrentKernels.Forward(request, op),
        ReduceAll or ReduceAny => request => LogicalReductionKernel.Create(request, (ReduceOp)operation),
        ReduceOp op => request => ReductionKernel.Create(request, op),
        Resize op => request => ResizeKernel.Forward(request, op),
        ResizeGradient op => request => ResizeKernel.Gradient(request, op),
        SetRows => RowKernels.Set,
        Slice op => request => MovementKernels.Slice(request, op),
        SliceGradient op => request => MovementKernels.SliceGradient(request, op),
        Softmax op => request => SoftmaxKernels.Forward(request, op.Axis, logarithm: false),
        SoftmaxCrossEntropy op => request => CrossEntropyKernels.Forward(request, op),
        SoftmaxCrossEntropyGradient op => request => CrossEntropyKernels.Gradient(request, op),
        SoftmaxGradient op => request => SoftmaxKernels.Gradient(request, op),
        Split op => request => MovementKernels.Split(request, op.Axis),
        SplitLike op => request => MovementKernels.Split(request, op.Axis),
        SumOverShards => request => new ShardStop(request.Inputs[0], request.Outputs[0]!),
        SumToLike => request => SumToLikeKernel.Create(request),
        Tile op => request => MovementKernels.Tile(request, op),
        TokenIndices op => request => TextKernels.Indices(request, op),
        TopK op => request => ScanKernels.TopK(request, op),
        Transpose op => request => MovementKernels.Transpose(request, op),
        Trilu op => request => new TriangleKernel(request, op),
        WordsAt op => request => TextKernels.WordsAt(request, op),
        _ => null,
    };

    /// <summary>The size in floats of a value that only its kernel knows; null for other values.</summary>
    public static long? OpaqueFloats(Value value) =>
        value.Producer.Op is RecurrentOp op && value.Index == 1 + op.States ? RecurrentKernels.ReserveFloats(value.Producer) : null;
}
