using OnnxFunctional.Tests.Training.Simd;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Kernels;

[TestClass]
[TestCategory("Kernels")]
public sealed class MatrixProductTests
{
    [TestMethod]
    [DataRow(128, 300, 100, 0)]
    [DataRow(784, 65, 40, 0)]
    [DataRow(300, 150, 90, 1024)]
    [DataRow(1, 3000, 100, 0)]
    [DataRow(3000, 1, 100, 0)]
    [DataRow(17, 33, 5, 0)]
    public void One_or_two_threads_give_the_same_bits(int m, int n, int k, int stride)
    {
        for (var pair = 0; pair < 4; pair++)
        {
            var (ta, tb) = ((pair & 1) != 0, (pair & 2) != 0);
            var shape = new GemmShape(m, n, k)
            {
                TransposeA = ta,
                TransposeB = tb,
                StrideA = Math.Max(stride, ta ? m : k),
                StrideB = Math.Max(stride, tb ? k : n),
            };
            var a = GemmTests.Values((ta ? k : m) * shape.StrideA, 1);
            var b = GemmTests.Values((tb ? n : k) * shape.StrideB, 2);
            var terms = new ProductTerms { Bias = GemmTests.Values(n, 3), Relu = true };
            var one = Run(shape, default, 1, a, b, m * n, terms);
            CollectionAssert.AreEqual(one, Run(shape, default, 2, a, b, m * n, terms));

            var blocking = new GemmBlocking(shape);
            var direct = new float[m * n];
            Gemm.Multiply(blocking, a, b, direct, new float[blocking.WorkspaceFloats], new GemmTerms { Bias = terms.Bias.Span, Relu = true });
            CollectionAssert.AreEqual(one, direct);
        }
    }

    [TestMethod]
    [DataRow(5, 3, 7, 4)]
    [DataRow(7, 17, 33, 10)]
    [DataRow(3, 140, 100, 150)]
    [DataRow(40, 64, 16, 64)]
    [DataRow(1, 9, 9, 9)]
    [DataRow(0, 9, 9, 9)]
    public void A_batch_equals_product_by_product(int count, int m, int n, int k)
    {
        foreach (var (broadcastA, broadcastB) in new[] { (false, false), (true, false), (false, true), (true, true) })
            for (var pair = 0; pair < 4; pair++)
            {
                var shape = new GemmShape(m, n, k) { TransposeA = (pair & 1) != 0, TransposeB = (pair & 2) != 0 };
                var batch = new ProductBatch(count, broadcastA ? 0 : m * k, broadcastB ? 0 : k * n, m * n);
                var a = GemmTests.Values(broadcastA ? m * k : count * m * k, 1);
                var b = GemmTests.Values(broadcastB ? k * n : count * k * n, 2);
                var terms = new ProductTerms { Residual = GemmTests.Values(count * m * n, 3), Bias = GemmTests.Values(n, 4) };
                var actual = Run(shape, batch, 1, a, b, count * m * n, terms);
                CollectionAssert.AreEqual(actual, Run(shape, batch, 2, a, b, count * m * n, terms));

                var blocking = new GemmBlocking(shape);
                var expected = new float[m * n];
                for (var item = 0; item < count; item++)
                {
                    var itemTerms = new GemmTerms { Residual = terms.Residual.Span[(item * m * n)..], Bias = terms.Bias.Span };
                    var workspace = new float[blocking.WorkspaceFloats];
                    Gemm.Multiply(blocking, a.AsSpan(item * batch.StrideA), b.AsSpan(item * batch.StrideB), expected, workspace, itemTerms);
                    for (var i = 0; i < m * n; i++) Assert.AreEqual(expected[i], actual[(item * m * n) + i], 1e-4f);
                }
            }
    }

    [TestMethod]
    public void A_packed_batch_equals_a_plain_one()
    {
        const int count = 3, m = 5, n = 20, k = 9;
        var a = GemmTests.Values(count * m * k, 1);
        var b = GemmTests.Values(count * k * n, 2);
        var floats = PackedMatrix.Floats(k, n);
        var packed = new float[count * floats];
        for (var item = 0; item < count; item++) PackedMatrix.Pack(b.AsSpan(item * k * n), n, false, k, n, packed.AsSpan(item * floats));
        var shape = new GemmShape(m, n, k);
        CollectionAssert.AreEqual(
            Run(shape, new ProductBatch(count, m * k, k * n, m * n), 2, a, b, count * m * n, default),
            Run(shape with { PackedB = true }, new ProductBatch(count, m * k, floats, m * n), 2, a, packed, count * m * n, default));
    }

    [TestMethod]
    public void A_batch_with_an_epilogue_counts_rows_on()
    {
        foreach (var strideB in new[] { 0, 6 })
        {
            const int count = 4, m = 2, n = 3, k = 2;
            using var pool = new WorkerPool(2);
            var product = new MatrixProduct<RowEpilogue>(new GemmShape(m, n, k), new ProductBatch(count, m * k, strideB, m * n));
            var c = new float[count * m * n];
            product.Run(pool, new float[count * m * k], new float[count * k * n], c, new float[product.WorkspaceFloats]);
            for (var i = 0; i < c.Length; i++) Assert.AreEqual(i / n, c[i]);
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_warm_run_allocates_nothing()
    {
        using var pool = new WorkerPool(1);
        var product = new MatrixProduct(new GemmShape(150, 40, 1024) { TransposeB = true });
        var (a, b, c, workspace) = (new float[150 * 1024], new float[40 * 1024], new float[150 * 40], new float[product.WorkspaceFloats]);
        var bias = new float[40];
        for (var i = 0; i < 3; i++) product.Run(pool, a, b, c, workspace, new ProductTerms { Bias = bias });
        var before = GC.GetAllocatedBytesForCurrentThread();
        product.Run(pool, a, b, c, workspace, new ProductTerms { Bias = bias });
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Overlapping_results_are_refused()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new MatrixProduct(new GemmShape(2, 3, 4), new ProductBatch(2, 8, 12, 5)));
    }

    private static float[] Run(GemmShape shape, ProductBatch batch, int threads, float[] a, float[] b, int length, ProductTerms terms)
    {
        using var pool = new WorkerPool(threads);
        var product = batch == default && shape.M > 0 && length > 0 ? new MatrixProduct(shape) : new MatrixProduct(shape, batch);
        var workspace = new float[product.WorkspaceFloats];
        var c = new float[length];
        for (var repeat = 0; repeat < 2; repeat++)
        {
            Array.Fill(workspace, float.NaN);
            Array.Fill(c, float.NaN);
            product.Run(pool, a, b, c, workspace, terms);
        }

        return c;
    }

    private readonly struct RowEpilogue : IEpilogue
    {
        public void Apply(Span<float> values, int row, int column) => values.Fill(row);
    }
}
