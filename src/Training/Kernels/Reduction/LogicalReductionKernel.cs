using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Whether any or all elements along some axes are true.</summary>
internal sealed class LogicalReductionKernel : Kernel
{
    private readonly ValueBuffer _input;
    private readonly ValueBuffer _result;
    private readonly bool _any;
    private readonly int[] _targetStrides;
    private readonly int[] _dims;

    private LogicalReductionKernel(KernelRequest request, ReduceOp op)
    {
        (_input, _result, _any) = (request.Input(0), request.Output(), op is ReduceAny);
        _dims = _input.Shape.Dims.ToArray();
        var axes = ShapeRules.Axes(op.Axes, _dims.Length, op.Name);
        _targetStrides = new int[_dims.Length];
        var stride = 1;
        for (var i = _dims.Length - 1; i >= 0; i--)
        {
            if (axes.Contains(i)) continue;
            _targetStrides[i] = stride;
            stride *= _dims[i];
        }
    }

    public static Kernel Create(KernelRequest request, ReduceOp op) => new LogicalReductionKernel(request, op);

    public override void Run(in RunContext context)
    {
        var source = _input.Bools;
        var target = _result.Bools;
        target.Fill(!_any);
        for (var i = 0; i < source.Length; i++)
        {
            var (place, rest) = (0, i);
            for (var d = _dims.Length - 1; d >= 0; d--)
            {
                place += rest % _dims[d] * _targetStrides[d];
                rest /= _dims[d];
            }

            if (source[i] == _any) target[place] = _any;
        }
    }
}
