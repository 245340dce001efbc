using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Fit on MNIST by both backends.</summary>
[TestClass]
[TestCategory(DataFolder.Category)]
public sealed class BackendMnistTests
{
    private const int Samples = 3_200;
    private const int Held = 400;

    /// <summary>Of the small file of MNIST, because the large one takes longer to read than to learn from.</summary>
    [TestMethod]
    public void Its_network_gets_the_weights_of_the_engine()
    {
        NDArray images = Idx.ReadImages(DataFolder.PathOf("mnist/t10k-images-idx3-ubyte.gz"));
        NDArray classes = Idx.ReadLabels(DataFolder.PathOf("mnist/t10k-labels-idx1-ubyte.gz"));
        var held = (NDArrays.Create([images.Slice(Samples, Held)]), NDArrays.Create([classes.Slice(Samples, Held)]));
        TwoBackends.Agree(
            backend => TwoBackends.Digits().Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], seed: 7, backend: backend),
            trainer => TwoBackends.Numbers(trainer.Fit(images.Slice(0, Samples), classes.Slice(0, Samples), validationData: held, verbose: 0)));
    }
}
