using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Gemm and MatMul: one product, or a batch of products whose leading axes broadcast.</summary>
internal sealed class ProductKernel : Kernel
{
    private readonly MatrixProduct _product;
    private readonly ValueBuffer _left;
    private readonly ValueBuffer _right;
    private readonly ValueBuffer? _bias;
    private readonly ValueBuffer _result;
    private readonly Storage _workspace;
    private readonly bool _relu;

    // The offsets at which runs of equally spaced products begin; a single entry if the whole batch is one run.
    private readonly (int Left, int Right, int Result)[] _runs;

    private ProductKernel(MatrixProduct product, KernelRequest request, ValueBuffer? bias, (int Left, int Right, int Result)[] runs)
    {
        _product = product;
        _left = request.Input(0);
        _right = request.Input(1);
        _bias = bias;
        _result = request.Output();
        _relu = request.Epilogue.Activation == EpilogueActivation.Relu;
        _workspace = request.Scratch(product.WorkspaceFloats);
        _runs = runs;
    }

    public static Kernel Gemm(KernelRequest request)
    {
        var (a, b) = (request.Input(0).Shape, request.Input(1).Shape);
        return new ProductKernel(new MatrixProduct(new GemmShape(a.Dims[0], b.Dims[1], a.Dims[1])), request, request.Input(2), [(0, 0, 0)]);
    }

    public static Kernel MatMul(KernelRequest request, MatMul op)
    {
        var (a, b, c) = (request.Input(0).Shape, request.Input(1).Shape, request.Output().Shape);
        var k = op.TransposeLeft ? a.Dims[^2] : a.Dims[^1];
        var (m, n) = (c.Dims[^2], c.Dims[^1]);
        var shape = new GemmShape(m, n, k) { TransposeA = op.TransposeLeft, TransposeB = op.TransposeRight };

        // The innermost leading axes along which both operands have constant strides are one batch; the axes before them are looped over.
        var rank = c.Rank - 2;
        var (count, axis) = (1, rank - 1);
        var (strideA, strideB) = (0, 0);
        for (; axis >= 0; axis--)
        {
            var size = c.Dims[axis];
            if (size == 1) continue;
            var (sa, sb) = (Stride(a, axis, rank), Stride(b, axis, rank));
            if (count == 1) (strideA, strideB) = (sa, sb);
            else if (sa != strideA * count || sb != strideB * count) break;
            count *= size;
        }

        var runs = new List<(int, int, int)>();
        Walk(0, 0, 0, 0);
        return new ProductKernel(new MatrixProduct(shape, new ProductBatch(count, strideA, strideB, m * n)), request, request.Epilogue.Bias, [.. runs]);

        void Walk(int outer, int left, int right, int result)
        {
            if (outer > axis)
            {
                runs.Add((left, right, result));
                return;
            }

            var inner = m * n;
            for (var i = outer + 1; i < rank; i++) inner *= c.Dims[i];
            for (var i = 0; i < c.Dims[outer]; i++)
                Walk(outer + 1, left + (i * Stride(a, outer, rank)), right + (i * Stride(b, outer, rank)), result + (i * inner));
        }
    }

    public override void Run(in RunContext context)
    {
        var terms = new ProductTerms { Bias = _bias?.Memory ?? default(Memory<float>), Relu = _relu };
        foreach (var (left, right, result) in _runs)
            _product.Run(context.Pool, _left.Memory[left..], _right.Memory[right..], _result.Memory[result..], _workspace.Memory, terms);
    }

    /// <summary>The stride of an operand along a leading axis of the result, in floats; 0 if the operand is repeated.</summary>
    private static int Stride(Shape operand, int axis, int leading)
    {
        var own = axis - (leading - (operand.Rank - 2));
        if (own < 0 || operand.Dims[own] == 1) return 0;
        var stride = 1;
        foreach (var dim in operand.Dims[(own + 1)..]) stride *= dim;
        return stride;
    }
}
