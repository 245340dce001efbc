using System.Text.RegularExpressions;
using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.Builder.Layers;

[TestClass]
public sealed partial class WrongUseTests
{
    [TestMethod]
    [DynamicData(nameof(WrongUses.Rows), typeof(WrongUses))]
    public void A_mistake_is_a_sentence_that_says_where_what_and_what_to_do(WrongUse row)
    {
        var error = Assert.ThrowsExactly<ModelException>(row.Mistake);
        Console.WriteLine(error.Message);
        foreach (var part in row.Says) StringAssert.Contains(error.Message, part);
        Assert.EndsWith(".", error.Message);

        // A shape that the sentence says is not said before it as well.
        if (CalledOn().Match(error.Message) is { Success: true } called) Assert.DoesNotContain(called.Groups[1].Value, error.Message[called.Length..]);
    }

    [GeneratedRegex(@"^Layer '[^']*' \(\w+\) called on (\([^)]*\))[^:]*:")]
    private static partial Regex CalledOn();
}
