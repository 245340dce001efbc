using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Builder;

[TestClass]
public sealed class OpCaseTests
{
    private static readonly WorkerPool s_one = new(1);
    private static readonly WorkerPool s_two = new(2);

    [TestMethod]
    [TestCategory("Ops")]
    [DynamicData(nameof(OpCases.Names), typeof(OpCases))]
    public void Operator_agrees_with_its_reference_its_gradient_and_itself(string name)
    {
        var row = OpCases.Named(name);
        var seed = name.Aggregate(17, (hash, letter) => unchecked((hash * 31) + letter)) & 0xffffff;
        var random = new Random(seed);
        double[][] values = [.. row.Inputs.Select(input => input.Fill(random))];

        var inputs = OpRun.Placeholders(row.Inputs, row.UnknownBatch);
        var outputs = row.Apply(inputs);
        var run = OpRun.Of(inputs, outputs, row.Inputs, row.Training);
        CheckShapes(row, outputs, run);
        CheckNumbers(row, run, values);
        CheckRepetition(row, inputs, outputs, run, values);
        if (row.Differentiable) new DifferenceCheck(s_one, values, seed).Run(row, row.Training);
    }

    /// <summary>The rule gives the shapes of the run, and with an unknown batch shapes that fit them.</summary>
    private static void CheckShapes(OpCase row, SymbolicTensors outputs, OpRun run)
    {
        SymbolicTensors known = row.Apply(OpRun.Placeholders(row.Inputs, unknownBatch: false));
        for (var i = 0; i < known.Count; i++)
        {
            Assert.IsTrue(known[i].Shape.IsKnown, $"output {i} of known inputs is {known[i].Shape}");
            Assert.AreEqual(known[i].Shape, run.Shapes[i], $"output {i}");
            Assert.IsTrue(
                outputs[i].Shape.IsCompatibleWith(known[i].Shape),
                $"output {i} is {outputs[i].Shape} with an unknown batch, but {known[i].Shape} with a known one");
        }
    }

    private static void CheckNumbers(OpCase row, OpRun run, double[][] values)
    {
        if (row.Reference is null) return;
        var expected = row.Reference([.. row.Inputs.Zip(values, (input, numbers) => new Plain(input.Dims, [.. numbers]))]);
        var actual = run.Run(s_one, values);
        Assert.HasCount(expected.Length, actual, "outputs");
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(Shape.Of(expected[i].Dims), run.Shapes[i], $"output {i}");
            for (var j = 0; j < expected[i].Values.Length; j++)
            {
                var (wanted, got) = (expected[i].Values[j], actual[i][j]);
                if (wanted.Equals(got)) continue;
                Assert.IsTrue(Math.Abs(wanted - got) <= row.Tolerance * (1 + Math.Abs(wanted)), $"output {i}, element {j}: expected {wanted:G8}, was {got:G8}");
            }
        }
    }

    /// <summary>The same bits on a second run, with another plan, and with two threads; different values in another step if the operator is random.</summary>
    private static void CheckRepetition(OpCase row, SymbolicTensor[] inputs, SymbolicTensors outputs, OpRun run, double[][] values)
    {
        var bits = run.Bytes(s_one, values);
        CollectionAssert.AreEqual(bits, run.Bytes(s_one, values), "a second run differs");
        CollectionAssert.AreEqual(bits, run.Bytes(s_two, values), "two threads differ from one");
        CollectionAssert.AreEqual(bits, OpRun.Of(inputs, outputs, row.Inputs, row.Training).Bytes(s_two, values), "a second plan differs");
        if (row.Random) CollectionAssert.AreNotEqual(bits, run.Bytes(s_one, values, step: 4), "another step draws the same numbers");
    }
}
