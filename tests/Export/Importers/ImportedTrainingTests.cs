using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>What a model can do, the model of a file of another program can do too.</summary>
[TestClass]
public sealed class ImportedTrainingTests
{
    private static readonly NDArray s_images = Values(8, 2, 9, 9);
    private static readonly NDArray s_classes = NDArray.Create([0L, 1, 2, 0, 1, 2, 0, 1], [8]);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Training_resumes_from_a_file_bit_for_bit(bool adapted)
    {
        using var folder = new TemporaryFolder();
        var model = Opened(folder);
        if (adapted) model.EnableLora(2);
        var trainer = Compile(model);
        Fit(trainer, 2);
        trainer.Save(folder.File("run.onnx"));
        var resumed = Trainer.Load(folder.File("run.onnx"));
        var restored = Opened(folder);
        if (adapted) restored.EnableLora(2);
        var other = Compile(restored);
        other.Restore(folder.File("run.onnx"));
        foreach (var each in new[] { trainer, resumed, other }) Fit(each, 2);
        var expected = trainer.Model.Predict(s_images).ToArray();
        CollectionAssert.AreEqual(expected, other.Model.Predict(s_images).ToArray());
        Assert.AreEqual(Trained(trainer.Model), Trained(resumed.Model));
        var found = resumed.Model.Predict(s_images).ToArray();
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], 1e-6);
    }

    [TestMethod]
    public void What_a_file_does_not_say_of_training_is_not_guessed_when_it_resumes()
    {
        using var folder = new TemporaryFolder();
        Opened(folder);
        var options = new ImportOptions { TrainBatchNormalization = true };
        var trainer = Compile(OnnxFile.LoadModel(folder.File("foreign.onnx"), options));
        Fit(trainer, 1);
        trainer.Save(folder.File("run.onnx"));
        Assert.Contains("holds no architecture", Assert.Throws<OnnxFileException>(() => Trainer.Load(folder.File("run.onnx"))).Message);

        // Built again as it was, it resumes.
        var again = Compile(OnnxFile.LoadModel(folder.File("foreign.onnx"), options));
        again.Restore(folder.File("run.onnx"));
        foreach (var each in new[] { trainer, again }) Fit(each, 1);
        CollectionAssert.AreEqual(trainer.Model.Predict(s_images).ToArray(), again.Model.Predict(s_images).ToArray());
    }

    [TestMethod]
    public void A_training_step_is_exported_and_verified()
    {
        using var folder = new TemporaryFolder();
        var trainer = Compile(Opened(folder));
        trainer.ExportTraining(folder.File("step"));
        using var host = OnnxTrainer.Load(folder.File("step"));
        var first = host.TrainOnBatch(s_images, s_classes)["loss"];
        for (var i = 0; i < 10; i++) host.TrainOnBatch(s_images, s_classes);
        Assert.IsLessThan(first, host.TrainOnBatch(s_images, s_classes)["loss"]);
    }

    [TestMethod]
    [DataRow(MixedPrecision.Float16)]
    [DataRow(MixedPrecision.BFloat16)]
    public void Mixed_precision_trains_as_float32_does(MixedPrecision precision)
    {
        using var folder = new TemporaryFolder();
        var (exact, narrow) = (Loss(MixedPrecision.Float32), Loss(precision));
        Assert.AreEqual(exact, narrow, 0.05 * exact);

        double Loss(MixedPrecision type) => Compile(Opened(folder), type).Fit(s_images, s_classes, epochs: 5, verbose: Verbosity.Silent)["loss"][^1];
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Stored_statistics_move_only_if_that_is_asked_for(bool trained)
    {
        using var folder = new TemporaryFolder();
        Opened(folder);
        var model = OnnxFile.LoadModel(folder.File("foreign.onnx"), new ImportOptions { TrainBatchNormalization = trained });
        var statistics = model.NonTrainableWeights.ToArray();
        Assert.HasCount(2, statistics);
        var before = statistics.Select(weight => weight.Value.ToArray()).ToArray();
        Fit(Compile(model), 3);
        for (var i = 0; i < statistics.Length; i++) Assert.AreEqual(!trained, before[i].SequenceEqual(statistics[i].Value.ToArray()));
        model.ExportOnnx(folder.File("trained.onnx"));

        before = [.. statistics.Select(weight => weight.Value.ToArray())];
        statistics[0].Owner!.Trainable = false;
        Fit(Compile(model), 1);
        for (var i = 0; i < statistics.Length; i++) CollectionAssert.AreEqual(before[i], statistics[i].Value.ToArray(), "of a frozen layer");
    }

    [TestMethod]
    public void Training_by_statistics_of_batches_gives_what_the_layer_of_Keras_gives()
    {
        using var folder = new TemporaryFolder();
        Opened(folder);
        var opened = OnnxFile.LoadModel(folder.File("foreign.onnx"), new ImportOptions { TrainBatchNormalization = true });
        var layers = Network(momentum: 0.9);

        // Adam makes steps of the rounding of gradients that are zero, as those of a bias before a normalization.
        foreach (var model in new[] { opened, layers }) Fit(model.Compile(new Sgd(0.05), Loss.SparseCategoricalCrossentropy, seed: 9), 2);
        foreach (var (mine, theirs) in opened.Predict(s_images).ToArray().Zip(layers.Predict(s_images).ToArray())) Assert.AreEqual(theirs, mine, 1e-5);
    }

    [TestMethod]
    public void A_file_of_16_bit_weights_is_opened_with_a_warning()
    {
        using var folder = new TemporaryFolder();
        Opened(folder);
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("foreign.onnx")));
        var weight = proto.Graph.Initializer.First(tensor => tensor.Name == "class/kernel");
        var halves = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(weight.RawData.Span).ToArray().Select(value => (Half)value).ToArray();
        weight.DataType = (int)TensorProto.Types.DataType.Float16;
        weight.RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(halves.AsSpan()));
        weight.Name = "half";
        proto.Graph.Node.Insert(0, new NodeProto { OpType = "Cast", Input = { "half" }, Output = { "class/kernel" } });
        proto.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "to", I = 1, Type = AttributeProto.Types.AttributeType.Int });
        File.WriteAllBytes(folder.File("half.onnx"), proto.ToByteArray());
        var warnings = new List<ModelWarning>();
        void Heard(ModelWarning warning) => warnings.Add(warning);
        Warnings.Raised += Heard;
        try
        {
            OnnxFile.LoadModel(folder.File("half.onnx"));
        }
        finally
        {
            Warnings.Raised -= Heard;
        }

        var heard = warnings.Single(warning => warning.Kind == WarningKind.ReadAsFloat32 && warning.Message.Contains("half.onnx", StringComparison.Ordinal));
        Assert.Contains("1 of float16", heard.Message);
    }

    [TestMethod]
    public void A_part_between_two_tensors_is_a_model()
    {
        using var folder = new TemporaryFolder();
        var model = Opened(folder);
        var middle = model.Layers[model.Layers.Count / 2].Output;
        var (front, back) = (new Model(model.Inputs, middle), new Model(middle, model.Outputs));
        var (expected, found) = (model.Predict(s_images).ToArray(), back.Predict(front.Predict(s_images)).ToArray());
        CollectionAssert.AreEqual(expected, found);
        back.ExportOnnx(folder.File("back.onnx"));
        var trainer = Compile(back);
        trainer.Fit(front.Predict(s_images), s_classes, epochs: 1, verbose: Verbosity.Silent);
    }

    [TestMethod]
    public void A_written_file_of_an_opened_one_is_verified_again()
    {
        using var folder = new TemporaryFolder();
        Opened(folder).ExportOnnx(folder.File("again.onnx"));
        Assert.IsTrue(OnnxFile.Verify(folder.File("again.onnx")).Passed);
    }

    [TestMethod]
    public void Magnitude_pruning_finds_the_kernels_of_nodes_whatever_their_names()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(HandmadeModels.Put(folder, Convolutions()));
        CollectionAssert.AreEqual(new[] { "w2", "w3" }, Sparsity.Of(model).Weights.Select(weight => weight.Path).ToArray());
        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError, seed: 9);
        var pruning = new MagnitudePruning(SparsitySchedule.ConstantSparsity(0.5, frequency: 1));
        trainer.Fit(Values(8, 3, 5, 5), Values(8, 2), epochs: 2, batchSize: 4, verbose: Verbosity.Silent, callbacks: [pruning]);
        Assert.AreEqual(0.5, Sparsity.Of(model).Share, 0.05);
        Assert.IsTrue(model.ExportOnnx(folder.File("sparse.onnx")).Passed);
    }

    [TestMethod]
    public void A_transposed_convolution_with_a_bias_resumes_from_a_file()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(HandmadeModels.Put(folder, HandmadeModels.Model(new GraphProto
        {
            Input = { HandmadeModels.Value("x", DataType.Float, "n", 2, 3, 3) },
            Output = { HandmadeModels.Value("y", DataType.Float, "n", 3, 6, 6) },
            Initializer = { HandmadeModels.Floats("w", [2, 3, 2, 2], Values(2, 3, 2, 2).ToArray()), HandmadeModels.Floats("b", [3], 1, 2, 3) },
            Node = { HandmadeModels.Node("ConvTranspose", ["x", "w", "b"], ["y"], HandmadeModels.Ints("strides", 2, 2)) },
        })));
        var (x, y) = (Values(8, 2, 3, 3), Values(8, 3, 6, 6));
        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError, seed: 9);
        trainer.Fit(x, y, epochs: 1, batchSize: 4, verbose: Verbosity.Silent);
        trainer.Save(folder.File("run.onnx"));
        var resumed = Trainer.Load(folder.File("run.onnx"));
        foreach (var each in new[] { trainer, resumed }) each.Fit(x, y, epochs: 2, batchSize: 4, verbose: Verbosity.Silent);
        CollectionAssert.AreEqual(trainer.Model.Predict(x).ToArray(), resumed.Model.Predict(x).ToArray());
    }

    /// <summary>A depthwise convolution, another, and a Dense layer.</summary>
    private static ModelProto Convolutions() => HandmadeModels.Model(new GraphProto
    {
        Input = { HandmadeModels.Value("x", DataType.Float, "n", 3, 5, 5) },
        Output = { HandmadeModels.Value("y", DataType.Float, "n", 2) },
        Initializer =
        {
            HandmadeModels.Floats("w1", [3, 1, 3, 3], Values(3, 1, 3, 3).ToArray()),
            HandmadeModels.Floats("w2", [4, 3, 1, 1], Values(4, 3, 1, 1).ToArray()),
            HandmadeModels.Floats("w3", [36, 2], Values(36, 2).ToArray()),
        },
        Node =
        {
            HandmadeModels.Node("Conv", ["x", "w1"], ["a"], Attributes.Int("group", 3)),
            HandmadeModels.Node("Conv", ["a", "w2"], ["b"]),
            HandmadeModels.Node("Flatten", ["b"], ["c"]),
            HandmadeModels.Node("MatMul", ["c", "w3"], ["y"]),
        },
    });

    private static Model Network(double momentum = 0.99)
    {
        var x = Model.Input([2, 9, 9], name: "image");
        var features = x.Apply(
            new Conv2D(8, 3, padding: Padding.Same, dataFormat: DataFormat.ChannelsFirst, name: "first"),
            new BatchNormalization(axis: 1, momentum: momentum, name: "norm"),
            new Relu(name: "relu"),
            new MaxPooling2D(2, dataFormat: DataFormat.ChannelsFirst, name: "pool"),
            new Conv2D(6, 3, dataFormat: DataFormat.ChannelsFirst, name: "second"),
            new GlobalAveragePooling2D(dataFormat: DataFormat.ChannelsFirst, name: "mean"));
        return new Model(x, new Dense(3, Activation.Softmax, name: "class").Call(features), seed: 4);
    }

    private static Model Opened(TemporaryFolder folder)
    {
        var path = folder.File("foreign.onnx");
        Network().ExportOnnx(path, new ExportOptions { Verify = false });
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        proto.MetadataProps.Clear();
        proto.ProducerName = "another";
        File.WriteAllBytes(path, proto.ToByteArray());
        return OnnxFile.LoadModel(path);
    }

    private static Trainer Compile(Model model, MixedPrecision precision = MixedPrecision.Float32) =>
        model.Compile(new Adam(0.01), Loss.SparseCategoricalCrossentropy, seed: 9, precision: precision);

    private static string Trained(Model model) => string.Join(", ", model.TrainableWeights.Select(weight => weight.Name).Order(StringComparer.Ordinal));

    private static void Fit(Trainer trainer, int epochs) => trainer.Fit(s_images, s_classes, epochs: epochs, batchSize: 4, verbose: Verbosity.Silent);

    private static NDArray Values(params int[] dims)
    {
        var shape = Shape.Of(dims);
        return NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(1 + (i * 1.3f)))], shape);
    }
}
