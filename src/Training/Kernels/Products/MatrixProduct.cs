using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

// How products are blocked, and the measurements behind it (float32, one core of an EPYC Zen 4, whose micro-kernel alone reaches at most 117 GFLOP/s):
//
// - Tiles of 12 x 32 in registers (6 x 16 with AVX2, 6 x 8 with 128 bits), then 8, 4, 2 and 1 rows for what is left and half the columns for narrow results:
//   113 GFLOP/s at 12 x 32, 117 at 8 x 32 and 12 x 16, 83 at 2 x 32; 102 even at K = 10. One micro-kernel reads plain, transposed and packed operands:
//   rows and steps of A, and steps of B, have strides.
// - A and B are read in place unless B is transposed or the strides are bad for the caches (GemmBlocking.PackingBPays):
//   128 x 512 x 784 runs at 114 GFLOP/s unpacked and at 109 packed.
//   Transposing B costs 8% at M = 128 and 20% at M = 32, hence PackedMatrix for weights that are used more than once.
// - The sum is cut into equal blocks of at most 512 steps (784 is 2 x 392, not 512 + 272), rows into blocks of at most 144. A block of 144 x 512 of A
//   is 288 KB, so it stays in L2 while panels of B, 64 KB each, pass through. 384 steps, or 96 or 192 rows, measure the same within noise.
// - A block is computed panel by panel and, within a panel, tile by tile. The accumulators start from bias, residual or C itself, and relu is a maximum
//   before storing, so neither takes a pass of its own. Any other epilogue runs over rows of the finished block, in L2.
// - A single row or column has loops of its own (GemmVector): 44 GFLOP/s from L2, 25 from L3, limited by memory.
// - Parts are cut by rows first, then by columns: at most 16, each at least 20 microseconds long. What several parts read is packed in advance, in parallel.

/// <summary>The number and the strides, in floats, of a batch of equal products. A stride of 0 uses the same operand again.</summary>
/// <param name="Count">The number of products.</param>
/// <param name="StrideA">The stride from one A to the next.</param>
/// <param name="StrideB">The stride from one B, packed or not, to the next.</param>
/// <param name="StrideC">The stride from one C to the next, and from one residual to the next.</param>
internal readonly record struct ProductBatch(int Count, int StrideA, int StrideB, int StrideC);

/// <summary>What is added to a product and applied to the result; nothing by default. All products of a batch share the bias.</summary>
internal readonly record struct ProductTerms
{
    /// <summary>A row [N] added to every row.</summary>
    public ReadOnlyMemory<float> Bias { get; init; }

    /// <summary>A matrix in the layout of C that is added.</summary>
    public ReadOnlyMemory<float> Residual { get; init; }

    /// <summary>Whether the product is added to C.</summary>
    public bool Accumulate { get; init; }

    /// <summary>Whether negative results become zero.</summary>
    public bool Relu { get; init; }
}

/// <summary>A matrix product, or a batch of them, on all threads. It is created once for its shape and runs any number of times without allocating.</summary>
/// <remarks>A run keeps its operands in fields, so an object serves one run at a time.</remarks>
internal sealed class MatrixProduct : MatrixProduct<NoEpilogue>
{
    /// <summary>Creates a single product.</summary>
    public MatrixProduct(GemmShape shape)
        : base(shape)
    {
    }

    /// <summary>Creates a batch of equal products.</summary>
    public MatrixProduct(GemmShape shape, ProductBatch batch)
        : base(shape, batch)
    {
    }
}

/// <summary>A matrix product with an epilogue over its finished rows. The rows of a batch are numbered consecutively.</summary>
internal class MatrixProduct<TEpilogue> : IParallelWork where TEpilogue : struct, IEpilogue
{
    private const double OperationsPerPart = 2e6;
    private const int MaxParts = 16;

    private enum Phase
    {
        PackOne,
        MultiplyOne,
        MultiplyGroup,
    }

    private readonly GemmBlocking _blocking;
    private readonly ProductBatch _batch;
    private readonly bool _packsOnce;
    private readonly int _groups;
    private Phase _phase;
    private int _item;
    private ReadOnlyMemory<float> _a;
    private ReadOnlyMemory<float> _b;
    private Memory<float> _c;
    private Memory<float> _workspace;
    private ProductTerms _terms;
    private TEpilogue _epilogue;

    /// <summary>Creates a single product.</summary>
    public MatrixProduct(GemmShape shape)
        : this(shape, new ProductBatch(1, 0, 0, 0))
    {
    }

    /// <summary>Creates a batch of equal products. Results must not overlap; a sum over a batch is one product with a longer K.</summary>
    public MatrixProduct(GemmShape shape, ProductBatch batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch.Count);
        var blocking = new GemmBlocking(shape);
        if (batch.Count > 1 && batch.StrideC < (shape.M == 0 ? 0 : ((shape.M - 1L) * blocking.StrideC) + shape.N))
            throw new ArgumentException($"results of [{shape.M}, {shape.N}] cannot lie {batch.StrideC} floats apart", nameof(batch));

