using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

[TestClass]
[TestCategory("Kernels")]
public sealed class GemmTests
{
    // Sizes around every boundary of tile rows (6, 12), panel columns (8, 16, 32) and their halves.
    private static readonly int[] Sizes = [1, 2, 3, 5, 7, 8, 11, 12, 13, 16, 17, 23, 31, 32, 33, 48, 65];

    [TestMethod]
    public void All_transposes_and_odd_sizes_equal_the_reference()
    {
        foreach (var m in Sizes)
            foreach (var n in Sizes)
                foreach (var k in new[] { 1, 3, 10, 17 })
                    for (var pair = 0; pair < 4; pair++) new Case(m, n, k) { TransposeA = (pair & 1) != 0, TransposeB = (pair & 2) != 0 }.Check();
    }

    [TestMethod]
    [DataRow(3, 7, 0)]
    [DataRow(13, 33, 511)]
    [DataRow(13, 33, 512)]
    [DataRow(13, 10, 513)]
    [DataRow(25, 1, 1025)]
    [DataRow(1, 17, 1025)]
    [DataRow(1, 2100, 5)]
    [DataRow(2100, 1, 5)]
    [DataRow(14, 40, 784)]
    public void A_depth_across_blocks_equals_the_reference(int m, int n, int k)
    {
        for (var pair = 0; pair < 4; pair++)
        {
            var product = new Case(m, n, k) { TransposeA = (pair & 1) != 0, TransposeB = (pair & 2) != 0 };
            product.Check();
            (product with { Bias = true, Relu = true }).Check();
            (product with { Bias = true, Accumulate = true, Slack = 3 }).Check();
            (product with { Residual = true }).Check();
        }
    }

    [TestMethod]
    public void Terms_and_strides_equal_the_reference()
    {
        foreach (var (m, n, k) in new[] { (1, 1, 1), (1, 19, 7), (19, 1, 7), (7, 10, 3), (12, 32, 8), (13, 33, 9), (29, 70, 17), (31, 16, 5) })
            for (var bits = 0; bits < 64; bits++)
            {
                new Case(m, n, k)
                {
                    TransposeA = (bits & 1) != 0,
                    TransposeB = (bits & 2) != 0,
                    Bias = (bits & 4) != 0,
                    Accumulate = (bits & 24) == 8,
                    Residual = (bits & 24) == 16,
                    Relu = (bits & 32) != 0,
                    Slack = bits % 5,
                }.Check();
            }
    }

    // Large enough to be divided into parts of rows and of columns, with strides of 1024 floats so that A and B are packed, shared or per part.
    [TestMethod]
    [DataRow(150, 300, 100, 0)]
    [DataRow(131, 200, 80, 1024)]
    [DataRow(300, 129, 60, 1024)]
    [DataRow(40, 1000, 60, 1024)]
    [DataRow(200, 40, 600, 1024)]
    public void Several_parts_equal_the_reference(int m, int n, int k, int stride)
    {
        for (var pair = 0; pair < 4; pair++)
        {
            var (transposeA, transposeB) = ((pair & 1) != 0, (pair & 2) != 0);
            new Case(m, n, k) { TransposeA = transposeA, TransposeB = transposeB, Stride = stride, Bias = true, Residual = true, Relu = true }.Check();
        }
    }

    [TestMethod]
    public void A_packed_operand_gives_the_bits_of_an_unpacked_one()
    {
        foreach (var (m, n, k) in new[] { (5, 10, 7), (32, 256, 64), (13, 33, 600), (12, 32, 512), (7, 17, 1), (2, 1, 9) })
            for (var pair = 0; pair < 4; pair++)
            {
                var product = new Case(m, n, k) { TransposeA = (pair & 1) != 0, TransposeB = (pair & 2) != 0, Bias = true };
                var expected = product.Run();
                var packed = product with { PackedB = true };
                if (n > 1) CollectionAssert.AreEqual(expected, packed.Run(), product.ToString());
                packed.Check();
            }
    }

    [TestMethod]
    public void A_packed_operand_used_twice_gives_both_products()
    {
        const int n = 20, k = 33;
        var b = Values(k * n, 1);
        var packed = new float[PackedMatrix.Floats(k, n)];
        PackedMatrix.Pack(b, n, false, k, n, packed);
        foreach (var m in new[] { 3, 14 })
        {
            var blocking = new GemmBlocking(new GemmShape(m, n, k) { PackedB = true });
            var a = Values(m * k, m);
            var c = new float[m * n];
            Gemm.Multiply(blocking, a, packed, c, new float[blocking.WorkspaceFloats]);
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                {
                    var sum = 0.0;
                    for (var l = 0; l < k; l++) sum += (double)a[(i * k) + l] * b[(l * n) + j];
                    Assert.AreEqual(sum, c[(i * n) + j], 1e-5);
                }
        }
    }

