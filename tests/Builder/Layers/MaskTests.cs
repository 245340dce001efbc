using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Layers;

/// <summary>Masks propagate as in Keras 3.15.1: created by Masking and Embedding, passed on by layers that keep the time steps, dropped by others.</summary>
[TestClass]
public sealed class MaskTests
{
    public static IEnumerable<object[]> Layers =>
        new (Layer Layer, bool Passes)[]
        {
            (new Dense(3), true), (new Dropout(0.5), true), (new ActivationLayer(Activation.Relu), true),
            (new Relu(), true), (new LeakyRelu(), true), (new Elu(), true), (new PRelu(), true),
            (new BatchNormalization(), true), (new LayerNormalization(), true),
            (new GroupNormalization(1), true), (new UnitNormalization(), true), (new RmsNormalization(), false),
            (new SpatialDropout1D(0.5), true), (new GaussianNoise(0.5), true), (new GaussianDropout(0.5), true),
            (new AlphaDropout(0.5), true), (new ActivityRegularization(1), true),
            (new Identity(), true), (new Rescaling(2), true), (new Normalization(), true), (new TimeDistributed(new Dense(2)), true), (new Masking(), true),
            (new Lstm(2, returnSequences: true), true), (new Gru(2), false),
            (new SimpleRnn(2, returnSequences: true, goBackwards: true), true), (new Rnn(new GruCell(2), returnSequences: true), true),
            (new Bidirectional(new Lstm(2, returnSequences: true)), true),
            (new Bidirectional(new Lstm(2)), false), (new MultiHeadAttention(1, 2), true), (new Attention(), true),
            (new Conv1D(2, 2), false), (new MaxPooling1D(), false), (new GlobalAveragePooling1D(), false),
            (new Flatten(), false), (new Reshape([3, 4]), false), (new Permute((2, 1)), false),
            (new EinsumDense("abc,cd->abd", [null, 2]), false), (new UpSampling1D(), false), (new ZeroPadding1D(), false),
            (new Cropping1D(), false), (new Lambda(x => x * 2), false), (new Lambda(x => x, x => x.Mask), true),
        }.Select(row => new object[] { row.Layer, row.Passes });

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void A_layer_passes_a_mask_on_if_it_keeps_the_steps(Layer layer, bool passes)
    {
        var y = layer.Call(new Masking().Call(Model.Input([4, 3])));
        Assert.AreEqual(passes, y.Mask is not null);
        if (passes) Assert.AreEqual(DType.Bool, y.Mask!.DType);
    }

    [TestMethod]
    public void Merging_layers_need_masks_on_all_inputs_and_concatenation_on_one()
    {
        var masked = new Masking().Call(Model.Input([4, 3]));
        var other = new Masking().Call(Model.Input([4, 3]));
        var plain = Model.Input([4, 3]);
        foreach (var layer in new MergeLayer[] { new Add(), new Multiply(), new Average(), new Maximum(), new Minimum(), new Subtract() })
        {
            Assert.IsNotNull(layer.Call(masked, other).Mask, layer.Name);
            Assert.IsNull(layer.Call(masked, plain).Mask, layer.Name);
        }

        Assert.AreEqual<Shape>([null, 8], new Concatenate(1).Call(masked, plain).Mask!.Shape);
        Assert.AreEqual<Shape>([null, 4], new Concatenate().Call(masked, other).Mask!.Shape);
        Assert.IsNull(new Dot(2).Call(masked, other).Mask);
    }

    [TestMethod]
    public void A_layer_that_is_applied_to_each_time_step_gets_the_mask_of_its_own_steps()
    {
        // Two time steps of three words each; a word of zeros is padding.
        var x = Model.Input([2, 3, 1]);
        var model = new Model(x, x.Apply(new Masking(), new TimeDistributed(new GlobalAveragePooling1D())));
        float[] data = [1, 3, 0, 0, 0, 5];
        CollectionAssert.AreEqual(new float[] { 2, 5 }, model.Predict(NDArray.Create(data, Shape.Of(1, 2, 3, 1))).ToArray());

        var gru = new Gru(2);
        var steps = new Model(x, x.Apply(new Masking(), new TimeDistributed(gru)));
        var one = Model.Input([3, 1]);
        var alone = new Model(one, one.Apply(new Masking(), gru));
        CollectionAssert.AreEqual(
            alone.Predict(NDArray.Create(data, Shape.Of(2, 3, 1))).ToArray(),
            steps.Predict(NDArray.Create(data, Shape.Of(1, 2, 3, 1))).ToArray());
    }

    [TestMethod]
    public void Embedding_masks_zeros_if_asked()
    {
        var ids = Model.Input([5], DType.Int64);
        Assert.IsNull(new Embedding(7, 2).Call(ids).Mask);
        Assert.AreEqual<Shape>([null, 5], new Embedding(7, 2, maskZero: true).Call(ids).Mask!.Shape);
    }
}