        // A batch with one B, whose rows are contiguous from product to product, is one product with more rows.
        if (batch.Count > 1 && batch.StrideB == 0 && !shape.TransposeA
            && batch.StrideA == (long)shape.M * blocking.StrideA && batch.StrideC == (long)shape.M * blocking.StrideC)
        {
            shape = shape with { M = checked(shape.M * batch.Count), StrideA = blocking.StrideA, StrideC = blocking.StrideC };
            batch = new ProductBatch(1, 0, 0, 0);
            blocking = new GemmBlocking(shape);
        }

        // Products too small to be cut are distributed in groups. If all share a B that needs packing, it is packed once, in advance.
        if (batch.Count > 1 && blocking.Parts == 1)
        {
            var operations = 2.0 * shape.M * shape.N * shape.K * batch.Count;
            _groups = Math.Min(batch.Count, (int)Math.Clamp(operations / OperationsPerPart, 1, MaxParts));
            _packsOnce = batch.StrideB == 0 && blocking.FirstPackedPanel == 0 && blocking.PackedBFloats > 0;
            if (_packsOnce) blocking = new GemmBlocking(shape with { PackedB = true, StrideB = 0 });
        }

        Shape = shape;
        _blocking = blocking;
        _batch = batch;
        PackedBFloats = _packsOnce ? PackedMatrix.Floats(shape.K, shape.N) : 0;
        WorkspaceFloats = checked(PackedBFloats + (Math.Max(1, _groups) * blocking.WorkspaceFloats));
    }

    /// <summary>The scratch memory that a run needs, in floats.</summary>
    public int WorkspaceFloats { get; }

    private GemmShape Shape { get; }

    private int PackedBFloats { get; }

    /// <summary>Computes the product or the batch.</summary>
    // a: op(A) is [M, K]; b: op(B) is [K, N], or packed; c: [M, N]
    public void Run(
        WorkerPool pool,
        ReadOnlyMemory<float> a,
        ReadOnlyMemory<float> b,
        Memory<float> c,
        Memory<float> workspace,
        in ProductTerms terms = default,
        in TEpilogue epilogue = default)
    {
        if (workspace.Length < WorkspaceFloats)
            throw new ArgumentException($"the product needs {WorkspaceFloats} floats of workspace, got {workspace.Length}", nameof(workspace));
        (_a, _b, _c, _terms, _epilogue) = (a, b, c, terms, epilogue);
        _workspace = workspace;
        if (_groups > 0)
        {
            if (_packsOnce)
            {
                var width = Shape.TransposeB ? Shape.K : Shape.N;
                PackedMatrix.Pack(b.Span, Shape.StrideB == 0 ? width : Shape.StrideB, Shape.TransposeB, Shape.K, Shape.N, workspace.Span);
                _b = workspace[..PackedBFloats];
                _workspace = workspace[PackedBFloats..];
            }

            _phase = Phase.MultiplyGroup;
            pool.Run(this, _groups);
            return;
        }

        for (_item = 0; _item < _batch.Count; _item++)
        {
            if (_blocking.PackParts > 0)
            {
                _phase = Phase.PackOne;
                pool.Run(this, _blocking.PackParts);
            }

            _phase = Phase.MultiplyOne;
            pool.Run(this, _blocking.Parts);
        }
    }

    void IParallelWork.Execute(int part)
    {
        switch (_phase)
        {
            case Phase.PackOne:
                Gemm.PackPart(_blocking, Of(_a, _item, _batch.StrideA), Of(_b, _item, _batch.StrideB), _workspace.Span, part);
                break;
            case Phase.MultiplyOne:
                Multiply(_item, part, _workspace.Span);
                break;
            default:
                var first = (int)((long)_batch.Count * part / _groups);
                var end = (int)((long)_batch.Count * (part + 1) / _groups);
                var workspace = _workspace.Span.Slice(part * _blocking.WorkspaceFloats, _blocking.WorkspaceFloats);
                for (var item = first; item < end; item++) Multiply(item, 0, workspace);
                break;
        }
    }

    private static ReadOnlySpan<float> Of(ReadOnlyMemory<float> operand, int item, int stride) => operand.Span[checked(item * stride)..];

    private void Multiply(int item, int part, Span<float> workspace)
    {
        var offset = checked(item * _batch.StrideC);
        var terms = new GemmTerms
        {
            Bias = _terms.Bias.Span,
            Residual = _terms.Residual.IsEmpty ? default : _terms.Residual.Span[offset..],
            Accumulate = _terms.Accumulate,
            Relu = _terms.Relu,
        };
        var a = Of(_a, item, _batch.StrideA);
        var b = Of(_b, item, _batch.StrideB);
        Gemm.MultiplyPart(_blocking, a, b, _c.Span[offset..], workspace, terms, new OfItem(_epilogue, item * _blocking.Shape.M), part);
    }

    // The epilogue of one product of a batch, with rows numbered from the first product on.
    private readonly struct OfItem(TEpilogue epilogue, int firstRow) : IEpilogue
    {
        public static bool IsEmpty => TEpilogue.IsEmpty;

        public void Apply(Span<float> values, int row, int column) => epilogue.Apply(values, firstRow + row, column);
    }
}
