using System.Reflection;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>The programs of Keras' guides to Sequential, to training with the built-in methods, and to subclassing run and show results.</summary>
[TestClass]
[DoNotParallelize]
public sealed class OtherGuideTests
{
    /// <param name="name">The program.</param>
    /// <param name="result">A pattern of what the program writes.</param>
    [TestMethod]
    [DataRow("sequential/stack.cs", @"\(3, 4\)\s+2 layers\s+0 weights\s+2 weights.*Total params: 10 ")]
    [DataRow("sequential/add_and_summary.cs", @"\(None, 40, 40, 32\).*\(None, 4, 4, 32\).*\(None, 10\)")]
    [DataRow("sequential/features_and_transfer.cs", @"\(1, 119, 119, 32\)\s+\(1, 121, 121, 32\)\s+2 of 6 weights.*\(1, 1000\), 2 of 4")]
    [DataRow("training/first_end_to_end.cs", @"test loss, test acc: loss: 0\.\d+ - sparse_categorical_accuracy: (1|0\.9).*predictions shape: \(3, 10\)")]
    [DataRow("training/custom_loss_and_metric.cs", @"loss  categorical_true_positives.* 3  \S+ +\d\d\d\.0000")]
    [DataRow("training/added_losses.cs", @"epoch +loss\s+1 +\d.*epoch +loss\s+1 +\d\S+\s+2 +\d")]
    [DataRow("training/datasets_and_weights.cs", @"dataset: loss.*\(200, 10\).*by sample: True")]
    [DataRow("training/multi_output.cs", "loss, score_output_loss, class_output_loss, score_output_mean_absolute_percentage_error")]
    [DataRow("training/callbacks.cs", @"\n([5-9]|1\d) epochs, \d+ batches.*mymodel_\d+\.keras: \(1, 10\)\s+logs: True")]
    [DataRow("subclassing/layers.cs", "weights: 6, trainable weights: 6.*equal: True")]
    [DataRow("subclassing/vae.cs", "the loss falls: True.*agree")]
    public void A_program_of_another_guide_shows_its_result(string name, string result)
    {
        var written = ExamplePrograms.Run(name, ExamplePrograms.Source("examples/guide/" + name), []);
        StringAssert.Matches(written, new Regex(result, RegexOptions.Singleline), written);
    }

    [TestMethod]
    public void Every_program_of_the_other_guides_has_a_row()
    {
        var rows = typeof(OtherGuideTests).GetMethod(nameof(A_program_of_another_guide_shows_its_result))!
            .GetCustomAttributes<DataRowAttribute>()
            .Select(row => (string)row.Data[0]!);
        var folder = Repository.PathOf("examples", "guide");
        var programs = Directory.GetDirectories(folder).SelectMany(inner => Directory.GetFiles(inner, "*.cs"))
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'));
        CollectionAssert.AreEquivalent(programs.ToList(), rows.ToList());
    }
}
