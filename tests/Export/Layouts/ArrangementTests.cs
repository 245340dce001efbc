using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Tests.Export.Layouts;

[TestClass]
public sealed class ArrangementTests
{
    public static IEnumerable<object[]> Cases() =>
    [
        [new[] { 3, 2, 4, 5 }, new ArrangementStep[] { new TransposeStep([3, 2, 0, 1]) }, "transpose 3,2,0,1"],
        [
            new[] { 3, 12 },
            new ArrangementStep[] { new ReshapeStep([3, 4, 3]), new TakeStep(1, [0, 3, 1, 2]), new TransposeStep([1, 2, 0]), new ReshapeStep([1, 12, 3]) },
            "reshape 3,4,3; take 1,0,3,1,2; transpose 1,2,0; reshape 1,12,3",
        ],
        [new[] { 8 }, new ArrangementStep[] { new ReshapeStep([1, 8]), new AppendZerosStep(1, 8) }, "reshape 1,8; append 1,8"],
        [
            new[] { 14, 2 },
            new ArrangementStep[] { new ReorderStep(0, FeatureOrder.Concatenate([FeatureOrder.Of([2, 2, 3], [2, 0, 1]), FeatureOrder.Plain(2)])) },
            "reorder 0,2x2x3>2,0,1+2>0",
        ],
        [new[] { 4, 5 }, new ArrangementStep[] { new TransposeStep([1, 0]), new TransposeStep([1, 0]), new ReshapeStep([4, 5]) }, "transpose 0,1"],
    ];

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Written_and_read_it_undoes_itself(int[] dims, object steps, string text)
    {
        var shape = Shape.Of(dims);
        var arrangement = Arrangement.Of(shape, (ArrangementStep[])steps);
        Assert.AreEqual(text, arrangement.ToString());
        var data = Enumerable.Range(0, (int)shape.ElementCount).ToArray();
        var stored = arrangement.Apply(data, shape);
        Assert.HasCount((int)arrangement.Apply(shape).ElementCount, stored);
        CollectionAssert.AreEqual(data, Arrangement.Parse(text, shape).Undo(stored, shape));
    }

    [TestMethod]
    public void Transpose_moves_rows_to_columns() =>
        CollectionAssert.AreEqual(new[] { 0, 3, 1, 4, 2, 5 }, new TransposeStep([1, 0]).Apply([0, 1, 2, 3, 4, 5], Shape.Of(2, 3)));

    [TestMethod]
    [DataRow("reshape 3,3")]
    [DataRow("transpose 0,0")]
    [DataRow("transpose 1")]
    [DataRow("take 0,1")]
    [DataRow("take 5,0")]
    [DataRow("append 0,-4")]
    [DataRow("reorder 0,2x2>0")]
    [DataRow("reorder 0,2>1")]
    [DataRow("rotate 1")]
    [DataRow("reshape a")]
    public void What_was_not_written_by_us_is_refused(string text) => Assert.ThrowsExactly<FormatException>(() => Arrangement.Parse(text, Shape.Of(2, 4)));

    [TestMethod]
    public void Transposes_move_every_element_for_every_permutation()
    {
        foreach (var dims in new int[][] { [], [7], [3, 17], [1, 5], [2, 3, 4], [3, 1, 35], [2, 3, 1, 5], [17, 2, 1, 19], [2, 1, 3, 1, 33], [0, 3, 2] })
        {
            var shape = Shape.Of(dims);
            var data = Enumerable.Range(0, (int)shape.ElementCount).ToArray();
            foreach (var permutation in Permutations([.. Enumerable.Range(0, dims.Length)]))
            {
                var step = new TransposeStep([.. permutation]);
                var (moved, target) = (step.Apply(data, shape), step.Apply(shape));
                var expected = new int[data.Length];
                for (var i = 0; i < data.Length; i++)
                {
                    var (rest, at, index) = (i, 0, new int[dims.Length]);
                    for (var axis = dims.Length - 1; axis >= 0; rest /= dims[axis], axis--) index[axis] = rest % dims[axis];
                    for (var axis = 0; axis < dims.Length; axis++) at = (at * target.Dims[axis]) + index[permutation[axis]];
                    expected[at] = i;
                }

                CollectionAssert.AreEqual(expected, moved, $"{shape} by {step}");
                CollectionAssert.AreEqual(data, step.Undo(moved, shape), $"{shape} by {step}, undone");
            }
        }

        static IEnumerable<int[]> Permutations(int[] axes) => axes.Length < 2
            ? [axes]
            : axes.SelectMany(first => Permutations([.. axes.Where(axis => axis != first)]).Select(rest => (int[])[first, .. rest]));
    }
}
