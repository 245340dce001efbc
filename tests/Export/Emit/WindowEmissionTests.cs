using OnnxFunctional.Export;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Windows behind padding and over unknown lengths: what ONNX Runtime computes differently where the obvious form is written.</summary>
[TestClass]
public sealed class WindowEmissionTests
{
    [TestMethod]
    [DataRow(Padding.Valid, 2)]
    [DataRow(Padding.Same, 2)]
    [DataRow(Padding.Same, 4)]
    [DataRow(Padding.Valid, 1)]
    public void Zeros_in_front_of_a_window_stay_zeros(Padding padding, int stride)
    {
        foreach (Func<Layer> window in (Func<Layer>[])[
            () => new MaxPooling2D(3, stride, padding: padding),
            () => new AveragePooling2D(3, stride, padding: padding),
            () => new Conv2D(4, 3, strides: stride, padding: padding),
            () => new DepthwiseConv2D(3, strides: stride, padding: padding)])
        {
            foreach (var opset in new[] { 17, 21 })
            {
                var x = Model.Input([9, 7, 4]);

                // All values are negative, so that each zero of the padding is a maximum; behind a convolution ONNX Runtime has another layout.
                var negative = -(x * x) - 1f;
                var direct = negative.Apply(new ZeroPadding2D(1), window());
                var behind = (-Ops.Relu(x.Apply(new Conv2D(8, 3, padding: Padding.Same))) - 1f).Apply(new ZeroPadding2D(1), window());
                Verify(new Model(x, [direct, behind]), opset);
            }
        }
    }

    [TestMethod]
    public void Zeros_around_sequences_and_volumes_stay_zeros()
    {
        var sequence = Model.Input([null, 4]);
        Verify(new Model(sequence, (-(sequence * sequence) - 1f).Apply(new ZeroPadding1D(2), new MaxPooling1D(2))), 21);
        var volume = Model.Input([5, 6, 4, 2]);
        Verify(new Model(volume, (-(volume * volume) - 1f).Apply(new ZeroPadding3D(1), new MaxPooling3D(2))), 21);
    }

