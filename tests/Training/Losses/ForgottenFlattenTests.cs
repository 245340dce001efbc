using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Losses;

/// <summary>A prediction at each position meets targets for samples: what was forgotten is named, with the layer it belongs before.</summary>
[TestClass]
public sealed class ForgottenFlattenTests
{
    public static IEnumerable<(int[] Input, Layer Head, Loss Loss, int[] Target, string Says)> Cases =>
    [
        ([8, 8, 1], new Dense(3, Activation.Softmax, name: "head"), Loss.SparseCategoricalCrossentropy, [], "2D before it, before layer 'head'."),
        ([8, 8, 1], new Dense(3, Activation.Softmax, name: "head"), Loss.SparseCategoricalCrossentropy, [1], "2D before it, before layer 'head'."),
        ([8, 8, 1], new Dense(3, Activation.Softmax, name: "head"), Loss.SparseCategoricalCrossentropy, [3], "2D before it, before layer 'head'."),
        ([8, 8, 1], new Dense(3, Activation.Softmax, name: "head"), Loss.CategoricalCrossentropy, [3], "2D before it, before layer 'head'."),
        ([8, 8, 1], new Dense(1, Activation.Sigmoid, name: "head"), Loss.BinaryCrossentropy, [], "2D before it, before layer 'head'."),
        ([8, 8, 1], new Dense(1, name: "head"), Loss.MeanSquaredError, [1], "2D before it, before layer 'head'."),
        ([4, 4, 4, 1], new Dense(1, name: "head"), Loss.MeanSquaredError, [], "3D before it, before layer 'head'."),
        ([5, 2], new Lstm(3, returnSequences: true, name: "steps"), Loss.MeanSquaredError, [3],
            "1D before it, before layer 'steps', or let the last recurrent layer return its last step only."),
    ];

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void It_is_named(int[] input, Layer head, Loss loss, int[] target, string says)
    {
        var message = Refusal(input, head, loss, target);
        StringAssert.StartsWith(message, $"Output '{head.Name}': {loss.Name} ");
        StringAssert.EndsWith(message, "Targets are for samples, but there is a prediction at each position: put Flatten or GlobalAveragePooling" + says);
    }

    [TestMethod]
    public void Targets_at_positions_get_the_remedies_of_their_own()
    {
        StringAssert.Contains(Refusal([5, 2], new Dense(3), Loss.CategoricalCrossentropy, [5]), "look like class indices");
        StringAssert.Contains(Refusal([5, 2], new Dense(3), Loss.SparseCategoricalCrossentropy, [5, 3]), "look one-hot");
        StringAssert.Contains(Refusal([5, 2], new Dense(3), Loss.SparseCategoricalCrossentropy, [4]), "one class index per sample or position");
        StringAssert.Contains(Refusal([2], new Dense(3), Loss.MeanSquaredError, [2]), "as many units");
    }

    private static string Refusal(int[] input, Layer head, Loss loss, int[] target)
    {
        var x = Model.Input(Shape.Of(input));
        var trainer = new Model(x, head.Call(x)).Compile(new Adam(), loss);
        return Assert.ThrowsExactly<ModelException>(() => trainer.Fit(Zeros(input), Zeros(target), verbose: 0)).Message;
    }

    private static NDArray Zeros(int[] sample)
    {
        var shape = Shape.Of([2, .. sample]);
        return NDArray.Create(new float[shape.ElementCount], shape);
    }
}
