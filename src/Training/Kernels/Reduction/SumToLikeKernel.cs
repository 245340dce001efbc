using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The sum over the axes that broadcasting repeated: for known shapes, a reduction.</summary>
internal static class SumToLikeKernel
{
    public static Kernel Create(KernelRequest request)
    {
        var (from, to) = (request.Input(0).Shape, request.Output().Shape);
        var axes = new List<int>();
        for (var i = 0; i < from.Rank; i++)
        {
            var own = i - (from.Rank - to.Rank);
            if (own < 0 || (to.Dims[own] == 1 && from.Dims[i] != 1)) axes.Add(i);
        }

        return ReductionKernel.Create(request, new ReduceSum([.. axes], false));
    }
}
