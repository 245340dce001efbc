using OnnxFunctional.Regularizers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Builder.Regularizers;

[TestClass]
public sealed class OrthogonalRegularizerTests
{
    private static readonly WorkerPool s_pool = new(1);

    [TestMethod]
    [DataRow(OrthogonalMode.Rows)]
    [DataRow(OrthogonalMode.Columns)]
    public void It_is_the_mean_absolute_cosine_over_pairs(OrthogonalMode mode)
    {
        double[] matrix = [1, 2, -1, 0.5, 3, 0.25, -2, 1, 1, 1, 0, -1];
        var (vectors, size) = mode == OrthogonalMode.Rows ? (4, 3) : (3, 4);
        double Element(int vector, int i) => mode == OrthogonalMode.Rows ? matrix[(vector * 3) + i] : matrix[(i * 3) + vector];
        double Product(int a, int b) => Enumerable.Range(0, size).Sum(i => Element(a, i) * Element(b, i));
        var cosines = from a in Enumerable.Range(0, vectors)
                      from b in Enumerable.Range(0, a)
                      select Math.Abs(Product(a, b)) / Math.Sqrt(Product(a, a) * Product(b, b));
        Assert.AreEqual(0.5 * cosines.Average(), Penalty(new OrthogonalRegularizer(0.5, mode), [4, 3], matrix), 1e-6);
    }

    [TestMethod]
    public void One_vector_has_no_penalty()
    {
        Assert.AreEqual(0, Penalty(new OrthogonalRegularizer(0.5), [1, 3], [1, 2, 3]));
        Assert.AreEqual(0, Penalty(new OrthogonalRegularizer(0.5, OrthogonalMode.Columns), [3, 1], [1, 2, 3]));
    }

    private static double Penalty(Regularizer regularizer, int[] shape, double[] values)
    {
        var x = OpRun.Input(shape);
        return OpRun.Of([x], [regularizer.Penalty(x)]).Run(s_pool, [values])[0][0];
    }
}
