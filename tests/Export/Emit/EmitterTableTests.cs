using System.Runtime.CompilerServices;
using OnnxFunctional.Export.Emit;

namespace OnnxFunctional.Tests.Export.Emit;

[TestClass]
public sealed class EmitterTableTests
{
    public static IEnumerable<object[]> Operators() =>
        typeof(Op).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract).OrderBy(type => type.Name).Select(type => new object[] { type.Name, type });

    [TestMethod]
    [DynamicData(nameof(Operators))]
    public void Every_operator_has_a_row(string name, Type type) => Assert.IsNotNull(EmitterTable.Find((Op)RuntimeHelpers.GetUninitializedObject(type)), name);
}
