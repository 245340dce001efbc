using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>Every program of examples/ is compiled and run in an empty folder; <see cref="GuideTests"/> runs those of the guide.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ProgramTests
{
    public static IEnumerable<object[]> Programs()
    {
        foreach (var path in Directory.GetFiles(Repository.PathOf("examples"), "*.cs").Order(StringComparer.Ordinal))
            yield return [Path.GetFileName(path), ExamplePrograms.Source(path)];
    }

    [TestMethod]
    [DynamicData(nameof(Programs))]
    public void A_program_compiles_and_runs(string name, string source) => Assert.IsNotEmpty(ExamplePrograms.Run(name, source, []));

    /// <summary>The examples on data reach the results they claim; those whose data set is missing are skipped.</summary>
    [TestMethod]
    [TestCategory(DataFolder.Category)]
    [DataRow("breast_cancer.cs", "accuracy", 0.96, "breast_cancer.csv")]
    [DataRow("wine.cs", "accuracy", 0.94, "wine_data.csv")]
    [DataRow("digits.cs", "accuracy", 0.985, "digits.csv.gz")]
    [DataRow("births.cs", "improvement", 0.2, "us-births-2000-2014.csv")]
    [DataRow("spam.cs", "accuracy", 0.96, "spamassassin.tsv.gz")]
    [DataRow("multimodal.cs", "accuracy", 0.95, null)]
    [DataRow("gan.cs", "score", 4.5, "digits.csv.gz")]
    [DataRow("distillation.cs", "gain", 0.04, "digits.csv.gz")]
    [DataRow("pruning.cs", "accuracy", 0.985, "mnist/train-images-idx3-ubyte.gz")]
    public void A_program_reaches_its_result_on_held_out_data(string name, string measure, double least, string? dataFile)
    {
        string[] args = dataFile is null ? [] : [DataFolder.With(dataFile, Repository.PathOf("tools", "Cli", "Data"))];
        var written = ExamplePrograms.Run(name, ExamplePrograms.Source("examples/data/" + name), args);
        var result = Regex.Match(written, $@"^held out:.*\b{measure} (-?\d+\.\d+)", RegexOptions.Multiline);
        Assert.IsTrue(result.Success, written);
        Assert.IsGreaterThanOrEqualTo(least, double.Parse(result.Groups[1].Value, CultureInfo.InvariantCulture), written);
        StringAssert.Contains(written, "ONNX Runtime and the engine agree on");
    }

    [TestMethod]
    public void Every_program_on_data_has_a_row()
    {
        var rows = typeof(ProgramTests).GetMethod(nameof(A_program_reaches_its_result_on_held_out_data))!
            .GetCustomAttributes<DataRowAttribute>()
            .Select(row => (string)row.Data[0]!);
        CollectionAssert.AreEquivalent(Directory.GetFiles(Repository.PathOf("examples", "data"), "*.cs").Select(Path.GetFileName).ToList(), rows.ToList());
    }
}
