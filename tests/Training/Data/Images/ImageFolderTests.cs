using System.Buffers.Binary;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class ImageFolderTests
{
    private static string Samples { get; } = Repository.PathOf("tests", "Reference", "images");

    [TestMethod]
    public void Images_are_read_by_their_paths_as_those_of_a_folder_are()
    {
        using var folder = new TemporaryFolder();
        string[] names = ["rgb.png", "gray.png"];
        foreach (var name in names) Put(folder, "only", name, File.ReadAllBytes(Path.Combine(Samples, name)));
        var expected = ImageFolder.Open(folder.Path, height: 5, width: 7, shuffle: false).Training.Single().X[0];
        var read = ImageFolder.ReadImages([Path.Combine(Samples, "gray.png"), Path.Combine(Samples, "rgb.png")], height: 5, width: 7);
        Assert.AreEqual(Shape.Of(2, 5, 7, 3), read.Shape);
        CollectionAssert.AreEqual(Floats(expected), Floats(read));
        Assert.AreEqual(Shape.Of(1, 2, 3, 1), ImageFolder.ReadImages([Path.Combine(Samples, "rgb.png")], 2, 3, ColorMode.Grayscale).Shape);
        StringAssert.Contains(Assert.Throws<ModelException>(() => ImageFolder.ReadImages([])).Message, "no files");
        StringAssert.Contains(Assert.Throws<ModelException>(() => ImageFolder.ReadImages(["a.png"], height: 0)).Message, "height 0");
        StringAssert.Contains(Assert.Throws<DataException>(() => ImageFolder.ReadImages([folder.File("none.png")])).Message, "none.png");
    }

    [TestMethod]
    public void Resizing_is_that_of_the_Resizing_layer()
    {
        using var folder = new TemporaryFolder();
        Put(folder, "only", "rgb.png", File.ReadAllBytes(Path.Combine(Samples, "rgb.png")));
        var whole = ImageFolder.Open(folder.Path, height: 9, width: 13).Training.Single().X;
        var input = Model.Input([9, 13, 3]);
        foreach (var (height, width, interpolation, crop) in new[]
        {
            (5, 7, Interpolation.Bilinear, false),
            (20, 31, Interpolation.Bilinear, false),
            (4, 4, Interpolation.Nearest, false),
            (11, 5, Interpolation.Bicubic, false),
            (8, 8, Interpolation.Bilinear, true),
            (3, 17, Interpolation.Bilinear, true),
        })
        {
            var model = new Model(input, new Resizing(height, width, interpolation, cropToAspectRatio: crop).Call(input));
            var expected = model.Predict(whole).ToArray();
            var actual = Floats(ImageFolder.Open(folder.Path, height, width, interpolation: interpolation, cropToAspectRatio: crop).Training.Single().X[0]);
            for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-3, $"{height} x {width} {interpolation} {crop}, element {i}");
        }
    }

    [TestMethod]
    public void Classes_are_folders_in_order_and_become_targets()
    {
        using var folder = Colored("zebra", 3, "ant", 2);
        Directory.CreateDirectory(folder.File(".hidden"));
        File.WriteAllText(folder.File("ant/notes.txt"), "no image");
        var images = ImageFolder.Open(folder.Path, 2, 2, shuffle: false, batchSize: 4);
        CollectionAssert.AreEqual(new[] { "ant", "zebra" }, images.ClassNames.ToArray());
        Assert.AreEqual(5, images.TrainingCount);
        var batches = images.Training.ToList();
        CollectionAssert.AreEqual(new[] { 4, 1 }, batches.Select(batch => batch.X[0].Count).ToArray());
        CollectionAssert.AreEqual(new float[] { 0, 0, 1, 1, 1 }, batches.SelectMany(batch => Floats(batch.Y[0])).ToArray());
        Assert.AreEqual(DType.Int64, batches[0].Y[0].DType);

        // The red of an image is its number within the class: two ants, then three zebras.
        CollectionAssert.AreEqual(new float[] { 0, 1, 0, 1, 2 }, batches.SelectMany(Reds).ToArray());
        var swapped = ImageFolder.Open(folder.Path, 2, 2, LabelMode.Categorical, shuffle: false, classNames: ["zebra", "ant"]).Training.Single();
        CollectionAssert.AreEqual(new float[] { 1, 0, 1, 0, 1, 0, 0, 1, 0, 1 }, Floats(swapped.Y[0]));
        var binary = ImageFolder.Open(folder.Path, 2, 2, LabelMode.Binary, ColorMode.Grayscale, shuffle: false).Training.Single();
        Assert.AreEqual(Shape.Of(5, 1), binary.Y[0].Shape);
        Assert.AreEqual(Shape.Of(5, 2, 2, 1), binary.X[0].Shape);
        Assert.AreEqual(4, ImageFolder.Open(folder.Path, 2, 2, colorMode: ColorMode.Rgba).Training.First().X[0].Shape[^1]);
    }

    [TestMethod]
    public void The_order_is_a_function_of_seed_and_epoch_and_held_out_images_stay_apart()
    {
        using var folder = Colored("a", 20, "b", 20);
        ImageFolder Open(ulong seed) => ImageFolder.Open(folder.Path, 1, 1, batchSize: 7, seed: seed, validationSplit: 0.25f);
        static float[] Seen(Dataset<Batch> data, int epoch) => [.. data.Epoch(epoch)
            .SelectMany(batch => Reds(batch).Zip(Floats(batch.Y[0]), (red, label) => red + (100 * label)))];
        var images = Open(1);
        Assert.AreEqual((30, 10), (images.TrainingCount, images.ValidationCount));
        CollectionAssert.AreEqual(Seen(images.Training, 3), Seen(Open(1).Training, 3));
        CollectionAssert.AreNotEqual(Seen(images.Training, 3), Seen(images.Training, 4));
        CollectionAssert.AreNotEqual(Seen(images.Training, 3), Seen(Open(2).Training, 3));
        CollectionAssert.AreEquivalent(Seen(images.Training, 3), Seen(images.Training, 4));
        CollectionAssert.AreEqual(Seen(images.Validation, 0), Seen(images.Validation, 1));
        float[] all = [.. Seen(images.Training, 0), .. Seen(images.Validation, 0)];
        Assert.HasCount(40, all.Distinct());
        Assert.IsTrue(
            Seen(images.Validation, 0).Any(value => value < 100) && Seen(images.Validation, 0).Any(value => value >= 100),
            "both classes are held out");
    }

    [TestMethod]
    public void A_model_learns_from_a_folder()
    {
        using var folder = Colored("dark", 24, "light", 24, light: 200);
        var images = ImageFolder.Open(folder.Path, 4, 4, LabelMode.Binary, batchSize: 8, validationSplit: 0.25f);
        var input = Model.Input([4, 4, 3]);
        var model = new Model(input, input.Apply(new Rescaling(1.0 / 255), new Flatten(), new Dense(1, Activation.Sigmoid)));
        var history = model.Compile(new Adam(0.05), Loss.BinaryCrossentropy, metrics: [Metric.BinaryAccuracy])
            .Fit(images.Training, epochs: 20, validationData: images.Validation, verbose: Verbosity.Silent);
        Assert.AreEqual(1.0, history["val_binary_accuracy"][^1]);
    }

    [TestMethod]
    public void A_folder_without_images_gives_a_sentence()
    {
        using var folder = new TemporaryFolder();
        Refused("does not exist", () => ImageFolder.Open(folder.File("nowhere")));
        Refused("has no subfolders", () => ImageFolder.Open(folder.Path));
        Directory.CreateDirectory(folder.File("a"));
        Refused("hold no images", () => ImageFolder.Open(folder.Path));
        Put(folder, "a", "0.png", PngBytes.Of(1, 1, [1, 2, 3]));
        Refused("no folder for class 'b'", () => ImageFolder.Open(folder.Path, classNames: ["b"]));
        Refused("needs two classes", () => ImageFolder.Open(folder.Path, labelMode: LabelMode.Binary));
        Assert.Throws<ModelException>(() => ImageFolder.Open(folder.Path, height: 0));
        Assert.Throws<ModelException>(() => ImageFolder.Open(folder.Path, validationSplit: 1));
        Assert.Throws<ModelException>(() => ImageFolder.Open(folder.Path, validationSplit: 0.5f));
        Put(folder, "a", "moving.gif", [1]);
        Refused("is not supported", () => ImageFolder.Open(folder.Path));

        void Refused(string expected, Action open) => Assert.Contains(expected, Assert.Throws<DataException>(open).Message);
    }

    [TestMethod]
    public void A_damaged_or_hostile_file_gives_a_sentence_that_names_it()
    {
        var large = PngBytes.Of(1, 1, [1, 2, 3]);
        BinaryPrimitives.WriteInt32BigEndian(large.AsSpan(16), 12_000);
        BinaryPrimitives.WriteInt32BigEndian(large.AsSpan(20), 12_000);
        var jpeg = File.ReadAllBytes(Path.Combine(Samples, "baseline.jpg"));
        Refused("is not a PNG or JPEG image", [1, 2, 3]);
        Refused("is not a PNG or JPEG image", []);
        Refused("12000 x 12000 pixels", PngBytes.Mended(large));
        Refused("holds more", PngBytes.Of(1, 1, new byte[1 << 20]));
        Refused("holds", PngBytes.Of(2, 2, [1, 2, 3]));
        Refused("damaged", PngBytes.Of(1, 1, [1, 2, 3])[..40]);
        for (var length = 3; length < jpeg.Length - 60; length += 41) Refused("damaged", jpeg[..length]);

        static void Refused(string expected, byte[] bytes)
        {
            using var folder = new TemporaryFolder();
            Put(folder, "a", "bad.jpg", bytes);
            var message = Assert.Throws<DataException>(() => ImageFolder.Open(folder.Path, 4, 4).Training.ToList()).Message;
            Assert.Contains(expected, message);
            Assert.Contains("bad.jpg", message);
        }
    }

    [TestMethod]
    public void Changed_bytes_never_end_the_process()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(5);
        foreach (var name in new[] { "rgb.png", "palette.png", "interlaced.png", "baseline.jpg", "progressive.jpg" })
        {
            var whole = File.ReadAllBytes(Path.Combine(Samples, name));
            for (var i = 0; i < 100; i++)
            {
                var bytes = (byte[])whole.Clone();
                for (var k = random.Next(4); k >= 0; k--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                Put(folder, "a", "0", random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
                File.Move(folder.File("a/0"), folder.File("a/0.png"), overwrite: true);
                try
                {
                    Assert.HasCount(48, Floats(ImageFolder.Open(folder.Path, 4, 4, maxPixels: 10_000).Training.Single().X[0]));
                }
                catch (DataException refused)
                {
                    Assert.Contains("0.png", refused.Message);
                }
            }
        }
    }

    [TestMethod]
    public void The_first_damaged_file_is_named_whatever_the_threads_do()
    {
        using var folder = Colored("a", 40, "b", 1);
        foreach (var number in new[] { 13, 14, 30 }) File.WriteAllBytes(folder.File($"a/{number}.png"), [1, 2, 3]);
        var files = Directory.GetFiles(folder.File("a")).Order(StringComparer.Ordinal).ToArray();
        var images = ImageFolder.Open(folder.Path, 2, 2, batchSize: 20, shuffle: false);
        for (var i = 0; i < 20; i++)
        {
            Assert.Contains("13.png", Assert.Throws<DataException>(() => ImageFolder.ReadImages(files, 2, 2)).Message);
            Assert.Contains("13.png", Assert.Throws<DataException>(() => images.Training.ToList()).Message);
        }
    }

    [TestMethod]
    public void A_process_of_several_reads_its_part_of_each_batch_only()
    {
        using var folder = Colored("a", 8, "b", 1);
        File.WriteAllBytes(folder.File("a/01.png"), [1, 2, 3]);
        var images = ImageFolder.Open(folder.Path, 2, 2, batchSize: 8, shuffle: false);
        Assert.Throws<DataException>(() => images.Training.Elements(0, new(0, 2, 2)).ToList());
        var part = images.Training.Elements(0, new(1, 2, 2)).First();
        Assert.AreEqual((4, 8), part.PartOf);
        CollectionAssert.AreEqual(new float[] { 4, 5, 6, 7 }, Reds(part).ToArray());
    }

    [TestMethod]
    public void Memory_of_used_batches_is_used_again_but_never_that_of_batches_someone_holds()
    {
        using var folder = Colored("a", 23, "b", 18, 90);
        var data = ImageFolder.Open(folder.Path, 2, 2, LabelMode.Binary, batchSize: 4).Training.Augment(new RandomBrightness(0.3));
        var held = data.Epoch(1).ToList();
        var copies = held.Select(batch => Floats(batch.X[0])).ToList();
        var kept = data.Cache();
        CollectionAssert.AreEqual(Trained(Dataset.From(epoch => data.Epoch(epoch).ToList())), Trained(data));
        for (var i = 0; i < held.Count; i++) CollectionAssert.AreEqual(copies[i], Floats(held[i].X[0]));

        var first = Trained(kept);
        CollectionAssert.AreEqual(first, Trained(kept));

        static float[] Trained(Dataset<Batch> batches)
        {
            var input = Model.Input([2, 2, 3]);
            var model = new Model(input, input.Apply(new Flatten(), new Dense(1, Activation.Sigmoid)), seed: 1);
            model.Compile(new Adam(0.01), Loss.BinaryCrossentropy).Fit(batches, epochs: 3, verbose: 0);
            return model.Predict(new float[1, 2, 2, 3]).ToArray();
        }
    }

    private static TemporaryFolder Colored(string first, int firstCount, string second, int secondCount, byte light = 0)
    {
        var folder = new TemporaryFolder();
        foreach (var (name, count, blue) in new[] { (first, firstCount, (byte)0), (second, secondCount, light) })
        {
            for (var i = 0; i < count; i++)
                Put(
                    folder,
                    name,
                    i.ToString("00", System.Globalization.CultureInfo.InvariantCulture) + ".png",
                    PngBytes.Of(2, 2, [.. Enumerable.Repeat(new[] { (byte)i, (byte)0, blue }, 4).SelectMany(pixel => pixel)]));
        }

        return folder;
    }

    private static void Put(TemporaryFolder folder, string name, string file, byte[] bytes)
    {
        Directory.CreateDirectory(folder.File(name));
        File.WriteAllBytes(Path.Combine(folder.File(name), file), bytes);
    }

    private static float[] Floats(NDArray array) => array.ToTensor().ToArray();

    private static IEnumerable<float> Reds(Batch batch) =>
        Floats(batch.X[0]).Chunk((int)(batch.X[0].Shape.ElementCount / batch.X[0].Count)).Select(image => image[0]);
}
