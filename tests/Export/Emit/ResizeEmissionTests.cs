using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Resizing of images whose axes were permuted before: ONNX Runtime moves a Transpose past a Resize into layouts its kernel does not take.</summary>
[TestClass]
public sealed class ResizeEmissionTests
{
    private static readonly int[][] s_permutations = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

    private static readonly Dictionary<string, Func<Layer[]>> s_between = new()
    {
        ["nothing"] = () => [],
        ["relu"] = () => [new LeakyRelu()],
        ["softmax"] = () => [new Softmax()],
        ["softmax of the first"] = () => [new Softmax(axis: 1)],
        ["another permutation"] = () => [new Softmax(), new Permute([3, 1, 2])],
        ["two"] = () => [new Softmax(), new Permute([3, 1, 2]), new LayerNormalization()],
        ["convolution"] = () => [new Conv2D(3, 2, padding: Padding.Same), new Permute([2, 3, 1])],
        ["another resize"] = () => [new UpSampling2D(2, interpolation: Interpolation.Bilinear), new Permute([2, 3, 1])],
    };

    [TestMethod]
    [DataRow(Interpolation.Nearest)]
    [DataRow(Interpolation.Bilinear)]
    [DataRow(Interpolation.Bicubic)]
    public void Images_of_permuted_axes_are_resized(Interpolation interpolation)
    {
        var failures = new List<string>();
        foreach (var shape in new int[][] { [5, 4, 3], [5, 5, 1], [1, 5, 5], [1, 1, 1], [1, 1, 3] })
        {
            foreach (var permutation in s_permutations)
            {
                foreach (var (name, layers) in s_between)
                {
                    foreach (var batch in new int?[] { null, 1 })
                    {
                        var problem = Differs(shape, batch, x => layers().Aggregate(new Permute([.. permutation]).Call(x * 2f), (y, layer) => layer.Call(y)));
                        if (problem is not null) failures.Add($"{string.Join(',', shape)}, permuted {string.Join(',', permutation)}, {name}: {problem}");
                    }
                }

                if (Differs(shape, 1, x => new Permute([.. permutation]).Call(x)) is { } direct)
                    failures.Add($"{string.Join(',', shape)}, the input permuted {string.Join(',', permutation)}: {direct}");
            }

            if (Differs(shape, null, x => x) is { } input) failures.Add($"{string.Join(',', shape)}, the input: {input}");
        }

        Assert.IsEmpty(failures, string.Join("\n", failures));

        string? Differs(int[] shape, int? batch, Func<SymbolicTensor, SymbolicTensor> image)
        {
            var size = Math.Max(shape.Max(), 4);
            foreach (var layer in (Layer[])[
                new Resizing(size * 2, size * 3, interpolation),
                new UpSampling2D(2, interpolation: interpolation)])
            {
                var x = Model.Input(Shape.Of(shape), batchSize: batch);
                var model = new Model(x, layer.Call(image(x)) + 1f);
                var sample = EmittedRun.Random([batch ?? 2, .. shape]);
                try
                {
                    Near.Equal(EmittedRun.Data(model.PredictAll(NDArrays.Create([sample]))[0]), model.Emit().Run(sample)[0], 1e-4f, layer.GetType().Name);
                }
                catch (Exception problem) when (problem is ExportException or AssertFailedException)
                {
                    return problem.Message;
                }
            }

            return null;
        }
    }

    /// <summary>The image is stored as the Resize takes it, and a Transpose lies further in front.</summary>
    [TestMethod]
    public void Channels_first_images_behind_a_recurrent_convolution_are_resized_in_a_training_step()
    {
        foreach (var layer in (Layer[])[
            new CenterCrop(3, 5, dataFormat: DataFormat.ChannelsFirst),
            new Resizing(7, 9, dataFormat: DataFormat.ChannelsFirst),
            new UpSampling2D(2, dataFormat: DataFormat.ChannelsFirst, interpolation: Interpolation.Bilinear)])
        {
            using var folder = new TemporaryFolder();
            var x = Model.Input([3, 4, 3, 3], batchSize: 3);
            var model = new Model(x, x.Apply(new SpatialDropout3D(0.5), new ConvLstm2D(2, 1), layer));
            var report = model.Compile(new Sgd(), Loss.MeanSquaredError).ExportTraining(folder.File("step"), new TrainingExportOptions { VerifiedSteps = 1 });
            Assert.IsNotEmpty(report.Differences);
        }
    }

    /// <summary>Height, width and channels that are known only at run time, behind a Transpose that an optimizer would move.</summary>
    [TestMethod]
    public void Images_of_unknown_sizes_are_resized_behind_a_permutation()
    {
        foreach (var channels in new int?[] { 1, 3, null })
        {
            foreach (var batch in new int?[] { null, 1 })
            {
                var x = Model.Input([channels, null, null], batchSize: batch);
                var image = new Permute([2, 3, 1]).Call(new Permute([3, 1, 2]).Call(new Permute([3, 1, 2]).Call(x * 2f)));
                foreach (var layer in (Layer[])[new Resizing(7, 3), new UpSampling2D(2, interpolation: Interpolation.Bilinear)])
                {
                    var model = new Model(x, layer.Call(image));
                    var emitted = model.Emit();
                    foreach (var (height, width) in new[] { (1, 1), (5, 3), (17, 1) })
                    {
                        var sample = EmittedRun.Random(batch ?? 2, channels ?? 3, height, width);
                        var expected = EmittedRun.Data(model.PredictAll(NDArrays.Create([sample]))[0]);
                        Near.Equal(expected, emitted.Run(sample)[0], 1e-4f, $"{channels}, {height} by {width}");
                    }
                }
            }
        }
    }
}
