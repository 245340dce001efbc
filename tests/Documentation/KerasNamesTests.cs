using System.Text;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>docs/keras-names.md is what the code and the names of Keras make it, and what it names exists.</summary>
[TestClass]
[DoNotParallelize]
public sealed class KerasNamesTests
{
    private const string Page = "docs/keras-names.md";

    [TestMethod]
    public void The_page_is_up_to_date()
    {
        if (Environment.GetEnvironmentVariable("ONNXF_WRITE_PAGES") is not null) File.WriteAllText(Repository.PathOf(Page), KerasNames.Page());
        Assert.AreEqual(KerasNames.Page(), Repository.Read(Page), $"{Page} is not up to date; write it: ONNXF_WRITE_PAGES=1 tools/dev.sh KerasNames");
    }

    [TestMethod]
    public void At_most_twenty_names_are_refused() =>
        Assert.IsLessThanOrEqualTo(20, KerasNames.All.Count(name => name.State == KerasNameState.Refused));

    [TestMethod]
    public void What_the_page_names_exists()
    {
        var unknown = new List<string>();
        foreach (var name in KerasNames.All.Where(name => !KerasNames.IsExpression(name.Module) || name.State != KerasNameState.Works))
        {
            foreach (Match match in Regex.Matches(name.Text, @"`([A-Z]\w*(?:\.[A-Z]\w*)?)`"))
            {
                if (match.Groups[1].Value is not "HttpClient" && !KerasNames.Exists(match.Groups[1].Value)) unknown.Add($"{name.Name}: {match.Value}");
            }
        }

        Assert.AreEqual("", string.Join('\n', unknown));
    }

    /// <summary>Functions by another name are written as expressions: each is compiled with the tensors it may use.</summary>
    [TestMethod]
    public void Expressions_of_the_page_compile_and_run()
    {
        var program = new StringBuilder("""
            using OnnxFunctional;
            using OnnxFunctional.Layers;
            using OnnxFunctional.Training;

            var (x, a, b, weights) = (Model.Input([4]), Model.Input([4, 4]), Model.Input([4, 4]), Model.Input([4]));
            var (image, query, value) = (Model.Input([8, 8, 3]), Model.Input([5, 4]), Model.Input([5, 4]));
            var (condition, indices, classes) = (Ops.Greater(a, 0), Model.Input([3], DType.Int32), Model.Input([4], DType.Int32));
            var (model, array) = (new Model(x, new Dense(1).Call(x)), new float[1, 4]);

            """);
        var expressions = KerasNames.All
            .Where(name => KerasNames.IsExpression(name.Module) && name.State == KerasNameState.Works)
            .Select(name => (name.Name, Here: name.Text.Trim('`')))
            .Where(entry => entry.Here.Any(letter => !char.IsLetterOrDigit(letter) && letter != '.'));
        foreach (var (name, expression) in expressions) program.Append($"Check(\"{name}\", () => {expression});\n");
        program.Append("""

            Console.WriteLine("done");

            static void Check(string name, Func<object> expression)
            {
                try
                {
                    expression();
                }
                catch (ModelException error)
                {
                    Console.WriteLine($"{name}: {error.Message}");
                }
            }
            """);
        Assert.AreEqual("done", ExamplePrograms.Run(Page, program.ToString(), []).Trim());
    }
}
