using System.Runtime.CompilerServices;
using System.Text.Json;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Operators;
using OnnxFunctional.Serialization;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Builder;

/// <summary>
/// Every operator has a case and rows for its gradient, kernel and ONNX form. Failures name the operator, the missing row and its file.
/// </summary>
[TestClass]
[TestCategory("Ops")]
public sealed class OperatorTableTests
{
    public static IEnumerable<object[]> Operators => typeof(Op).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract && !type.IsSubclassOf(typeof(SourceOp)))
        .OrderBy(type => type.Name, StringComparer.Ordinal).Select(type => new object[] { type.Name, type });

    [TestMethod]
    [DynamicData(nameof(Operators))]
    public void Every_operator_has_a_case(string name, Type type)
    {
        // Cases are of numbers; TextModelTests and TextExportTests are those of text.
        if (type.IsSubclassOf(typeof(TextOp))) return;
        Assert.IsTrue(OpCases.All.Any(row => row.Op.GetType() == type), $"{name} has no case: add a row to its family in tests/Cases/OpCases.*.cs.");
    }

    [TestMethod]
    [DynamicData(nameof(Operators))]
    public void Every_operator_has_a_gradient_row(string name, Type type)
    {
        if (OpCases.All.FirstOrDefault(row => row.Op.GetType() == type) is not { } row) return;
        var outputs = row.Apply(OpRun.Placeholders(row.Inputs, unknownBatch: false));
        var node = outputs[0].Value.Producer;
        if (node.Op.GetType() != type) return;
        var upstream = outputs.Select(output => output.DType == DType.Float32 ? Ops.OnesLike(output) : null).ToArray();
        Array.Resize(ref upstream, node.Outputs.Count);
        try
        {
            GradientRules.Of(new GradientContext(node, upstream, [.. node.Inputs], null));
        }
        catch (ModelException error) when (error.Message.Contains("does not exist", StringComparison.Ordinal))
        {
            // Refused, with a reason: that is a row.
            Assert.DoesNotContain(
                "no rule was written",
                error.Message,
                $"{name} has no row in src/Training/Gradients/GradientRules.cs, and no definition in Decompositions.cs that could be differentiated: "
                + "add a rule, or [null] where no gradient flows back.");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Operators))]
    public void Every_operator_has_a_kernel_row(string name, Type type)
    {
        var op = (Op)RuntimeHelpers.GetUninitializedObject(type);

        // Views and these are gone before kernels are chosen: handed on, specialized, or computed from shapes.
        if (op is ViewOp or Identity or StopGradient or Phase or OnnxFunctional.Operators.Size or Positions) return;
        Assert.IsTrue(
            KernelTable.Has(op) || Decompositions.Has(op),
            $"{name} has no row in KernelTable.cs or ElementwiseTable.cs (src/Training/Kernels), "
            + "and no definition in src/Training/Gradients/Decompositions.cs from which the engine could compute it.");
    }

    [TestMethod]
    [DynamicData(nameof(Operators))]
    public void Every_operator_has_an_emitter_row(string name, Type type) =>
        Assert.IsNotNull(
            EmitterTable.Find((Op)RuntimeHelpers.GetUninitializedObject(type)),
            $"{name} has no row in src/Export/Emit/EmitterTable.cs, "
            + "and no definition in src/Training/Gradients/Decompositions.cs from which it could be written.");

    [TestMethod]
    public void What_a_file_says_of_an_operator_can_be_read()
    {
        foreach (var row in OpCases.All.Where(row => row.Build is null))
        {
            var node = row.Apply(OpRun.Placeholders(row.Inputs, unknownBatch: false))[0].Value.Producer;
            if (WrittenFunctions.Write(node) is not { } written) continue;
            var made = KerasFunctions.Make(written.Module, written.ClassName, JsonSerializer.SerializeToElement(written.Config("x")), "x");
            Assert.AreEqual(written.ClassName, made.ClassName, row.Name);
        }
    }

    [TestMethod]
    public void Cases_have_names_of_their_own_and_a_reference_or_a_reason()
    {
        var twice = OpCases.All.CountBy(row => row.Name).Where(group => group.Value > 1);
        Assert.AreEqual("", string.Join(", ", twice.Select(group => group.Key)), "names of two rows");
        var open = OpCases.All.Where(row => row.Reference is null && row.CheckedElsewhere is null);
        Assert.AreEqual("", string.Join(", ", open.Select(row => row.Name)), "rows without a reference and without a reason");
    }
}