    /// <summary>ONNX Runtime adds zeros in front of a window to the window's own padding, and refuses sums that are not below the window.</summary>
    [TestMethod]
    public void Zeros_in_front_of_every_pool_are_values_whatever_window_stride_and_length()
    {
        foreach (var open in new[] { false, true })
        {
            for (var length = 1; length <= 7; length++)
            {
                var x = Model.Input([open ? null : length, 2]);
                var (outputs, names) = (new List<SymbolicTensor>(), new List<string>());
                var forms = from padding in new[] { Padding.Valid, Padding.Same }
                            from size in Enumerable.Range(1, 4)
                            from stride in Enumerable.Range(1, 5)
                            from zeros in (IReadOnlyList<EdgeWidths>)[1, (0, 3), (2, 1)]
                            where padding == Padding.Same || length > 1 || size < 3
                            select (padding, size, stride, zeros);
                foreach (var (padding, size, stride, zeros) in forms)
                {
                    // Inputs that differ, because ONNX Runtime would merge equal paddings and then let them be.
                    var negative = -(x * x) - (1 + (0.25f * outputs.Count));
                    outputs.Add(negative.Apply(new ZeroPadding1D(zeros), new MaxPooling1D(size, stride, padding: padding)));
                    outputs.Add(negative.Apply(Negated(), new ZeroPadding1D(zeros), new AveragePooling1D(size, stride, padding: padding)));
                    names.AddRange(Enumerable.Repeat($"{size}/{stride} {padding} behind {zeros}, length {length}", 2));
                }

                var model = new Model(x, [.. outputs]);
                var sample = EmittedRun.Random(2, length, 2);
                var actual = model.Emit().Run(sample);
                foreach (var (expected, i) in model.PredictAll(NDArrays.Create([sample])).Select((array, i) => (array, i)))
                    Near.Equal(EmittedRun.Data(expected), actual[i], 1e-5f, names[i]);
            }
        }

        static Layer Negated() => new Lambda(values => -values);
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(1, 2)]
    [DataRow(2, 3)]
    [DataRow(3, 4)]
    [DataRow(3, 2)]
    public void Zeros_in_front_of_pools_of_images_and_volumes_are_values(int size, int stride)
    {
        foreach (var padding in new[] { Padding.Valid, Padding.Same })
        {
            var image = Model.Input([5, 3, 2]);
            var volume = Model.Input([3, 4, 2, 2]);
            var negative = -(image * image) - 1f;
            Verify(new Model([image, volume], [
                negative.Apply(new ZeroPadding2D(2), new MaxPooling2D(size, stride, padding: padding)),
                (negative * 2).Apply(new ZeroPadding2D(2), new AveragePooling2D(size, stride, padding: padding)),
                (-(volume * volume) - 1f).Apply(new ZeroPadding3D(2), new MaxPooling3D(size, stride, padding: padding)),
                (-(volume * volume) - 2f).Apply(new ZeroPadding3D(2), new AveragePooling3D(size, stride, padding: padding))]), 21);

            var x = Model.Input([5, 3, 2]);
            var pooled = (x * 2).Apply(new ZeroPadding2D(2), new AveragePooling2D(size, stride, padding: padding));
            var pooledMax = (x * 3).Apply(new ZeroPadding2D(2), new MaxPooling2D(size, stride, padding: padding));
            var (first, second) = (pooled.Apply(new Flatten(), new Dense(2)), pooledMax.Apply(new Flatten(), new Dense(2)));
            var trainer = new Model(x, first + second).Compile(new Sgd(0.01), Loss.MeanSquaredError);
            StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, 2, 5, 3, 2)], [StepData.Signed(step + 50, 2, 2)]), 2);
        }
    }

    [TestMethod]
    [DataRow(1, 2)]
    [DataRow(1, 3)]
    [DataRow(2, 2)]
    [DataRow(2, 3)]
    [DataRow(2, 5)]
    [DataRow(3, 4)]
    [DataRow(3, 5)]
    [DataRow(4, 7)]
    [DataRow(3, 2)]
    public void Same_padding_over_an_unknown_length(int size, int stride)
    {
        foreach (Func<Layer> window in (Func<Layer>[])[
            () => new MaxPooling1D(size, stride, padding: Padding.Same),
            () => new AveragePooling1D(size, stride, padding: Padding.Same),
            () => new Conv1D(3, size, strides: stride, padding: Padding.Same)])
        {
            var x = Model.Input([null, 2]);
            var model = new Model(x, (x - 3f).Apply(window()));
            for (var length = 1; length <= (2 * stride) + 1; length++)
            {
                var sample = EmittedRun.Random(2, length, 2);
                Near.Equal(EmittedRun.Data(model.Predict(sample)), model.Emit().Run(sample)[0], 1e-5f, $"{window().ClassName}, length {length}");
            }
        }
    }

    [TestMethod]
    [DataRow(2, 3)]
    [DataRow(3, 4)]
    public void Same_padding_where_one_axis_is_known(int size, int stride)
    {
        foreach (Func<Layer> window in (Func<Layer>[])[
            () => new MaxPooling2D(size, stride, padding: Padding.Same),
            () => new AveragePooling2D(size, stride, padding: Padding.Same),
            () => new SeparableConv2D(3, size, strides: stride, padding: Padding.Same)])
        {
            var x = Model.Input([null, 5, 2]);
            Verify(new Model(x, (x - 3f).Apply(window())), 21);
        }
    }

    /// <summary>As files of others have it: numbers that are not those of Keras' modes.</summary>
    [TestMethod]
    public void Pools_pad_in_numbers_except_behind_zeros()
    {
        var x = Model.Input([9, 7, 4]);
        var negative = -(x * x) - 1f;
        var zeros = (negative * 2).Apply(new ZeroPadding2D(1));
        var moved = Ops.Transpose(Ops.Transpose((negative * 3).Apply(new ZeroPadding2D(1)), [0, 3, 1, 2]), [0, 2, 3, 1]);
        var filtered = -x.Apply(new Conv2D(8, 3, padding: Padding.Same, activation: Activation.Relu)) - 1f;
        foreach (var (source, padded) in ((SymbolicTensor, bool)[])[(negative, false), (filtered, false), (zeros, true), (moved, true)])
        {
            foreach (var (begin, end) in ((IntList, IntList)[])[([1, 1], [0, 0]), ([0, 2], [1, 2]), ([3, 0], [0, 0])])
            {
                var pads = Pads.Explicit(begin, end);
                foreach (Op pool in (Op[])[new MaxPool([3, 3], [2, 2], pads), new AveragePool([3, 3], [2, 2], pads)])
                {
                    // Windows outside the image are refused by ONNX Runtime, and those of a mean have no value.
                    if (begin[0] == 3 && pool is AveragePool) continue;
                    var model = new Model(x, Ops.Make(pool, source));

                    // That of the zeros, that of the pool, and the one by which a mean counts positions.
                    var expected = (padded ? 1 : 0) + (padded || begin[0] == 3 ? 1 : 0) + (padded && pool is AveragePool ? 1 : 0);
                    Assert.AreEqual(expected, model.Emit().Count("Pad"), $"{pool}");
                    Verify(model, 21);
                }
            }
        }
    }

    [TestMethod]
    [DataRow(Interpolation.Nearest)]
    [DataRow(Interpolation.Bilinear)]
    public void Enlarging_channels_first_images_in_an_exported_step(Interpolation interpolation)
    {
        var x = Model.Input([3, 4, 5]);
        var enlarged = x.Apply(
            new Conv2D(3, 3, padding: Padding.Same, dataFormat: DataFormat.ChannelsFirst),
            new UpSampling2D(2, dataFormat: DataFormat.ChannelsFirst, interpolation: interpolation));
        var trainer = new Model(x, enlarged).Compile(new Sgd(0.1), Loss.MeanSquaredError);
        StepComparison.Run(trainer, step => new StepBatch([StepData.Signed(step, 2, 3, 4, 5)], [StepData.Signed(step + 50, 2, 3, 8, 10)]), 2);
    }

    private static void Verify(Model model, int opset)
    {
        var options = new ExportOptions { Opset = opset };
        var emitted = model.Emit(options);
        Assert.IsNotEmpty(Verifier.Run(emitted, VerifiedFile.Of(Google.Protobuf.MessageExtensions.ToByteArray(emitted.Proto)), options).Layers);
    }
}
