using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Diagnosing;

/// <summary>Trainings with planted faults, each of which is named, and healthy ones, of which nothing is said.</summary>
[TestClass]
public sealed class DiagnoseTests
{
    public static IEnumerable<object[]> Broken => BrokenTrainings.All.Keys.Select(name => (object[])[name]);

    public static IEnumerable<object[]> Healthy => HealthyTraining.All.Keys.Select(name => (object[])[name]);

    [TestMethod]
    [DynamicData(nameof(Broken))]
    public void A_planted_fault_is_named(string training)
    {
        var (kind, words, diagnose) = BrokenTrainings.All[training];
        var report = diagnose();
        Assert.HasCount(1, report.Findings, $"'{training}':\n{report}");
        Assert.AreEqual(kind, report.Findings[0].Kind, $"'{training}':\n{report}");
        Assert.Contains(words, report.Findings[0].Sentence);
    }

    [TestMethod]
    public void Every_kind_of_fault_is_planted() =>
        CollectionAssert.AreEquivalent(Enum.GetValues<FindingKind>(), BrokenTrainings.All.Values.Select(training => training.Kind).Distinct().ToArray());

    [TestMethod]
    [DynamicData(nameof(Healthy))]
    public void A_healthy_training_has_no_finding_before_and_after_Fit(string name)
    {
        var training = HealthyTraining.All[name];
        var (data, trainer) = (training.Data, training.Compile(7));
        Silent("before");
        trainer.Fit(data.X, data.Y, epochs: training.Epochs, classWeight: training.ClassWeight, verbose: 0);
        Silent("after");

        void Silent(string when)
        {
            var report = trainer.Diagnose(data.X, data.Y, validationData: (data.ValidationX, data.ValidationY), classWeight: training.ClassWeight);
            Assert.IsEmpty(report.Findings, $"'{name}' {when} Fit:\n{report}");
        }
    }
}