    [TestMethod]
    public void Panels_packed_piece_by_piece_equal_those_packed_at_once()
    {
        foreach (var transposed in new[] { false, true })
        {
            const int k = 530, n = 75;
            var stride = (transposed ? k : n) + 2;
            var b = Values((transposed ? n : k) * stride, 3);
            var whole = new float[PackedMatrix.Floats(k, n)];
            var pieces = new float[whole.Length];
            PackedMatrix.Pack(b, stride, transposed, k, n, whole);
            for (var panel = PackedMatrix.Panels(n) - 1; panel >= 0; panel--) PackedMatrix.PackPanels(b, stride, transposed, k, n, panel, panel + 1, pieces);
            CollectionAssert.AreEqual(whole, pieces);
        }
    }

    [TestMethod]
    public void NaN_passes_through_relu()
    {
        foreach (var (m, n) in new[] { (13, 33), (1, 5), (5, 1) })
        {
            var blocking = new GemmBlocking(new GemmShape(m, n, 2));
            var a = new float[m * 2];
            a[0] = float.NaN;
            var c = new float[m * n];
            Gemm.Multiply(blocking, a, new float[2 * n], c, new float[blocking.WorkspaceFloats], new GemmTerms { Relu = true });
            for (var j = 0; j < n; j++) Assert.IsTrue(float.IsNaN(c[j]));
            for (var j = n; j < c.Length; j++) Assert.AreEqual(0f, c[j]);
        }
    }

    [TestMethod]
    public void An_epilogue_sees_every_value_once_at_its_place()
    {
        foreach (var (m, n, k) in new[] { (1, 40, 3), (40, 1, 3), (14, 75, 520), (300, 200, 64), (1, 3000, 70) })
        {
            var product = new Case(m, n, k) { Bias = true };
            var expected = product.Run();
            var places = new float[m * n];
            var actual = product.Run(new PlaceEpilogue(places, n));
            for (var i = 0; i < m * n; i++) Assert.AreEqual(expected[i] + 1000 + i, actual[i], 0.01f);
            foreach (var count in places) Assert.AreEqual(1f, count);
        }
    }

    [TestMethod]
    public void Operator_epilogues_equal_the_pass_afterwards()
    {
        foreach (var (m, n, k) in new[] { (7, 10, 3), (13, 33, 520), (300, 200, 64), (1, 50, 5), (50, 1, 5) })
        {
            var product = new Case(m, n, k) { Bias = true, Slack = 2 };
            var expected = product.Run();
            var operand = Values(m * n, 5);
            var multiplied = product.Run(new OperandEpilogue<MultiplyOperator>(default, operand, n));
            for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i] * operand[i], multiplied[i]);

