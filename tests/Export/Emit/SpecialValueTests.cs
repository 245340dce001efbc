using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>What operators make of unusual numbers is the same in engine and ONNX Runtime, but for a table of deviations.</summary>
[TestClass]
public sealed class SpecialValueTests
{
    private static readonly WorkerPool s_pool = new(1);

    public static IEnumerable<object[]> Cases =>
        from name in OpAgreementTests.Names from kind in SpecialValues.Kinds where Applies(OpCases.Named((string)name[0]), kind) select new[] { name[0], kind };

    [TestMethod]
    [TestCategory("Ops")]
    [DynamicData(nameof(Cases))]
    public void Operator_makes_the_same_of_unusual_numbers(string name, string kind)
    {
        var difference = Difference(name, kind);
        if (!SpecialValues.MayDeviate(OpCases.Named(name).Op.Name, kind)) Assert.IsNull(difference, difference);
    }

    public static IEnumerable<object[]> Deviations =>
        from deviation in SpecialValues.Deviations
        from operators in deviation.ByProcessor ? [deviation.Operators] : deviation.Operators.Select(op => new[] { op })
        select new object[] { deviation.Kind, operators };

    /// <summary>
    /// A row of the table that states a difference which is no longer there is removed. Where a difference depends on the processor, not every
    /// operator of the row shows it on each machine, but one does.
    /// </summary>
    [TestMethod]
    [TestCategory("Ops")]
    [DynamicData(nameof(Deviations))]
    public void Every_deviation_of_the_table_exists(string kind, string[] operators)
    {
        var cases = OpAgreementTests.Names.Select(name => (string)name[0])
            .Where(name => operators.Contains(OpCases.Named(name).Op.Name) && Applies(OpCases.Named(name), kind));
        Assert.IsTrue(
            cases.Any(name => Enumerable.Range(0, 8).Any(seed => Difference(name, kind, seed) is not null)),
            $"{string.Join(", ", operators)}: the same of {kind} in engine and ONNX Runtime now. Remove that from SpecialValues and docs/numbers.md.");
    }

    /// <summary>The first difference between engine and ONNX Runtime; null if there is none.</summary>
    private static string? Difference(string name, string kind, int seed = 5)
    {
        var row = OpCases.Named(name);
        var random = new Random(seed);
        double[][] values = [.. row.Inputs.Select(input => SpecialValues.Fill(input, kind, random))];
        var inputs = OpRun.Placeholders(row.Inputs, row.UnknownBatch);
        var outputs = row.Apply(inputs);
        var engine = OpRun.Of(inputs, outputs, row.Inputs).Run(s_pool, values);
        var emitted = new Model(inputs, outputs).Emit();
        foreach (var optimization in new[] { GraphOptimization.None, GraphOptimization.All })
        {
            var options = new OnnxModelOptions { Optimization = optimization, IntraOpThreads = 1 };
            using var session = OnnxSession.Open(emitted.Proto.ToByteArray(), "the model", ExecutionProvider.Cpu, options);
            string[] names = [.. emitted.Inputs.Select(input => input.Name)];
            var results = session.Run(names, [.. row.Inputs.Zip(values, OpAgreementTests.Value)], null, CancellationToken.None);
            for (var i = 0; i < results.Length; i++)
            {
                var runtime = EmittedRun.Floats(results[i]);
                for (var j = 0; j < runtime.Length; j++)
                {
                    if (!Same(engine[i][j], runtime[j], row.Tolerance, signs: kind == "zeros"))
                        return $"output {i}, element {j}: engine {engine[i][j]:G8}, ONNX Runtime {runtime[j]:G8} ({optimization})";
                }
            }
        }

        return null;
    }

    /// <summary>The tolerance of operators is far above denormals, so whether they are flushed to zero is asked here.</summary>
    [TestMethod]
    public void Denormals_are_flushed_on_neither_side()
    {
        float[] numbers = [float.Epsilon, -1e-40f, 1e-39f, 1.1754942e-38f, -2e-38f];
        float[] others = [float.Epsilon, 3e-41f, -3e-40f, 1e-40f, 1.5e-38f];
        SymbolicTensor x = OpRun.Input([5], name: "x"), y = OpRun.Input([5], name: "y");
        foreach (var (result, of) in new (SymbolicTensor, Func<float, float, float>)[] { (x + y, (a, b) => a + b), (x - (y * 2), (a, b) => a - (b * 2)) })
        {
            double[][] values = [[.. numbers.Select(number => (double)number)], [.. others.Select(number => (double)number)]];
            var engine = OpRun.Of([x, y], [result]).Run(s_pool, values)[0];
            var runtime = new Model([x, y], result).Emit().Run(OnnxValue.Of(numbers, [5]), OnnxValue.Of(others, [5]))[0];
            for (var i = 0; i < numbers.Length; i++)
            {
                var expected = of(numbers[i], others[i]);
                Assert.IsTrue(expected != 0 && Math.Abs(expected) < 6e-38f, "the test's own numbers");
                Assert.AreEqual(expected, (float)engine[i], $"engine, {i}");
                Assert.AreEqual(expected, runtime[i], $"ONNX Runtime, {i}");
            }
        }
    }

    /// <summary>docs/numbers.md holds the table.</summary>
    [TestMethod]
    public void The_documentation_lists_all_deviations()
    {
        var text = File.ReadAllText(Repository.PathOf("docs", "numbers.md"));
        foreach (var (kind, operators, reason) in SpecialValues.Deviations)
            StringAssert.Contains(text, $"| {kind} | {string.Join(", ", operators)} | {reason} |");
        var rows = text.Split('\n').Count(line => line.StartsWith("| ", StringComparison.Ordinal));
        Assert.AreEqual(1 + SpecialValues.Deviations.Count, rows, "rows of the table, with its head");
    }

    /// <summary>Whether a sum of largest numbers overflows depends on its order, which is not defined.</summary>
    private static bool Applies(OpCase row, string kind) => kind != "largest numbers" || row.Op.IsElementwise || row.Op.Moves(0);

    private static bool Same(double engine, double runtime, double tolerance, bool signs)
    {
        if (double.IsNaN(engine) || double.IsNaN(runtime)) return double.IsNaN(engine) && double.IsNaN(runtime);
        if (engine == 0 && runtime == 0) return !signs || double.IsNegative(engine) == double.IsNegative(runtime);
        if (engine.Equals(runtime)) return true;
        return double.IsFinite(engine) && double.IsFinite(runtime) && Math.Abs(engine - runtime) <= Math.Max(tolerance, 1e-5) + (1e-4 * Math.Abs(engine));
    }
}
