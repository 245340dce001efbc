using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>
/// Fifty steps of stock ONNX Runtime against the engine: the loss within 1e-4 at every
/// step, every tensor of the state within 1e-3 of its largest element after the last.
/// </summary>
[TestClass]
public sealed class FiftyStepTests
{
    [TestMethod]
    public void Digits_by_convolutions_with_dropout_and_Adam() => Run(StepNetworks.Digits);

    [TestMethod]
    public void Residuals_with_batch_normalization_momentum_and_weight_decay() => Run(StepNetworks.Residuals);

    [TestMethod]
    public void Stacked_lstm_and_both_ways_gru_with_RMSprop_clipped_by_norm() => Run(StepNetworks.Recurrent);

    [TestMethod]
    public void Transformer_with_AdamW_on_a_cosine() => Run(StepNetworks.Transformer);

    [TestMethod]
    public void Autoencoder_of_separable_and_transposed_convolutions() => Run(StepNetworks.Autoencoder);

    [TestMethod]
    public void Two_inputs_and_two_losses() => Run(StepNetworks.TwoOutputs);

    private static void Run(StepNetwork network) => StepComparison.Run(network.Compile(Backend.Engine), network.Batch, StepNetworks.Steps);
}
