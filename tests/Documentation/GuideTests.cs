using System.Reflection;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>
/// The programs of Keras' guide "The Functional API" (https://keras.io/guides/functional_api) run, show what the guide shows, and their models take at most one
/// line more than in Python.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class GuideTests
{
    /// <param name="name">The program.</param>
    /// <param name="lines">
    /// The lines of the guide's Python from the first input to the last model. Where it loads VGG19, those of the small network that stands for it here.
    /// </param>
    /// <param name="result">A pattern of what the program writes.</param>
    [TestMethod]
    [DataRow("01_first_model.cs", 6, @"mnist_model.*Total params: 55,050 ")]
    [DataRow("02_training.cs", 6, @"Test loss: 0\.0\d+\s+Test accuracy: (1|0\.9)")]
    [DataRow("03_save_and_load.cs", 6, "equal after loading: True")]
    [DataRow("04_one_graph_two_models.cs", 16, @"""encoder"".*Total params: 18,672 .*""autoencoder"".*\(None, 28, 28, 1\).*Total params: 28,241 ")]
    [DataRow("05_models_as_layers.cs", 22, @"""encoder"".*params: 18,672 .*""decoder"".*params: 9,569 .*""autoencoder"".*params: 28,241 ")]
    [DataRow("06_ensemble.cs", 13, @"members differ: True\s+the ensemble is their mean: True")]
    [DataRow("07_tickets.cs", 20, @"priority_loss  department_loss.* 2  1\.2")]
    [DataRow("08_tickets_by_name.cs", 20, @"priority_loss  department_loss.* 2  1\.2")]
    [DataRow("09_tickets_from_a_dataset.cs", 20, @"priority_loss  department_loss.* 1  1\.2")]
    [DataRow("10_toy_resnet.cs", 16, @"toy_resnet.*Total params: 223,242 .*val_accuracy.*agree")]
    [DataRow("11_shared_layer.cs", 6, @"128000 weights.*in both: True")]
    [DataRow("12_feature_extraction.cs", 10, @"\(1, 32, 32, 16\).*\(1, 10\)")]
    [DataRow("13_custom_layer.cs", 3, "custom_dense.*Total params: 50 ")]
    [DataRow("14_custom_layer_config.cs", 3, "equal: True")]
    [DataRow("15_subclass.cs", 4, @"\(1, 10\), 2762 and 2762 weights")]
    [DataRow("16_functional_in_a_class.cs", 4, @"\(1, 1\), 1281 weights")]
    [DataRow("17_class_in_a_functional.cs", 4, @"custom_rnn .CustomRnn. +│ \(16, 8, 1\).*agree.*\(1, 10, 1\)")]
    [DataRow("18_checked_while_defined.cs", 4, @"Total params: .*'lstm' \(LSTM\)")]
    public void A_program_of_the_guide_shows_its_result_and_its_model_is_as_short_as_in_Python(string name, int lines, string result)
    {
        var source = ExamplePrograms.Source("examples/guide/" + name);
        var written = ExamplePrograms.Run(name, source, []);
        StringAssert.Matches(written, new Regex(result, RegexOptions.Singleline), written);
        Assert.IsLessThanOrEqualTo(lines + 1, LinesOfModel(source));
    }

    [TestMethod]
    public void Every_program_of_the_guide_has_a_row()
    {
        var rows = typeof(GuideTests).GetMethod(nameof(A_program_of_the_guide_shows_its_result_and_its_model_is_as_short_as_in_Python))!
            .GetCustomAttributes<DataRowAttribute>()
            .Select(row => (string)row.Data[0]!);
        CollectionAssert.AreEquivalent(Directory.GetFiles(Repository.PathOf("examples", "guide"), "*.cs").Select(Path.GetFileName).ToList(), rows.ToList());
    }

    /// <summary>
    /// From the statement of the first input to that of the last model. Blank lines, comments and single braces, which Python does not have, are not counted.
    /// </summary>
    private static int LinesOfModel(string source)
    {
        var lines = source.Split('\n').Select(line => line.Trim()).ToList();
        var start = lines.FindIndex(line => line.Contains("Model.Input(", StringComparison.Ordinal));
        var end = lines.FindLastIndex(line => line.Contains("new Model(", StringComparison.Ordinal));
        while (!lines[end].Contains(");", StringComparison.Ordinal)) end++;
        return lines[start..(end + 1)].Count(line => line.Length > 1 && !line.StartsWith("//", StringComparison.Ordinal));
    }
}
