namespace OnnxFunctional.Tests.Parity;

/// <summary>Models saved by Keras give the same predictions here, also after saving them again.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityModelTests
{
    public static IEnumerable<object[]> Models => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Predictions_are_those_of_Keras(string file) => ParityModel.Read(ParityFolder.PathOf(file)).PredictsAsKeras();

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Predictions_are_equal_after_saving_and_loading(string file) => ParityModel.Read(ParityFolder.PathOf(file)).PredictsTheSameWhenSavedAgain();
}