            ElementwiseLoops.Apply(default(TanhOperator), expected, expected);
            CollectionAssert.AreEqual(expected, product.Run(new OperatorEpilogue<TanhOperator>(default)));
        }
    }

    [TestMethod]
    public void No_rows_or_columns_do_nothing()
    {
        foreach (var (m, n, k) in new[] { (0, 3, 2), (3, 0, 2), (0, 0, 0) })
        {
            var blocking = new GemmBlocking(new GemmShape(m, n, k));
            Gemm.Multiply(blocking, new float[m * k], new float[k * n], [], new float[blocking.WorkspaceFloats]);
        }
    }

    [TestMethod]
    public void A_short_operand_is_named_with_its_shape()
    {
        var blocking = new GemmBlocking(new GemmShape(4, 5, 6));
        var thrown = Assert.ThrowsExactly<ArgumentException>(
            () => Gemm.Multiply(blocking, new float[24], new float[29], new float[20], new float[blocking.WorkspaceFloats]));
        StringAssert.Contains(thrown.Message, "B is [6, 5] with a row stride of 5 and does not fit in 29 floats", StringComparison.Ordinal);
        thrown = Assert.ThrowsExactly<ArgumentException>(
            () => Gemm.Multiply(blocking, new float[24], new float[30], new float[19], new float[blocking.WorkspaceFloats]));
        StringAssert.Contains(thrown.Message, "C is [4, 5]", StringComparison.Ordinal);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new GemmBlocking(new GemmShape(4, 5, 6) { StrideA = 5 }));
    }

    internal static float[] Values(int length, int seed)
    {
        var random = new Random(seed);
        var values = new float[length];
        for (var i = 0; i < length; i++) values[i] = (random.NextSingle() * 2) - 1;
        return values;
    }

    private readonly struct PlaceEpilogue(float[] places, int columns) : IEpilogue
    {
        public void Apply(Span<float> values, int row, int column)
        {
            for (var j = 0; j < values.Length; j++)
            {
                values[j] += 1000 + (row * columns) + column + j;
                places[(row * columns) + column + j]++;
            }
        }
    }

    /// <summary>
    /// One product next to a reference in double precision. Memory that must not be read or written holds NaN: gaps between rows, margins, the workspace.
    /// </summary>
    private sealed record Case(int M, int N, int K)
    {
        private const int Guard = 40;

        public bool TransposeA { get; init; }
        public bool TransposeB { get; init; }
        public bool PackedB { get; init; }
        public bool Bias { get; init; }
        public bool Residual { get; init; }
        public bool Accumulate { get; init; }
        public bool Relu { get; init; }
        public int Slack { get; init; }
        public int Stride { get; init; }

        public float[] Run() => Run(default(NoEpilogue));

        public void Check() => Run(default(NoEpilogue), check: true);

        public float[] Run<TEpilogue>(TEpilogue epilogue, bool check = false) where TEpilogue : struct, IEpilogue
        {
            var shape = new GemmShape(M, N, K)
            {
                TransposeA = TransposeA,
                TransposeB = TransposeB,
                PackedB = PackedB,
                StrideA = StrideOf(TransposeA ? M : K),
                StrideB = StrideOf(TransposeB ? K : N),
                StrideC = N + Slack,
            };
            var blocking = new GemmBlocking(shape);
            var a = Poisoned(TransposeA ? K : M, TransposeA ? M : K, shape.StrideA, 1);
            var b = Poisoned(TransposeB ? N : K, TransposeB ? K : N, shape.StrideB, 2);
            var start = Poisoned(M, N, shape.StrideC, 3);
            var c = (float[])start.Clone();
            var lengthC = c.Length - (2 * Guard);
            var bias = Values(N, 4);
            var workspace = new float[blocking.WorkspaceFloats + (2 * Guard)];
            Array.Fill(workspace, float.NaN);
            if (!Accumulate)
            {
                for (var i = 0; i < M; i++) Array.Fill(c, float.NaN, Guard + (i * shape.StrideC), N);
            }

            var right = Inner(b);
            if (PackedB)
            {
                var packed = new float[PackedMatrix.Floats(K, N)];
                Array.Fill(packed, float.NaN);
                PackedMatrix.Pack(right, shape.StrideB, TransposeB, K, N, packed);
                right = packed;
            }

            var terms = new GemmTerms
            {
                Bias = Bias ? bias : default(ReadOnlySpan<float>),
                Residual = Residual ? Inner(start) : default(ReadOnlySpan<float>),
                Accumulate = Accumulate,
                Relu = Relu,
            };
            Gemm.Multiply(blocking, Inner(a), right, c.AsSpan(Guard, lengthC), workspace.AsSpan(Guard, blocking.WorkspaceFloats), terms, epilogue);

            var result = new float[M * N];
            for (var i = 0; i < M; i++) Array.Copy(c, Guard + (i * shape.StrideC), result, i * N, N);
            if (!check) return result;

            for (var i = 0; i < M; i++)
                for (var j = 0; j < N; j++)
                {
                    double sum = Bias ? bias[j] : 0;
                    var size = Math.Abs(sum) + 1;
                    if (Residual || Accumulate) sum += start[Guard + (i * shape.StrideC) + j];
                    for (var k = 0; k < K; k++)
                    {
                        var x = a[Guard + (TransposeA ? (k * shape.StrideA) + i : (i * shape.StrideA) + k)];
                        var y = b[Guard + (TransposeB ? (j * shape.StrideB) + k : (k * shape.StrideB) + j)];
                        sum += (double)x * y;
                        size += Math.Abs((double)x * y);
                    }

                    var expected = Relu ? Math.Max(0, sum) : sum;
                    if (!(Math.Abs(expected - result[(i * N) + j]) <= size * 2e-6))
                    {
                        Assert.Fail($"{this} at [{i}, {j}]: {result[(i * N) + j]} instead of {expected}");
                    }
                }

            for (var i = 0; i < c.Length; i++)
            {
                var inside = i - Guard;
                var isResult = inside >= 0 && inside < lengthC && inside % shape.StrideC < N;
                if (!isResult && !float.IsNaN(c[i])) Assert.Fail($"{this} wrote outside of C, at {inside}");
            }

            for (var i = 0; i < Guard; i++)
                if (!float.IsNaN(workspace[i]) || !float.IsNaN(workspace[^(i + 1)])) Assert.Fail($"{this} wrote outside of its workspace");
            return result;
        }

        private int StrideOf(int width) => Math.Max(1, Stride > 0 ? Stride : width + Slack);

        private static ReadOnlySpan<float> Inner(float[] values) => values.AsSpan(Guard, values.Length - (2 * Guard));

        private static float[] Poisoned(int rows, int width, int stride, int seed)
        {
            var values = new float[(2 * Guard) + (rows == 0 ? 0 : ((rows - 1) * stride) + width)];
            Array.Fill(values, float.NaN);
            var content = Values(rows * width, seed);
            for (var i = 0; i < rows; i++) content.AsSpan(i * width, width).CopyTo(values.AsSpan(Guard + (i * stride)));
            return values;
        }
    }
}
