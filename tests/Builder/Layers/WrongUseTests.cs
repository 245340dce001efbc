using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.Builder.Layers;

[TestClass]
public sealed class WrongUseTests
{
    [TestMethod]
    [DynamicData(nameof(WrongUses.Rows), typeof(WrongUses))]
    public void A_mistake_is_a_sentence_that_says_where_what_and_what_to_do(WrongUse row)
    {
        var error = Assert.ThrowsExactly<ModelException>(row.Mistake);
        Console.WriteLine(error.Message);
        foreach (var part in row.Says) StringAssert.Contains(error.Message, part);
        Assert.EndsWith(".", error.Message);
    }
}
